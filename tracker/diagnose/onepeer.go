package diagnose

import (
	"fmt"
	"math"

	"tcpwatch/capture"
)

// A program may take one connection from each peer (those of BGP do), or open the connection itself: what
// it refuses then is refused while it runs.

// crossing is what attempts of one client met at a listener that refused them, between an older connection of the same
// two hosts and the next one that opened.
type crossing struct {
	older   uint64 // the connection
	closed  int64  // how long before the first attempt that one began to close; less than 0 after it
	byOwn   bool   // the listener closed it first, before
	between int64  // from the first SYN that was refused to the next that it took
}

// olderAt is the connection of the same two hosts as an attempt that began to close last, within a second around it. It is
// none where the listener held another one as well.
func (x *contrasts) olderAt(a *attempt) (o *attempt) {
	others := 0 // that the listener held
	look := func(b *attempt) {
		if b.ID == a.ID || b.Orig.Addr != a.Orig.Addr || b.Opened == 0 || b.Opened > a.Start {
			return
		}
		if b.Held > a.Start {
			others++
		}
		if b.Until >= a.Start-second && b.Until <= a.Start+second && (o == nil || b.Until > o.Until) {
			o = b
		}
	}
	for _, b := range x.byListener[a.Resp] {
		look(b.attempt)
	}
	for _, b := range x.running[a.Resp] {
		look(b)
	}
	if o != nil && o.Held > a.Start {
		others--
	}
	if others > 0 {
		return nil
	}
	return o
}

// nextAfter is how long after an attempt was made its client's next one at the same listener was, which opened, or it
// opened itself when its SYN came again: within a second.
func (x *contrasts) nextAfter(a *attempt) (ns int64, ok bool) {
	if a.Opened != 0 {
		return a.Opened - a.Start, a.Opened-a.Start <= second
	}
	for _, b := range x.byListener[a.Resp] {
		if b.Orig.Addr == a.Orig.Addr && b.Result == wentWell && b.Start > a.Start {
			return b.Start - a.Start, b.Start-a.Start <= second
		}
	}
	return 0, false
}

// crossed tells that each of n attempts that a listener refused came while an older connection of the same two hosts closed, the
// first of them while the listener held that, and no other; and that it took the next one within a second. Or it had closed
// all those older ones itself before.
func (c *Context) crossed(at capture.Endpoint, n uint64) (first crossing, ok bool) {
	if c.contrasts == nil || c.contrasts.sampled {
		return first, false
	}
	held := make(map[uint64]bool) // older connections
	found := uint64(0)
	for _, a := range c.contrasts.byListener[at] {
		if a.Result != wentRefused {
			continue
		}
		o := c.contrasts.olderAt(a.attempt)
		next, taken := c.contrasts.nextAfter(a.attempt)
		if o == nil || !taken {
			return first, false
		}
		own := o.Left != 0 && o.Left < a.Start
		if found == 0 {
			first = crossing{older: o.ID, closed: a.Start - o.Until, byOwn: own, between: next}
		}
		if held[o.ID] = held[o.ID] || o.Held > a.Start; own != first.byOwn || !own && !held[o.ID] {
			return first, false
		}
		found++
	}
	return first, found == n && found > 0
}

// intoRefused tells who refused attempts between an older connection and the next.
func (x *crossing) intoRefused(f *Finding, s Subject) {
	closed := fmt.Sprintf("%s before", span(x.closed))
	if x.closed < 0 {
		closed = fmt.Sprintf("%s later", span(-x.closed))
	}
	if x.byOwn {
		f.Explanation += fmt.Sprintf(" It had closed connection #%d of the same host itself, %s, and took the next SYN %s after the first one that it refused.", x.older, closed, span(x.between))
		f.lead(f.causes[0], fmt.Sprintf("it had closed a connection itself %s, and took the next SYN %s after", closed, span(x.between)))
		f.causes = append(f.causes[:1], f.causes[2:]...)
		return
	}
	f.Confidence = min(f.Confidence, Likely)
	f.Title += ", while an older connection of that host closed there"
	f.Explanation = fmt.Sprintf("A RST with an ACK of the SYN came back (RFC 9293 section 3.10.7.1), though the port served the same host all the while: its connection #%d there, which it began to close %s, was still held or had just gone, and the next SYN was taken %s after the first one that was refused. It held no other of them.",
		x.older, closed, span(x.between))
	f.causes = []Cause{app(fmt.Sprintf("the service restarted within %s, and another process held the older connection", span(x.between)))}
	f.lead(app("its program takes one connection from a peer, and refuses another while it holds the older one or has just closed it (speakers of BGP do)"), "an older connection of that host was closing just then, and the next SYN was taken")
	f.Advice = []string{fmt.Sprintf("Nothing stays broken: the next attempt opened. Look at why the older connection was closed: `tcpwatch --why %d`, and the log of the program on %s.", x.older, s.A.Addr)}
}

// openedBack tells that a host which refused attempts of some clients opened a connection to the same port of each within a minute
// around; after is how long after the refusal the first was, at most, less than 0 before it.
func (c *Context) openedBack(at capture.Endpoint, clients *sources, since int64) (after int64, conn uint64, ok bool) {
	if c.contrasts == nil || uint64(len(clients.known)) != clients.all.Count() || len(clients.known) == 0 {
		return 0, 0, false
	}
	after = math.MinInt64
	for _, client := range clients.known {
		back := false
		for _, a := range c.contrasts.byListener[capture.Endpoint{Addr: client.Addr, Port: at.Port}] {
			if a.Orig.Addr == at.Addr && a.Opened != 0 && max(a.Start, since)-min(a.Start, since) <= serviceWindow {
				if back = true; a.Start-since > after {
					after, conn = a.Start-since, a.ID
				}
				break
			}
		}
		if !back {
			return 0, 0, false
		}
	}
	return after, conn, true
}

// intoBack tells that the host which refused opened a connection to the same port of the other one itself.
func intoBack(f *Finding, s Subject, after int64, conn uint64) {
	when := span(after) + " later"
	if after < 0 {
		when = span(-after) + " before"
	}
	f.Explanation += fmt.Sprintf(" %s opened connection #%d to the same port of the other host itself, %s: either end may open such a connection (BGP), and that one stands for both.", s.A.Addr, conn, when)
	f.lead(app("its program only opens connections, or was just starting and did not listen yet: nothing is broken where its own connection serves"), fmt.Sprintf("%s opened one to the same port of the other host, %s", s.A.Addr, when))
}
