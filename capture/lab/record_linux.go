package lab

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

const (
	// settle is how long the taps go on after the last step: a delayed ACK needs 40 ms.
	settle = 80 * time.Millisecond
	// longest bounds a scenario.
	longest = 90 * time.Second
)

// Record runs a scenario on the network number n; numbers of scenarios that run
// at the same time must differ.
func (l *Lab) Record(sc *Scenario, n int) (_ *Recording, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", sc.Name, err)
		}
	}()
	entries := 256
	if sc.Large {
		entries = 1 << 14
	}
	net, err := wire.New(sc.shape(), n, sc.V6, sc.Offload, entries)
	if err != nil {
		return nil, err
	}
	defer net.Close()
	stage, err := l.stage(sc, net)
	if err != nil {
		return nil, err
	}
	defer stage.closeAll()
	var pollers []*poller
	start := time.Now()
	for _, ns := range net.Namespaces() {
		if ns == net.Router {
			continue
		}
		p, err := poll(ns)
		if err != nil {
			return nil, err
		}
		defer p.close()
		pollers = append(pollers, p)
	}
	if err := stage.play(sc); err != nil {
		return nil, errors.Join(err, stage.endTaps())
	}
	if err := stage.endTaps(); err != nil {
		return nil, err
	}
	end := time.Now()
	var seen []*sighting
	for _, p := range pollers {
		s, err := p.close()
		if err != nil {
			return nil, err
		}
		seen = append(seen, s...)
	}
	return l.recording(sc, stage, seen, start, end)
}

// stage prepares hosts, relays and taps.
func (l *Lab) stage(sc *Scenario, net *wire.Network) (*Stage, error) {
	s := &Stage{net: net, fds: map[int]bool{}}
	s.Client = &Host{stage: s, IP: net.ClientIP, Namespace: net.Client}
	s.Server = &Host{stage: s, IP: net.ServerIP, Namespace: net.Server}
	hosts := map[*Host]string{s.Client: "input"}
	if net.Server != net.Client {
		hosts[s.Server] = "input"
	}
	if sc.shape() == wire.Routed {
		s.Router = &Host{stage: s, Namespace: net.Router}
		hosts[s.Router] = "forward"
	}
	for h, hook := range hosts {
		if err := h.prepareChain(hook); err != nil {
			return nil, err
		}
	}
	switch sc.shape() {
	case wire.Relayed:
		if err := net.Relay(wire.RouterA, wire.RouterB, 0, sc.Relay); err != nil {
			return nil, err
		}
	case wire.Trunk:
		if err := errors.Join(net.Relay(wire.RouterA, wire.TrunkA, sc.Tag, nil), net.Relay(wire.RouterB, wire.TrunkB, sc.Tag, nil)); err != nil {
			return nil, err
		}
	}
	s.tap = func() error { return s.startTaps(sc) }
	return s, nil
}

// taps are the scenario's, one at the client unless it says otherwise.
func (sc *Scenario) taps() []TapSpec {
	if sc.Taps == nil {
		return []TapSpec{{}}
	}
	return sc.Taps
}

func (s *Stage) startTaps(sc *Scenario) error {
	for _, t := range sc.taps() {
		ns, device := s.net.Client, wire.ClientIf
		switch t.Where {
		case AtServer:
			ns, device = s.net.Server, wire.ServerIf
		case AtTrunk:
			ns, device = s.net.Router, wire.TrunkB
		case AtLoopback:
			device = "lo"
		case AnyClient:
			device = ""
		case AnyRouter:
			ns, device = s.net.Router, ""
		}
		link, snaplen := t.Link, t.Snaplen
		if link == 0 {
			link = wire.Ethernet
		}
		if snaplen == 0 {
			snaplen = 262144
		}
		r, err := wire.Record(ns, device, link, snaplen, t.filter(link))
		if err != nil {
			return err
		}
		s.taps = append(s.taps, r)
	}
	return nil
}

// filter keeps what the tap is to hold; nil is everything. At the client, what
// goes out is the originator's.
func (t *TapSpec) filter(link uint32) func(uint8, []byte) bool {
	outgoing := (t.OneWay == "orig") == (t.Where != AtServer)
	switch n := 0; {
	case t.OneWay != "":
		return func(kind uint8, _ []byte) bool { return (kind == unix.PACKET_OUTGOING) == outgoing }
	case t.Lose > 0:
		return func(_ uint8, b []byte) bool {
			if seg, ok := wire.ParseFrame(link, wire.Frame{Data: b}); ok && seg.Length > 0 {
				n++
			} else {
				return true
			}
			return n%t.Lose != 0
		}
	}
	return nil
}

// play does the steps in a goroutine of its own, which Fail may end.
func (s *Stage) play(sc *Scenario) error {
	if !sc.Late {
		if err := s.tap(); err != nil {
			return err
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		sc.Play.play(s)
	}()
	select {
	case <-done:
	case <-time.After(longest):
		s.closeAll()
		<-done
		return fmt.Errorf("the steps took longer than %v", longest)
	}
	time.Sleep(settle)
	return s.err
}

func (s *Stage) endTaps() error {
	var err error
	for _, r := range s.taps {
		err = errors.Join(err, r.Close())
	}
	return err
}

// recording puts captures and truth together.
func (l *Lab) recording(sc *Scenario, s *Stage, seen []*sighting, start, end time.Time) (*Recording, error) {
	var edges []edge
	var err error
	if l.tracer != nil {
		if edges, err = l.tracer.between(start.UnixNano(), end.UnixNano(), s.addresses()...); err != nil {
			return nil, err
		}
	}
	r := &Recording{large: sc.Large, Truth: &Truth{Name: sc.Name, Doc: sc.Doc, Tracing: l.tracer != nil, Forged: sc.Forged, Translated: sc.Translated,
		Start: start.UTC().Round(0), Length: end.Sub(start), Notes: s.notes}}
	var uname unix.Utsname
	if err := unix.Uname(&uname); err == nil {
		release, _, _ := strings.Cut(unix.ByteSliceToString(uname.Release[:]), "-")
		r.Truth.Kernel = "Linux " + release
	}
	var onWire []wire.Segment
	for i, spec := range sc.taps() {
		tap := s.taps[i]
		name := sc.Name + spec.Suffix + ".pcap"
		r.Captures = append(r.Captures, Capture{name, wire.PcapFile(tap.Link, uint32(tap.Snaplen), tap.Frames)})
		r.Truth.Taps = append(r.Truth.Taps, Tap{File: name, Where: spec.words(), Start: tap.Started.Sub(start),
			Packets: len(tap.Frames), Deaf: sc.Deaf, OneWay: spec.OneWay, Unseen: spec.Unseen})
		onWire = append(onWire, tap.Segments()...)
	}
	r.Truth.Counts = l.counts(s.counts, start)
	if r.Truth.Counters, err = s.counters(); err != nil {
		return nil, err
	}
	r.Truth.Conns = combine(edges, seen, onWire, start.UnixNano(), end.UnixNano())
	return r, nil
}

// words say what a tap captures.
func (t *TapSpec) words() string {
	w := whereWords[t.Where]
	switch t.Link {
	case wire.SLL:
		w += ", LINUX_SLL"
	case wire.SLL2:
		w += ", LINUX_SLL2"
	}
	if t.Lose != 0 {
		w += fmt.Sprintf(", every packet with data that is a multiple of %d not captured", t.Lose)
	}
	if t.Snaplen != 0 {
		w += fmt.Sprintf(", snaplen %d", t.Snaplen)
	}
	switch t.OneWay {
	case "orig":
		w += ", only what the client sent"
	case "resp":
		w += ", only what the server sent"
	}
	return w
}
