package main

import (
	"errors"
	"io"
	"sync/atomic"
	"time"

	"tcpwatch/capture"
)

// pipeWait is how long Next of a piped source waits for a packet.
const pipeWait = 100 * time.Millisecond

// piped reads a source that may be quiet for long, such as tcpdump at the other
// end of ssh, apart from who takes its packets: meanwhile signals are heard, and
// what came so far is told. Data of the source's packets must be kept.
type piped struct {
	source  capture.Source
	ready   chan readPacket
	timer   *time.Timer
	started bool
	ended   atomic.Bool // nothing reads the source any more
}

// readPacket is what one Next of the source gave.
type readPacket struct {
	packet capture.Packet
	err    error
}

func newPiped(s capture.Source) *piped {
	return &piped{source: s, ready: make(chan readPacket, batchPackets), timer: time.NewTimer(pipeWait)}
}

// read hands on packets until the source has no more.
func (p *piped) read() {
	defer close(p.ready)
	defer p.ended.Store(true)
	for {
		var r readPacket
		r.err = p.source.Next(&r.packet)
		p.ready <- r
		var d *capture.Damage
		if r.err != nil && !errors.As(r.err, &d) {
			return
		}
	}
}

// Next is capture.ErrTimeout when no packet came for a while; see capture.Source.
func (p *piped) Next(to *capture.Packet) error {
	if !p.started {
		p.started = true
		go p.read()
	}
	select {
	case r, ok := <-p.ready:
		return r.give(to, ok)
	default:
	}
	p.timer.Reset(pipeWait)
	select {
	case r, ok := <-p.ready:
		return r.give(to, ok)
	case <-p.timer.C:
		return capture.ErrTimeout
	}
}

func (r *readPacket) give(to *capture.Packet, ok bool) error {
	if !ok {
		return io.EOF
	}
	if r.err == nil {
		*to = r.packet
	}
	return r.err
}

// Close ends the source; see capture.Source. One that still waits for its next
// packet is left to the end of the program.
func (p *piped) Close() error {
	if p.started && !p.ended.Load() {
		return nil
	}
	return p.source.Close()
}
