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
	name     string // of the file, for people
	found    Found
	on       func(p *capture.Packet) capture.Interface
	w        *capture.PcapngWriter
	begin    error // of the file's header
	comments *sentence.Comments
	waiting  fragments
	packet   uint64 // the number of the packet that was stepped last
	comment  string // of that packet
	conns    uint64
	begun    uint64 // the number of the last of them
	packets  uint64
}

// Found are the connections whose packets are extracted, as report.Found has them.
type Found interface {
	// Has reports whether a connection is one of them, by its number.
	Has(id uint64) bool
	// LeftOut is how many more there were, of which only most could be remembered.
	LeftOut() (more, most uint64)
}

// NewExtract returns an Extract, to w, which has that name, of the connections that were
// found; on tells of a packet the interface on which it was captured.
func NewExtract(w io.Writer, name string, o sentence.Phrases, found Found, on func(p *capture.Packet) capture.Interface) *Extract {
	png, err := capture.NewPcapngWriter(w, "tcpwatch")
	return &Extract{w: png, begin: err, name: name, found: found, on: on, comments: sentence.NewComments(o)}
}

// Needs is packets after their steps, and records; see record.Output.
func (x *Extract) Needs() record.Needs {
	marks := func(id uint64, _, _ capture.Endpoint) bool { return x.found.Has(id) }
	return record.Needs{Conns: true, Steps: marks, Packets: true}
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
	if x.begin != nil {
		return x.begin
	}
	x.packets++
	return x.w.WritePacket(p, x.on(p), comment)
}

// Finish writes what is held back; see record.Output.
func (x *Extract) Finish() error {
	if x.begin != nil {
		return x.begin
	}
	return x.w.Flush()
}

// Told says, when the run has ended, what the file holds.
func (x *Extract) Told() []string {
	if x.packets == 0 {
		return []string{x.name + ": no packets, no connection is to be extracted"}
	}
	line := fmt.Sprintf("%s: %s of %s", x.name, say.Plural(x.packets, "packet"), say.Plural(x.conns, "connection"))
	if more, most := x.found.LeftOut(); more > 0 {
		line += fmt.Sprintf("; %s more are left out, only %s can be remembered", say.Thousands(more), say.Thousands(most))
	}
	if x.waiting.lost > 0 {
		line += fmt.Sprintf("; %s fragments may be missing, too many waited", say.Thousands(x.waiting.lost))
	}
	return []string{line}
}
