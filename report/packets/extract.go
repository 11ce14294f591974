package packets

import (
	"fmt"
	"io"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// Extract is the Output of the packets of chosen connections, as a pcapng file, with what a
// ladder says of them as comments.
type Extract struct {
	record.Base
	marks    func(id uint64, orig, resp capture.Endpoint) bool
	on       func(p *capture.Packet) capture.Interface
	w        *capture.PcapngWriter
	comments *sentence.Comments
	waiting  fragments
	packet   uint64 // the number of the packet that was stepped last
	comment  string // of that packet
	conns    uint64
	begun    uint64 // the number of the last of them
	packets  uint64
}

// NewExtract returns an Extract, to w, of the connections that marks chooses; on tells of a
// packet the interface on which it was captured.
func NewExtract(w io.Writer, o sentence.Phrases, marks func(id uint64, orig, resp capture.Endpoint) bool,
	on func(p *capture.Packet) capture.Interface) (*Extract, error) {
	png, err := capture.NewPcapngWriter(w, "tcpwatch")
	return &Extract{w: png, marks: marks, on: on, comments: sentence.NewComments(o)}, err
}

// Needs is packets after their steps, and records; see record.Output.
func (x *Extract) Needs() record.Needs {
	return record.Needs{Conns: true, Steps: x.marks, Packets: true}
}

// Conn forgets a connection; see record.Output.
func (x *Extract) Conn(r *record.Record) error {
	x.comments.Conn(r)
	return nil
}

// Step takes what the tracker made of a packet; see record.Output.
func (x *Extract) Step(s *record.Step) error {
	comment := x.comments.Step(s)
	switch {
	case s.Segment != nil:
		x.take(s.Segment.Packet, comment)
		if s.Segment.Packet == s.Conn && x.begun != s.Conn { // a connection's number is that of its first packet
			x.conns, x.begun = x.conns+1, s.Conn
		}
	case s.Quote != nil:
		x.take(s.Quote.Packet, comment)
	}
	return nil
}

// take joins the comments of a packet that is about two connections, as a SYN
// that ends one and begins another is.
func (x *Extract) take(packet uint64, comment string) {
	if x.packet == packet && x.comment != "" {
		comment = strings.TrimSuffix(x.comment+"; "+comment, "; ")
	}
	x.packet, x.comment = packet, comment
}

// Packet writes a packet of a connection that was chosen, as its steps have shown; see
// record.Output.
func (x *Extract) Packet(p *capture.Packet, of record.Datagram) error {
	switch {
	case p == nil:
		return x.incomplete(of.Number)
	case of.Waits:
		x.waiting.hold(of.Number, p)
		return nil
	case x.packet != p.Number:
		x.waiting.drop(of.Number)
		return nil
	}
	if err := x.pieces(of.Number); err != nil {
		return err
	}
	return x.write(p, x.comment)
}

// incomplete writes what came of a datagram of which the end of the input left a part, when
// it is of a connection that was chosen: the steps before were of its last packet.
func (x *Extract) incomplete(datagram uint64) error {
	if !x.waiting.holds(datagram, x.packet) {
		return nil
	}
	return x.pieces(datagram)
}

// pieces writes the fragments before the one that completed a datagram, or all
// that came of one that the end of the input left incomplete.
func (x *Extract) pieces(datagram uint64) error {
	for _, p := range x.waiting.take(datagram) {
		comment := fmt.Sprintf("tcpwatch: fragment, put together with packet %d", x.packet)
		if x.packet == p.Number {
			comment = x.comment
		}
		if err := x.write(&p, comment); err != nil {
			return err
		}
	}
	return nil
}

func (x *Extract) write(p *capture.Packet, comment string) error {
	x.packets++
	return x.w.WritePacket(p, x.on(p), comment)
}

// Finish writes what is held back; see record.Output.
func (x *Extract) Finish() error { return x.w.Flush() }

// Told says what the file of that name holds. Of the connections that were to be in it, more
// are left out, of which at most of could be remembered.
func (x *Extract) Told(name string, more, of uint64) string {
	if x.packets == 0 {
		return fmt.Sprintf("%s: no packets, no connection is to be extracted", name)
	}
	line := fmt.Sprintf("%s: %s of %s", name, say.Plural(x.packets, "packet"), say.Plural(x.conns, "connection"))
	if more > 0 {
		line += fmt.Sprintf("; %s more are left out, only %s can be remembered", say.Thousands(more), say.Thousands(of))
	}
	if x.waiting.lost > 0 {
		line += fmt.Sprintf("; %s fragments may be missing, too many waited", say.Thousands(x.waiting.lost))
	}
	return line
}
