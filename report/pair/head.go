package pair

import (
	"fmt"
	"strings"
	"time"

	"tcpwatch/internal/say"
)

// head says what was read, how many connections are at both places, and how the clocks differ: paragraphs.
func (r *Result) head(ascii bool) (all []string) {
	add := func(text string) { all = append(all, text) }
	for _, p := range [...]*Place{r.A, r.B} {
		text := fmt.Sprintf("%s: %s, %s", say.Escape(p.Name()), say.Plural(uint64(p.n), "connection"), say.Plural(p.packed, "packet"))
		if p.opt.Stored {
			text = fmt.Sprintf("%s: records of %s", say.Escape(p.Name()), say.Plural(uint64(p.n), "connection"))
		}
		if p.first != 0 {
			text += fmt.Sprintf(" in %s from %s UTC", say.Duration(p.last-p.first, ascii), time.Unix(0, p.first).UTC().Format("2006-01-02 15:04:05"))
		}
		add(text + ", from " + say.Escape(p.opt.Captures) + ".")
	}
	if r.Swapped {
		add(fmt.Sprintf("Swapped: the captures were given the other way round. The handshakes show that %s is nearer to the clients.", say.Escape(r.A.opt.Captures)))
	}
	var rungs []string
	for g := range NRungs {
		if n := r.Rungs[g]; n > 0 {
			rungs = append(rungs, say.Thousands(n)+" by "+g.String())
		}
	}
	if r.Pairs == 0 {
		add(r.nothing())
	}
	if r.copied() {
		return append(all, "Both hold the same segments with the same times: one is a copy of the other, not a capture made at another place. Nothing is compared.")
	}
	text := say.Plural(r.Pairs, "connection") + " at both places"
	if len(rungs) > 0 {
		text += ": " + strings.Join(rungs, ", ")
	}
	if r.Pairs > 0 {
		add(text + ".")
	}
	for side := range r.Alone {
		all = r.onlyAt(all, side)
	}
	if r.Ambiguous > 0 && !r.via {
		add(fmt.Sprintf("%s at %s could be any of several at %s: they are left out.", say.Plural(r.Ambiguous, "connection"), say.Escape(r.A.Name()), say.Escape(r.B.Name())))
	}
	if r.Proxied > 0 && !r.via {
		verb := "carry"
		if r.Proxied == 1 {
			verb = "carries"
		}
		add(fmt.Sprintf("%s at %s %s the same first bytes as one at %s, with sequence numbers and options of its own: a proxy between ends one and opens the other (--via pairs them).", say.Plural(r.Proxied, "connection"), say.Escape(r.A.Name()), verb, say.Escape(r.B.Name())))
	}
	return r.clocks(all, ascii)
}

// onlyAt says what only one place saw.
func (r *Result) onlyAt(all []string, side int) []string {
	a := &r.Alone[side]
	var parts []string
	if n := a.Missing.n; n > 0 {
		parts = append(parts, say.Thousands(n)+" that should have passed the other")
	}
	if a.Elsewhere > 0 {
		parts = append(parts, say.Thousands(a.Elsewhere)+" to servers that the other never saw")
	}
	if a.Outside > 0 {
		parts = append(parts, say.Thousands(a.Outside)+" while the other did not capture")
	}
	if len(parts) > 0 {
		all = append(all, "Only at "+say.Escape([...]*Place{r.A, r.B}[side].Name())+": "+strings.Join(parts, ", ")+".")
	}
	return all
}

// clocks says how far the clocks are apart.
func (r *Result) clocks(all []string, ascii bool) []string {
	c := &r.Clock
	switch {
	case len(c.Pieces) == 0:
		return all
	case !c.Known():
		return append(all, "How far the clocks are apart is not known: no segments of both directions can be told from their repeats. So no one-way times are told.")
	}
	a, b := say.Escape(r.A.Name()), say.Escape(r.B.Name())
	for i, p := range c.Pieces {
		text := fmt.Sprintf("Clocks: %s is %s %s, give or take %s", b, ahead(p.Offset), a, say.Duration(p.Bound, ascii))
		if abs(p.Offset) <= p.Bound && p.Drift == 0 {
			text = fmt.Sprintf("Clocks: those of %s and %s agree within %s", a, b, say.Duration(p.Bound+abs(p.Offset), ascii))
		}
		if p.Drift != 0 {
			text += fmt.Sprintf(", and the two part by %.1f millionths (%s in an hour)", p.Drift/1000, say.Duration(int64(abs(int64(p.Drift*3600))), ascii))
		}
		if i > 0 {
			text = fmt.Sprintf("From %s UTC on: %s is %s %s, give or take %s", time.Unix(0, p.From).UTC().Format("15:04:05"), b, ahead(p.Offset), a, say.Duration(p.Bound, ascii))
		}
		all = append(all, text+".")
	}
	return all
}

// nothing says why no connection is at both places, as far as that is known.
func (r *Result) nothing() string {
	const none = "No connection is at both places"
	a, b := r.A, r.B
	at := func(ns int64) string { return time.Unix(0, ns).UTC().Format("2006-01-02 15:04:05") }
	switch {
	case a.n == 0 || b.n == 0:
		p := a
		if a.n > 0 {
			p = b
		}
		return fmt.Sprintf("%s: %s saw none at all.", none, say.Escape(p.Name()))
	case a.first != 0 && b.first != 0 && (a.last < b.first || b.last < a.first):
		if b.last < a.first {
			a, b = b, a
		}
		return fmt.Sprintf("%s, and the captures do not overlap in time: %s ends at %s, %s begins at %s UTC. If both ran at once, a clock is wrong.",
			none, say.Escape(a.Name()), at(a.last), say.Escape(b.Name()), at(b.first))
	case r.Ambiguous > 0:
		return none + " for sure."
	}
	for _, p := range [...]*Place{a, b} {
		if !p.keyed {
			return fmt.Sprintf("%s: those of %s have neither initial sequence numbers nor first payload bytes to know them by, and no addresses and ports in common with the other.", none, say.Escape(p.Name()))
		}
	}
	return none + ": no sequence number, payload or address of one is found at the other."
}

// hasKey reports whether the connection can be known by more than its addresses.
func (c *Conn) hasKey() bool {
	for e := range c.ISN {
		if c.ISN[e].OK || c.Digest[e].OK {
			return true
		}
	}
	return false
}

// copied reports whether all segments have the same time at both places.
func (r *Result) copied() bool {
	n := uint64(0)
	for d := range r.Flows {
		f := &r.Flows[d]
		if All(f.Lost) > 0 || f.Early > 0 || f.Delay.Quantile(100) > 0 {
			return false
		}
		n += f.Delay.N()
	}
	return n >= fewest && r.Clock.Known() && r.Clock.Pieces[0].Offset == 0
}
