package tcpwatch

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
	blocks  *capture.Blocks // that its packets lie in
	left    [][]byte        // blocks that no packet lies in that is still to come from Next
	ready   chan readPacket
	waiting atomic.Int64  // bytes of the packets in ready
	taken   chan struct{} // a packet was, and they may be few enough now
	timer   *time.Timer
	started bool
	ended   atomic.Bool // nothing reads the source any more
}

// readPacket is what one Next of the source gave.
type readPacket struct {
	packet capture.Packet
	left   [][]byte // blocks that packets before it lie in, and none after it
	err    error
}

func newPiped(s capture.Source, b *capture.Blocks) *piped {
	return &piped{source: s, blocks: b, ready: make(chan readPacket, batchPackets), taken: make(chan struct{}, 1), timer: time.NewTimer(pipeWait)}
}

// read hands on packets until the source has no more.
func (p *piped) read() {
	defer close(p.ready)
	defer p.ended.Store(true)
	for {
		var r readPacket
		r.err = p.source.Next(&r.packet)
		r.left = p.blocks.Left()
		p.ready <- r
		for p.waiting.Add(int64(len(r.packet.Data))); p.waiting.Load() > keptBytes; {
			<-p.taken
		}
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
		return p.give(&r, to, ok)
	default:
	}
	p.timer.Reset(pipeWait)
	select {
	case r, ok := <-p.ready:
		return p.give(&r, to, ok)
	case <-p.timer.C:
		return capture.ErrTimeout
	}
}

// give hands on what read has sent.
func (p *piped) give(r *readPacket, to *capture.Packet, ok bool) error {
	if !ok {
		return io.EOF
	}
	if p.waiting.Add(-int64(len(r.packet.Data))) <= keptBytes {
		select {
		case p.taken <- struct{}{}:
		default:
		}
	}
	p.left = append(p.left, r.left...)
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
