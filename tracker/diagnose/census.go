package diagnose

import (
	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// maxListeners bounds the listeners of which it is known how they fare.
const maxListeners = 16384

// port is a listening endpoint as a key.
type port capture.Endpoint

// Hash chooses which listeners are kept.
func (p port) Hash() uint64 { return fold.Hash16(p.Addr, uint64(p.Port)) }

// service sums up how a listener fares: what a failure there means depends on
// whether others got through at the time.
type service struct {
	opened   uint64            // handshakes that completed
	running  uint64            // connections that ran already when first seen
	prompt   uint64            // of those, whose opener sent data at once and was not kept waiting
	clean    uint64            // of those, in which nothing was sent again: they tell where the capture stands
	beside   uint64            // of those, seen where nothing is lost on the way to the listener
	started  fold.Range[int64] // of those
	ttl      fold.Range[uint8] // of what it sent
	hung     uint64            // whose opener sent data again and again to the end, with no ACK of it
	since    fold.Range[int64] // when that was first sent
	heard    int64             // the last packet of any other
	answered uint64            // of those that opened, on which the listener sent data
	sent     uint64            // segments with data, by the listener
}

// Fields walks over what is summed up.
func (s *service) Fields(w *fold.Walk) {
	fold.Sum(w, &s.opened, &s.running, &s.prompt, &s.clean, &s.beside, &s.answered, &s.sent)
	s.started.Fields(w)
	s.ttl.Fields(w)
	fold.Sum(w, &s.hung)
	s.since.Fields(w)
	fold.Max(w, &s.heard)
}

// silent tells that nothing went well with it any more since some moment before a time, and
// that the data of open connections was not acknowledged since then: a system does that even
// where a program hangs or a queue is full.
func (s *service) silent(before int64) bool {
	return s != nil && s.hung > 0 && s.heard < min(before, s.since.Least)
}

// during tells that connections to it opened or ran about the time from since to until.
func (s *service) during(since, until int64) bool {
	return s != nil && s.started.Some && s.started.Least <= until+serviceWindow && since-serviceWindow <= s.started.Most
}

// near tells that the capture point stands beside the listener, by most of the
// connections that opened in order: a SYN that passes there has arrived.
func (s *service) near() bool { return s != nil && s.beside*2 > s.clean }

// serviceWindow is how far apart in time a failure and a success still tell
// something about each other.
const serviceWindow = 60 * second

// bySocket tells that a TTL is one that a program set on its socket, for packets that go to the next
// host only or come from there (BGP; RFC 5082): what its system sends without a socket has another.
func bySocket(ttl uint8) bool { return ttl == 1 || ttl == 255 }

// otherWay tells that TTLs are not those that the listener's own packets have.
func (s *service) otherWay(ttl fold.Range[uint8]) bool {
	return s != nil && s.ttl.Some && ttl.Some && !bySocket(s.ttl.Least) && !bySocket(s.ttl.Most) && (int(ttl.Least) > int(s.ttl.Most)+1 || int(ttl.Most)+1 < int(s.ttl.Least))
}

// promptData is how soon after the third ACK data has come before the SYN/ACK
// would be sent again (RFC 6298 section 2.1: 1 s).
const promptData = second

// census is how all listeners fare.
type census struct {
	kept fold.Bounded[port, service, *service]
}

func newCensus() census { return census{fold.NewBounded[port, service](maxListeners)} }

// opensUntil is when the last connection to any listener of a host began, of those that opened or
// ran; 0 for none.
func (c *Context) opensUntil(host capture.Addr) int64 {
	if c.census == nil {
		return 0
	}
	if c.lastBegan == nil {
		c.lastBegan = make(map[capture.Addr]int64)
		for p, s := range c.census.kept.All() {
			c.lastBegan[p.Addr] = max(c.lastBegan[p.Addr], s.started.Most)
		}
	}
	return c.lastBegan[host]
}

func (c *census) add(r *record.Record) {
	var opened, running, prompt uint64
	switch r.Open.Kind {
	case record.OpenHandshake, record.OpenSimultaneous:
		opened = 1
		if first := r.Ends[record.Orig].FirstByte; first.OK && first.V < promptData && r.Open.ACKsIgnored == 0 {
			prompt = 1
		}
	case record.OpenMidstream:
		if r.Ends[record.Orig].Packets == 0 || r.Ends[record.Resp].Packets == 0 {
			return
		}
		running = 1
	default:
		return
	}
	s := c.kept.At(port(r.Resp))
	s.opened, s.running, s.prompt = s.opened+opened, s.running+running, s.prompt+prompt
	s.started.Take(r.Start)
	s.sent += uint64(r.Ends[record.Resp].DataSegments)
	if r.Ends[record.Resp].SeenBytes > 0 {
		s.answered += opened
	}
	if r.Open.NSYNsAgain == 0 && r.Open.NSYNACKsAgain == 0 || r.Orig.Addr == r.Resp.Addr {
		s.clean++
		if besideListener(r) {
			s.beside++
		}
	}
	takeTTL(&s.ttl, r.Ends[record.Resp].TTL)
	s.hear(r)
}

// hear takes in when something was heard of a listener last.
func (s *service) hear(r *record.Record) {
	if unacked := r.Path[record.Orig].Unacked; unacked != 0 && !r.Capture.OneWay && r.Ends[record.Orig].Retx >= triesToFail && r.Close.Kind != record.CloseReset {
		s.hung++
		s.since.Take(unacked)
	} else {
		s.heard = max(s.heard, r.End)
	}
}

// served is how a listener fares; nil when nothing ever opened there, or it
// found no place.
func (c *Context) served(e capture.Endpoint) *service {
	if c.census == nil {
		return nil
	}
	return c.census.kept.Find(port(e))
}

// connections is how many connections to a listener there were, those that ran already
// when first seen too.
func (c *Context) connections(e capture.Endpoint) uint64 {
	if s := c.served(e); s != nil {
		return s.opened + s.running
	}
	return 0
}

// sent is how many segments with data a listener sent, on all of its connections.
func (c *Context) sent(e capture.Endpoint) uint64 {
	if s := c.served(e); s != nil {
		return s.sent
	}
	return 0
}

// opened is how many connections to a listener opened.
func (c *Context) opened(e capture.Endpoint) uint64 {
	if s := c.served(e); s != nil {
		return s.opened
	}
	return 0
}
