package diagnose

import (
	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// tried is how many connections to each listener were seen: those that never opened and
// those seen one way too. It is apart from the census, so that a scan of all ports cannot
// push out the listeners that serve.
type tried struct {
	kept fold.Bounded[port, total, *total]
}

// total counts connections.
type total struct {
	n      uint64
	unseen uint64 // those whose opener went on with it, though the capture holds nothing that the listener sent
}

// Fields walks over what is counted.
func (t *total) Fields(w *fold.Walk) { fold.Sum(w, &t.n, &t.unseen) }

func newTried() tried { return tried{fold.NewBounded[port, total](maxListeners)} }

func (t *tried) add(r *record.Record) {
	x := t.kept.At(port(r.Resp))
	x.n++
	if OneWay(r) && r.Ends[record.Resp].Packets == 0 {
		x.unseen++
	}
}

// answersUnseen tells that a host answered and that the capture does not hold it: a connection to it
// went on of which only the opener's packets were captured, and nothing at all that the host sent was.
func (c *Context) answersUnseen(host capture.Addr) bool {
	if c.tried == nil || !c.silentHost(host) {
		return false
	}
	if c.unseen == nil {
		c.unseen = make(map[capture.Addr]bool)
		for p, t := range c.tried.kept.All() {
			c.unseen[p.Addr] = c.unseen[p.Addr] || t.unseen > 0
		}
	}
	return c.unseen[host]
}

// whole is what a number of a listener's connections is a part of.
type whole struct {
	opened uint64 // that opened, or ran when first seen: severity is a share of these
	seen   uint64 // all that were seen: what the text counts; 0 where that is not known
}

// wholeOf is what n of a listener's connections are a part of.
func (c *Context) wholeOf(at capture.Endpoint, n uint64) whole {
	return whole{opened: max(c.connections(at), n), seen: c.seen(at)}
}

// seen is how many connections to a listener were seen, 0 where it found no place.
func (c *Context) seen(at capture.Endpoint) uint64 {
	if c.tried == nil {
		return 0
	}
	if t := c.tried.kept.Find(port(at)); t != nil {
		return t.n
	}
	return 0
}

// of says how many of the connections.
func (w whole) of(n uint64) string {
	if w.seen < n {
		return say.Plural(n, "connection")
	}
	return outOf(n, w.seen, "connection")
}

// toIt is of, where the text has named the listener already.
func (w whole) toIt(n uint64) string {
	if w.seen < n {
		return say.Plural(n, "connection")
	}
	return ofThose(n, w.seen, "connection")
}

// handshakes says how many of a listener's handshakes: of those that completed. Where others
// were begun, or were over before the capture began, no word may stand for all. The words are
// those of outOf or ofThose.
func (c *Context) handshakes(at capture.Endpoint, n uint64, words func(n, all uint64, noun string) string) string {
	switch completed := max(c.opened(at), n); {
	case c.seen(at) == completed:
		return words(n, completed, "handshake")
	case n == completed:
		return say.Plural(n, "handshake")
	default:
		return words(n, completed, "completed handshake")
	}
}
