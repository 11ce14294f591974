package diagnose

import (
	"cmp"
	"slices"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// maxExamples bounds the connections that a finding cites.
const maxExamples = 20

// tally counts the connections of a subject and keeps as examples those that showed the trouble
// first, each with a packet that proves it, 0 for none. Embed it in what a detector keeps of a
// subject, or use it as it is.
type tally struct {
	n        uint64
	open     uint64            // of those, connections that go on: of interim records
	made     uint64            // of those, connections both of whose ends a program made
	raw      uint64            // and those whose opener it made
	when     fold.Range[int64] // from the begin of the first to the end of the last
	examples examples
}

// Example shows a finding: a connection, 0 for none, and the packet that proves the trouble, 0 for none.
type Example struct {
	Conn   uint64 `fold:"packet"`
	Packet uint64 `fold:"packet"`
}

// examples are the first, in the order of the packets that prove the trouble.
type examples []Example

// at is the packet that proves it or, where no single one does, the connection's first.
func (e Example) at() uint64 { return cmp.Or(e.Packet, e.Conn) }

// hit counts a connection: packet is its evidence, from since to until it lasted.
func (t *tally) hit(r *record.Record, packet uint64, since, until int64) {
	if GoesOn(r) {
		t.open++
	}
	if madeByHand(r, record.Orig) {
		t.raw++
		if madeByHand(r, record.Resp) {
			t.made++
		}
	}
	if r.Capture.Untimed > 0 {
		since, until = 0, 0 // what its packets have is the time of others
	}
	t.hitConn(r.ID, packet, since, until)
}

// hitConn counts one of which the record is gone.
func (t *tally) hitConn(conn, packet uint64, since, until int64) {
	t.span(since, until)
	t.n++
	t.examples.Take(Example{conn, packet})
}

// hitAt counts a connection, by a packet that proves it; 0 where no single one does.
func (t *tally) hitAt(r *record.Record, packet uint64) { t.hit(r, packet, r.Start, r.End) }

// span widens the time that the connections took. Of packets without a time both are 0.
func (t *tally) span(since, until int64) {
	if since == 0 && until == 0 {
		return
	}
	t.when.Widen(since, until)
}

// Items are the examples.
func (x *examples) Items() []Example { return *x }

// Take keeps an example when it is one of the first.
func (x *examples) Take(e Example) { keepLeast(x, e, maxExamples, compareExamples) }

func compareExamples(a, b Example) int {
	return cmp.Or(cmp.Compare(a.at(), b.at()), cmp.Compare(a.Conn, b.Conn), cmp.Compare(a.Packet, b.Packet))
}

// keepLeast puts an item in its place in a list of so many least ones, where it is one of them and new.
func keepLeast[L ~[]T, T any](list *L, item T, limit int, compare func(a, b T) int) {
	if n := len(*list); n == limit && compare(item, (*list)[n-1]) > 0 {
		return // as nearly all are that come in order
	}
	at, found := slices.BinarySearchFunc(*list, item, compare)
	if !found && at < limit {
		*list = slices.Insert(*list, at, item)
		*list = (*list)[:min(len(*list), limit)]
	}
}

// Fields walks over what is summed up.
func (t *tally) Fields(w *fold.Walk) {
	fold.Sum(w, &t.n, &t.open, &t.made, &t.raw)
	t.when.Fields(w)
	fold.Items(w, &t.examples)
}

// wholeCapture is a tally of all connections, for what is told of the capture as such.
func wholeCapture(c *Context) *tally {
	t := &tally{n: c.Conns}
	t.span(c.Start, c.End)
	return t
}

// Weight is how many connections there are: whom most befell survives a limit.
func (t *tally) Weight() uint64 { return t.n }

// sum is the tally itself, for what embeds it.
func (t *tally) sum() *tally { return t }

// into fills in what a finding tells by numbers.
func (t *tally) into(f *Finding) {
	f.Count, f.Open, f.Since, f.Until = t.n, t.open, t.when.Least, t.when.Most
	f.made, f.raw = t.made == t.n, t.raw == t.n
	f.Cite(t.examples)
}

// Cite has a finding name examples, each connection and each packet once.
func (f *Finding) Cite(all []Example) {
	f.cites = all
	for _, e := range all {
		if e.Conn != 0 && !slices.Contains(f.Conns, e.Conn) {
			f.Conns = append(f.Conns, e.Conn)
		}
		if n := len(f.Packets); e.Packet != 0 && (n == 0 || f.Packets[n-1] != e.Packet) {
			f.Packets = append(f.Packets, e.Packet)
		}
	}
}
