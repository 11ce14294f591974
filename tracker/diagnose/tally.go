package diagnose

import (
	"cmp"
	"slices"

	"tcpwatch/tracker/record"
)

// maxExamples bounds the connections that a finding cites.
const maxExamples = 20

// tally counts the connections of a subject and keeps the least of their ids
// as examples, each with a packet that proves the trouble, 0 for none. Embed it in what a
// detector keeps of a subject, or use it as it is.
type tally struct {
	n            uint64
	since, until int64
	examples     []example // in order
}

type example struct{ conn, packet uint64 }

// hit counts a connection: packet is its evidence, from since to until it lasted.
func (t *tally) hit(conn, packet uint64, since, until int64) {
	t.span(since, until)
	t.n++
	t.cite(example{conn, packet})
}

// hitConn counts a connection whose first packet is the evidence.
func (t *tally) hitConn(r *record.Record) { t.hitAt(r, r.FirstPacket) }

// hitAt counts a connection, by a packet that proves it; 0 where no single one does.
func (t *tally) hitAt(r *record.Record, packet uint64) { t.hit(r.ID, packet, r.Start, r.End) }

// span widens the time that the connections took. Of packets without a time, in a
// file where none has one, both are 0.
func (t *tally) span(since, until int64) {
	if since == 0 && until == 0 {
		return
	}
	known := t.since != 0 || t.until != 0
	if !known || since < t.since {
		t.since = since
	}
	if !known || until > t.until {
		t.until = until
	}
}

func (t *tally) cite(e example) {
	if n := len(t.examples); n == maxExamples && e.conn > t.examples[n-1].conn {
		return // as nearly all are that come in order
	}
	at, found := slices.BinarySearchFunc(t.examples, e, func(a, b example) int {
		return cmp.Or(cmp.Compare(a.conn, b.conn), cmp.Compare(a.packet, b.packet))
	})
	if found || at == maxExamples {
		return
	}
	t.examples = slices.Insert(t.examples, at, e)
	t.examples = t.examples[:min(len(t.examples), maxExamples)]
}

// Merge takes in another.
func (t *tally) Merge(o *tally) {
	if o.n == 0 {
		return
	}
	t.span(o.since, o.until)
	t.n += o.n
	for _, e := range o.examples {
		t.cite(e)
	}
}

// sum is the tally itself, for what embeds it.
func (t *tally) sum() *tally { return t }

// into fills in what a finding tells by numbers.
func (t *tally) into(f *Finding) {
	f.Count, f.Since, f.Until = t.n, t.since, t.until
	for _, e := range t.examples {
		if n := len(f.Conns); n == 0 || f.Conns[n-1] != e.conn {
			f.Conns = append(f.Conns, e.conn)
		}
		if e.packet != 0 {
			f.Packets = append(f.Packets, e.packet)
		}
	}
}
