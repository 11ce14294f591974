package lab_test

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tcpwatch/capture"
	"tcpwatch/capture/lab"
	"tcpwatch/tracker"
	"tcpwatch/tracker/record"
)

// recorded is where recordings are kept.
const recorded = "../../testdata/pcaps"

// story is what tcpwatch tells of one connection: the states that each end
// entered, edges that were taken back left out.
type story struct {
	id    uint64
	addr  [2]netip.AddrPort // by tracker.End
	paths [2][]record.Transition
	ends  [2]record.EndRecord
	open  record.OpenRecord
}

// stories collects the records of a run.
type stories struct{ all []story }

func (s *stories) Conn(r *record.Record) {
	st := story{id: r.ID, ends: r.Ends, open: r.Open}
	for i, e := range [...]capture.Endpoint{r.Orig, r.Resp} {
		st.addr[i] = netip.AddrPortFrom(e.Addr.Netip(), e.Port)
	}
	for _, t := range r.Transitions {
		path := &st.paths[t.End]
		if t.Basis != record.Retracted {
			*path = append(*path, t)
		} else if n := len(*path); n > 0 {
			*path = (*path)[:n-1]
		}
	}
	s.all = append(s.all, st)
}

func (s *stories) Event(*record.Event) {}
func (s *stories) Step(*record.Step)   {}

// watch reads a capture file and returns what is told of its connections.
func watch(file string) ([]story, error) {
	var told stories
	if err := observe(file, tracker.Options{}, &told); err != nil {
		return nil, err
	}
	slices.SortFunc(told.all, func(a, b story) int { return int(a.id) - int(b.id) })
	return told.all, nil
}

// observe reads a capture file the way the command does.
func observe(file string, o tracker.Options, sink record.Sink) error {
	f, err := capture.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	d := capture.NewDecoder(capture.DecoderOptions{})
	o.Verify = d.VerifyChecksum
	t := tracker.New(o, sink)
	var p capture.Packet
	for n := uint64(1); ; n++ {
		if err := f.Next(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		switch d.Decode(&p) {
		case capture.OutcomeSegment:
			t.Observe(&d.Segment)
		case capture.OutcomeQuote:
			t.Quoted(&d.Quote)
		}
		if n%4096 == 0 {
			t.Tick(p.Time)
		}
	}
	t.Finish()
	return nil
}

// kernelPath is what the kernel says an end went through while the tap was
// there: the state it was in when the tap began, then those it entered.
func kernelPath(states []lab.StateAt, tap *lab.Tap) []lab.StateAt {
	for len(states) > 1 && states[1].At < tap.Start {
		states = states[1:]
	}
	return states
}

// view is how one end's path is compared on one tap.
type view struct {
	deaf   bool // nothing reached the end any more when the scenario ended
	unseen bool // the tap has no segment of the end's last edge
	oneWay bool // the tap has one direction only
}

// samePath compares the states that one end went through.
//
//   - CLOSED and LISTEN before the first state are no states of a connection.
//   - The kernel's last CLOSED, when silent or unseen on this tap, may be told or not.
//   - Of a deaf end, what tcpwatch expects beyond what the kernel says is no
//     error: no capture can tell that nothing arrived.
//   - With one direction the opening must be told; whether the byte that an ACK
//     covers was data or a FIN is not to be known, so what follows may be
//     missing, and only what is told as seen must be true.
func samePath(kernel []lab.StateAt, told []record.Transition, v view) bool {
	for len(told) > 0 && (told[0].To == record.Closed || told[0].To == record.Listen) {
		told = told[1:]
	}
	if n := len(kernel); n > 0 && kernel[n-1].State == "CLOSED" && (kernel[n-1].Silent || v.unseen) &&
		samePath(kernel[:n-1], told, view{deaf: v.deaf, oneWay: v.oneWay}) {
		return true
	}
	for i, k := range kernel {
		if v.oneWay && i > 0 && kernel[i-1].State == "ESTABLISHED" {
			return seenAmong(told[i:], kernel[i:])
		}
		if i >= len(told) || told[i].To.String() != k.State {
			return false
		}
	}
	for _, t := range told[len(kernel):] {
		if !v.deaf || t.Basis != record.Expected {
			return false
		}
	}
	return true
}

// seenAmong reports whether what is told as seen is part of what the kernel
// says, in its order.
func seenAmong(told []record.Transition, kernel []lab.StateAt) bool {
	for _, t := range told {
		if t.Basis != record.Seen {
			continue
		}
		i := slices.IndexFunc(kernel, func(k lab.StateAt) bool { return k.State == t.To.String() })
		if i < 0 {
			return false
		}
		kernel = kernel[i+1:]
	}
	return true
}

// toldPath is a path for people.
func toldPath(path []record.Transition, start time.Time) string {
	var words []string
	for _, t := range path {
		w := fmt.Sprintf("%s %.3f", t.To, float64(t.Time-start.UnixNano())/1e9)
		if t.Basis != record.Seen {
			w += " " + t.Basis.String()
		}
		words = append(words, w)
	}
	return strings.Join(words, ", ")
}

// compare holds what tcpwatch tells of a capture against the truth. It returns
// both side by side for each connection that differs.
func compare(truth *lab.Truth, tap *lab.Tap, file string) ([]string, error) {
	told, err := watch(file)
	if err != nil {
		return nil, err
	}
	var differ []string
	for _, c := range truth.Conns {
		kernel := [2][]lab.StateAt{kernelPath(c.Orig, tap), kernelPath(c.Resp, tap)}
		i := slices.IndexFunc(told, func(s story) bool {
			return s.addr == [2]netip.AddrPort{c.OrigAddr, c.RespAddr} || s.addr == [2]netip.AddrPort{c.RespAddr, c.OrigAddr}
		})
		if i < 0 {
			if over(kernel[0], tap) && over(kernel[1], tap) {
				continue // it was over before the tap began
			}
			if truth.Translated {
				continue // this end's addresses are not to be seen here
			}
			differ = append(differ, fmt.Sprintf("%v -> %v: not told", c.OrigAddr, c.RespAddr))
			continue
		}
		s := told[i]
		told = slices.Delete(told, i, i+1)
		if truth.Translated && (len(c.Orig) == 0 || len(c.Resp) == 0) {
			continue // the other end has it under other addresses
		}
		if truth.Forged && (len(c.Orig) == 0 || len(c.Resp) == 0) {
			continue // the forged SYN was answered: its opener is nobody's socket
		}
		orig := 0
		if s.addr[0] != c.OrigAddr {
			orig = 1
		}
		paths := [2][]record.Transition{s.paths[orig], s.paths[1-orig]}
		if samePath(kernel[0], paths[0], viewOf(tap, "orig")) && samePath(kernel[1], paths[1], viewOf(tap, "resp")) {
			continue
		}
		differ = append(differ, fmt.Sprintf("%v -> %v\n  orig kernel    %s\n       tcpwatch  %s\n  resp kernel    %s\n       tcpwatch  %s",
			c.OrigAddr, c.RespAddr, lab.Path(kernel[0]), toldPath(paths[0], truth.Start), lab.Path(kernel[1]), toldPath(paths[1], truth.Start)))
	}
	for _, s := range told {
		if truth.Translated {
			continue // on its way, or what failed to be translated
		}
		if truth.Forged && !everOpen(&s) {
			continue // the forged SYN: an attempt that came to nothing, as far as anyone can see
		}
		differ = append(differ, fmt.Sprintf("%v -> %v: told, but the kernel had no such connection\n  orig %s\n  resp %s",
			s.addr[0], s.addr[1], toldPath(s.paths[0], truth.Start), toldPath(s.paths[1], truth.Start)))
	}
	return differ, nil
}

// everOpen tells that the originator was in ESTABLISHED.
func everOpen(s *story) bool {
	return slices.ContainsFunc(s.paths[0], func(t record.Transition) bool { return t.To == record.Established && t.Basis == record.Seen })
}

func viewOf(tap *lab.Tap, end string) view {
	return view{deaf: tap.Deaf == end, unseen: tap.Unseen == end, oneWay: tap.OneWay != ""}
}

// over reports whether nothing happened to an end after the tap began.
func over(states []lab.StateAt, tap *lab.Tap) bool {
	return len(states) == 0 || len(states) == 1 && states[0].At < tap.Start
}

// verdict is what a comparison with the kernel came to.
type verdict struct {
	problems []string
	text     string // the figures compared
	skip     string // why there was nothing to compare
}

func (v *verdict) problem(format string, args ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
}

func (v *verdict) report(t *testing.T) {
	t.Helper()
	if v.skip != "" {
		t.Skip(v.skip)
	}
	for _, p := range v.problems {
		t.Error(p)
	}
	if v.text != "" {
		t.Log(v.text)
	}
}

// check compares every tap of a truth with the files in dir.
func check(truth *lab.Truth, dir string) (v verdict) {
	if !truth.Tracing {
		v.skip = "no tracepoint where this was recorded: the truth lacks edges"
		return v
	}
	for i := range truth.Taps {
		tap := &truth.Taps[i]
		differ, err := compare(truth, tap, filepath.Join(dir, tap.File))
		if err != nil {
			v.problem("%v", err)
		}
		const most = 5
		if len(differ) > most {
			differ = append(differ[:most], fmt.Sprintf("and %d more", len(differ)-most))
		}
		if len(differ) > 0 {
			v.problem("%s (%s) differs from the kernel:\n%s", tap.File, tap.Where, strings.Join(differ, "\n"))
		}
	}
	found := checkFindings(truth, dir)
	v.problems = append(v.problems, found.problems...)
	return v
}

// TestReplay compares the recorded captures, wherever the tests run.
func TestReplay(t *testing.T) {
	truths, err := lab.LoadTruths(recorded)
	if err != nil {
		t.Fatal(err)
	}
	if len(truths) == 0 {
		t.Fatal("nothing recorded")
	}
	for _, truth := range truths {
		t.Run(truth.Name, func(t *testing.T) {
			v := check(truth, recorded)
			v.report(t)
		})
	}
}
