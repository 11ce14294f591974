package diagnose

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// maxListeners bounds the listeners of which it is known how they fare.
const maxListeners = 16384

// port is a listening endpoint as a key.
type port capture.Endpoint

// Hash chooses which listeners are kept.
func (p port) Hash() uint64 { return HashAddr(p.Addr, uint64(p.Port)) }

// service sums up how a listener fares: what a failure there means depends on
// whether others got through at the time.
type service struct {
	opened         uint64 // handshakes that completed
	running        uint64 // connections that ran already when first seen
	prompt         uint64 // of those, whose opener sent data at once and was not kept waiting
	clean          uint64 // of those, in which nothing was sent again: they tell where the capture stands
	beside         uint64 // of those, seen where nothing is lost on the way to the listener
	first, last    int64  // start of the first and of the last of those
	ttlMin, ttlMax uint8  // of what it sent; 0 when unknown
}

// Merge takes in another.
func (s *service) Merge(o *service) {
	if n := o.opened + o.running; n == 0 {
		return
	}
	if s.opened+s.running == 0 {
		s.first, s.last = o.first, o.last
	}
	s.opened += o.opened
	s.running += o.running
	s.prompt += o.prompt
	s.clean += o.clean
	s.beside += o.beside
	s.first, s.last = min(s.first, o.first), max(s.last, o.last)
	if o.ttlMax != 0 {
		if s.ttlMax == 0 {
			s.ttlMin = o.ttlMin
		}
		s.ttlMin, s.ttlMax = min(s.ttlMin, o.ttlMin), max(s.ttlMax, o.ttlMax)
	}
}

// during tells that connections to it opened or ran about the time from since to until.
func (s *service) during(since, until int64) bool {
	return s != nil && s.opened+s.running > 0 && s.first <= until+serviceWindow && since-serviceWindow <= s.last
}

// near tells that the capture point stands beside the listener, by most of the
// connections that opened in order: a SYN that passes there has arrived.
func (s *service) near() bool { return s != nil && s.beside*2 > s.clean }

// serviceWindow is how far apart in time a failure and a success still tell
// something about each other.
const serviceWindow = 60 * second

// otherWay tells that a TTL is not one of those that the listener's own packets have.
func (s *service) otherWay(low, high uint8) bool {
	return s != nil && s.ttlMax != 0 && high != 0 && (int(low) > int(s.ttlMax)+1 || int(high)+1 < int(s.ttlMin))
}

// promptData is how soon after the third ACK data has come before the SYN/ACK
// would be sent again (RFC 6298 section 2.1: 1 s).
const promptData = second

// census is how all listeners fare.
type census struct {
	shelf Shelf[port, service, *service]
}

func newCensus() census { return census{NewShelf[port, service](maxListeners)} }

func (c *census) add(r *record.Record) {
	one := service{first: r.Start, last: r.Start}
	switch r.Open.Kind {
	case record.OpenHandshake, record.OpenSimultaneous:
		one.opened = 1
		if first := r.Ends[record.Orig].FirstByte; first.OK && first.V < promptData && r.Open.ACKsIgnored == 0 {
			one.prompt = 1
		}
	case record.OpenMidstream:
		if r.Ends[record.Orig].Packets == 0 || r.Ends[record.Resp].Packets == 0 {
			return
		}
		one.running = 1
	default:
		return
	}
	if r.Open.NSYNsAgain == 0 && r.Open.NSYNACKsAgain == 0 || r.Orig.Addr == r.Resp.Addr {
		one.clean = 1
		if besideListener(r) {
			one.beside = 1
		}
	}
	if t := r.Ends[record.Resp].TTL; t.OK {
		one.ttlMin, one.ttlMax = t.V, t.V
	}
	c.shelf.At(port(r.Resp)).Merge(&one)
}

// served is how a listener fares; nil when nothing ever opened there, or it
// found no place.
func (c *Context) served(e capture.Endpoint) *service {
	if c.census == nil {
		return nil
	}
	return c.census.shelf.Find(port(e))
}

// opened is how many connections to a listener opened.
func (c *Context) opened(e capture.Endpoint) uint64 {
	if s := c.served(e); s != nil {
		return s.opened
	}
	return 0
}
