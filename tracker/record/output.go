package record

import (
	"bufio"
	"io"

	"tcpwatch/capture"
)

// Output takes what a run finds: a table, a file of JSON Lines, a drawing, a screen. Embed
// Base, and write only the methods that are needed; Needs says which those are.
//
// What an Output is handed is borrowed until the method returns. Its methods are called by
// one goroutine at a time, in an order that does not depend on the number of workers. Needs
// decides which goroutine:
//
//   - with Steps or Segments there is only one worker, which calls it as packets come;
//   - else the one that puts together what all workers found, some packets later. It gets
//     copies of records: an Output of many is better a Parallel.
//
// The first error ends the run: nothing more is read, and Finish is called all the same.
type Output interface {
	// Needs is asked once, before the first packet.
	Needs() Needs
	// Conn takes the record of a connection that is over, or an interim one of a long
	// connection; see Needs.Conns.
	Conn(r *Record) error
	// Event takes what a person watching live wants to hear of; see Needs.Events.
	Event(e *Event) error
	// Step takes a packet of a connection that Needs.Steps chose.
	Step(s *Step) error
	// Segment takes a segment, where it was placed, and its payload; see Needs.Segments.
	Segment(at *Placement, s *capture.Segment, payload []byte) error
	// Packet takes a packet that passed the filter, after the Steps and Segments of it; see
	// Needs.Packets. It is nil when the input ends while a datagram waits for fragments that
	// did not come.
	Packet(p *capture.Packet, of Datagram) error
	// Tick says that time has passed: at every 4,096th packet, and where the input comes
	// while it is captured some times a second.
	Tick(t *Tick) error
	// Finish ends the Output: nothing more comes.
	Finish() error
}

// Needs says what an Output is to be given; the zero value is Tick and Finish alone.
type Needs struct {
	Conns     bool // records
	Events    bool // live events
	Packets   bool // packets
	Segments  bool // segments with payload, from the only worker
	Checksums bool // all segments have their checksum verified, not only those that a verdict rests on
	Digests   bool // records have digests of payload: see KeyRecord
	// Steps chooses, at the first packet of each, the connections whose steps the only
	// worker is to tell; nil for none.
	Steps func(id uint64, orig, resp capture.Endpoint) bool
}

// OneWorker reports whether the Output takes the packets of connections as they come, from
// the only worker.
func (n *Needs) OneWorker() bool { return n.Segments || n.Steps != nil }

// Tick is how far a run has come.
type Tick struct {
	Time           int64  // of packets, at the last 4,096th of them; live as the clock has it while none comes. Nanoseconds since 1970
	Packets        uint64 // read
	Offset         int64  // bytes read of files, as they lie on disk
	Drops          uint64 // packets for which the kernel had no room; live, with Show
	Open, TimeWait int    // connections held: those that go on, and those in TIME-WAIT; with Show
	Show           bool   // who reads what is written waits for it: nothing more may come for a while
}

// Flush flushes w when what is written is to be shown.
func (t *Tick) Flush(w interface{ Flush() error }) error {
	if !t.Show {
		return nil
	}
	return w.Flush()
}

// Datagram says which IP datagram a packet is a fragment of. Only an Output with Steps or
// Segments is told.
type Datagram struct {
	Number uint64 // that its fragments share; 0 for a packet that is no fragment
	Waits  bool   // for more fragments: whose it is is not known yet
}

// Base is an Output that needs nothing and does nothing, to embed in others.
type Base struct{}

// Needs is nothing; see Output.
func (Base) Needs() Needs { return Needs{} }

// Conn does nothing; see Output.
func (Base) Conn(*Record) error { return nil }

// Event does nothing; see Output.
func (Base) Event(*Event) error { return nil }

// Step does nothing; see Output.
func (Base) Step(*Step) error { return nil }

// Segment does nothing; see Output.
func (Base) Segment(*Placement, *capture.Segment, []byte) error { return nil }

// Packet does nothing; see Output.
func (Base) Packet(*capture.Packet, Datagram) error { return nil }

// Tick does nothing; see Output.
func (Base) Tick(*Tick) error { return nil }

// Finish does nothing; see Output.
func (Base) Finish() error { return nil }

// Parallel is an Output for which the workers do the work, side by side: each has a Part of
// its own, which makes bytes of the records and events that the worker finds; Lines takes
// those bytes in the order of the records. Conn and Event are not called.
type Parallel interface {
	Output
	// Part is called once for each worker, before the first packet.
	Part() Part
	// Lines takes what Parts appended. What was appended for one record comes in one piece,
	// perhaps with that of the records next to it.
	Lines(b []byte) error
}

// Part is what one worker has of a Parallel: it gets all records, and with Needs.Events of
// any Output all events.
type Part interface {
	// AppendConn appends to b what is to be written of a record; see Output.Conn.
	AppendConn(b []byte, r *Record) []byte
	// AppendEvent appends to b what is to be written of an event; see Output.Event.
	AppendEvent(b []byte, e *Event) []byte
}

// LineOutput is the base of Outputs of lines that workers make, to embed in a type that has
// Part: it is a Parallel then, of a line for each connection unless it has Needs of its own.
type LineOutput struct {
	Base
	W *bufio.Writer // for lines besides those of the workers
}

// NewLineOutput returns a LineOutput that writes to w.
func NewLineOutput(w io.Writer) LineOutput { return LineOutput{W: bufio.NewWriterSize(w, 1<<16)} }

// Needs is records; see Output.
func (l *LineOutput) Needs() Needs { return Needs{Conns: true} }

// Lines writes lines that workers made; see Parallel.
func (l *LineOutput) Lines(b []byte) error {
	_, err := l.W.Write(b)
	return err
}

// Tick shows what was written; see Output.
func (l *LineOutput) Tick(t *Tick) error { return t.Flush(l.W) }

// Finish writes the rest; see Output.
func (l *LineOutput) Finish() error { return l.W.Flush() }
