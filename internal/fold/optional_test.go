package fold

import "testing"

// count is a value that few have.
type count struct{ n int }

func (c *count) Fields(w *Walk) { Sum(w, &c.n) }

// maybe holds a count or none, between numbers.
type maybe struct {
	before, after int
	count         *count
}

func (m *maybe) Fields(w *Walk) {
	Sum(w, &m.before)
	Optional(w, &m.count, func() *count { return &count{} })
	Sum(w, &m.after)
}

// What may be absent merges and is written down, whichever side has it.
func TestOptional(t *testing.T) {
	with := func(n int) *maybe { return &maybe{1, 2, &count{n}} }
	without := func() *maybe { return &maybe{1, 2, nil} }
	for _, x := range []struct {
		into, from *maybe
		want       int // -1 for none
	}{{with(3), with(4), 7}, {with(3), without(), 3}, {without(), with(4), 4}, {without(), without(), -1}} {
		kept := x.from.count
		Merge(x.into, x.from)
		back := &maybe{}
		if err := Read(back, 1, Append(nil, 1, x.into)); err != nil {
			t.Fatal(err)
		}
		for _, m := range []*maybe{x.into, back} {
			got := -1
			if m.count != nil {
				got = m.count.n
			}
			if got != x.want || m.before != 2 || m.after != 4 {
				t.Errorf("%+v: %d, want %d", m, got, x.want)
			}
		}
		if x.from.count != kept || kept != nil && kept.n != 4 || kept != nil && x.into.count == kept {
			t.Errorf("what was merged in has changed, or is shared")
		}
	}
}
