package follow

import (
	"slices"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Bounds of what a Follower keeps.
const (
	maxTalks  = 4       // connections followed at once: the oldest is ended for a fifth
	maxHeld   = 8 << 20 // payload bytes that wait, each direction: more end the wait for the oldest gap
	maxChunks = 8192    // pieces of segments that wait, each direction
	maxRecent = 64 << 10
	maxResets = 8  // RSTs told of, each direction
	maxPassed = 64 // gaps remembered, each direction, to know what comes too late
	// maxAhead is how far a number may lie beyond what came before and still be
	// of this connection: the largest window there is (RFC 7323 section 2.3).
	maxAhead = 1 << 30
	maxLeap  = 16 << 20 // how far an acknowledgment may leap past all that was seen without another that agrees
	// grace is how long (ns) bytes that were acknowledged may still come:
	// captures of several queues or interfaces are a little out of order.
	grace = int64(100e6)
)

// Printer prints what a Follower puts in order: a Text or a Raw.
type Printer interface {
	begin(t *talk)  // a connection's first packet
	piece(p *piece) // borrowed until it returns
	end(t *talk)    // nothing more will come of it
	flush() error   // lets readers see what is printed so far
}

// kind says what a piece is.
type kind uint8

const (
	pieceBytes    kind = iota // data, n bytes from off on
	pieceLate                 // the same, but their place was passed: a gap was marked there
	pieceMissing              // n bytes at off were never captured
	pieceCut                  // n bytes at off were cut by the snaplen
	pieceConflict             // a repeat of n bytes at off has other content
	pieceFIN                  //
	pieceRST                  //
)

// piece is something that one end said, or failed to say to the capture.
type piece struct {
	talk   *talk
	kind   kind
	from   record.End
	off    int64 // of its first byte in the stream
	n      int64
	data   []byte
	time   int64
	packet uint64 // that carried it; 0 for missing bytes
}

// Follower is the Output of what the ends of some connections said. It is not safe for
// concurrent use.
type Follower struct {
	record.Base
	marks func(id uint64, orig, resp capture.Endpoint) bool
	to    Printer
	talks []*talk // that have not ended, oldest first
	begun int
}

// New returns a Follower that has to print the connections that marks chooses.
func New(to Printer, marks func(id uint64, orig, resp capture.Endpoint) bool) *Follower {
	return &Follower{to: to, marks: marks}
}

// Begun is the number of connections followed so far.
func (f *Follower) Begun() int { return f.begun }

// Told says, when the run has ended, what files hold; see Raw.
func (f *Follower) Told() []string {
	if r, ok := f.to.(*Raw); ok {
		return r.Told()
	}
	return nil
}

// Needs is segments with right checksums, as the other end read no others, and records; see
// record.Output.
func (f *Follower) Needs() record.Needs {
	return record.Needs{Conns: true, Segments: true, Checksums: true}
}

// Segment takes a segment, in input order, after the tracker placed it; payload is borrowed.
func (f *Follower) Segment(at *record.Placement, s *capture.Segment, payload []byte) error {
	if at.From <= record.Resp && f.marks(at.Conn, s.Src, s.Dst) {
		f.talk(at, s).segment(at.From, s, payload)
	}
	return nil
}

func (f *Follower) talk(at *record.Placement, s *capture.Segment) *talk {
	for _, t := range f.talks {
		if t.id == at.Conn {
			return t
		}
	}
	if len(f.talks) == maxTalks {
		f.end(0)
	}
	t := &talk{to: f.to, id: at.Conn, start: s.Time, now: s.Time, untimed: s.Untimed}
	t.ends[at.From], t.ends[at.From.Peer()] = s.Src, s.Dst
	f.talks = append(f.talks, t)
	f.begun++
	f.to.begin(t)
	return t
}

// Conn takes the record of a connection: when it is a finished one that is
// followed, nothing is waited for any more.
func (f *Follower) Conn(r *record.Record) error {
	if i := slices.IndexFunc(f.talks, func(t *talk) bool { return t.id == r.ID }); i >= 0 && !r.Interim {
		f.end(i)
	}
	return nil
}

func (f *Follower) end(i int) {
	t := f.talks[i]
	t.release(true)
	f.to.end(t)
	f.talks = append(f.talks[:i], f.talks[i+1:]...)
}

// Tick tells the time: gaps waited for long enough are passed. What is in order so far is
// shown where somebody waits for it.
func (f *Follower) Tick(now *record.Tick) error {
	for _, t := range f.talks {
		t.now = max(t.now, now.Time)
		t.release(false)
	}
	if !now.Show {
		return nil
	}
	return f.to.flush()
}

// Finish ends every connection that has not ended.
func (f *Follower) Finish() error {
	for len(f.talks) > 0 {
		f.end(0)
	}
	return f.to.flush()
}
