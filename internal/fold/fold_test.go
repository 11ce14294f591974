package fold

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

const second = int64(1e9)

// key is a key with everything that a plain value may be made of.
type key struct {
	N    uint8
	Text string
	Pair [2]int16
}

func (k key) Hash() uint64 { return Mix(uint64(k.N)<<8 | uint64(len(k.Text))) }

// turn is a value that may be the first.
type turn struct {
	At int64
	ID uint64
}

func (t turn) Before(o turn) bool { return t.At < o.At || t.At == o.At && t.ID < o.ID }

// low keeps the three least numbers.
type low struct{ all []uint64 }

func (l *low) Items() []uint64 { return l.all }
func (l *low) Take(v uint64) {
	at := 0
	for at < len(l.all) && l.all[at] < v {
		at++
	}
	l.all = append(l.all[:at:at], append([]uint64{v}, l.all[at:]...)...)
	l.all = l.all[:min(len(l.all), 3)]
}

// some is a fold with a field of each kind that needs no making.
type some struct {
	sum      uint64
	small    int8
	sums     [2]uint32
	most     int64
	least    int64
	bits     []uint64
	span     Range[int64]
	ttl      Range[uint8]
	first    First[turn]
	low      low
	distinct Distinct
	spans    Histogram
	held     Series
}

// everything is a fold with a field of each kind.
type everything struct {
	some
	best  Ranking[turn]
	by    Bounded[key, some, *some]
	worst Worst[key, some, *some]
}

func newEverything() *everything {
	longest := func(a, b *turn) int { return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(a.ID, b.ID)) }
	return &everything{
		best: NewRanking(4, longest, func(to, from *turn) { *to = *from }),
		by:   NewBounded[key, some](5), worst: NewWorst[key, some](5),
	}
}

func (x *everything) Fields(w *Walk) {
	x.some.Fields(w)
	x.best.Fields(w)
	x.by.Fields(w)
	x.worst.Fields(w)
}

func (x *some) Weight() uint64 { return x.sum }

func (x *some) Fields(w *Walk) {
	Sum(w, &x.sum)
	Sum(w, &x.small)
	Sums(w, x.sums[:])
	Max(w, &x.most)
	Least(w, &x.least)
	Bits(w, &x.bits)
	x.span.Fields(w)
	x.ttl.Fields(w)
	x.first.Fields(w)
	Items(w, &x.low)
	x.distinct.Fields(w)
	x.spans.Fields(w)
	x.held.Fields(w)
}

// event is one thing that is taken in.
type event struct {
	at, length int64
	id         uint64
	key        key
}

func (x *everything) add(e event) {
	x.some.add(e)
	x.best.Add(&turn{e.length, e.id})
	x.by.At(e.key).add(e)
	if e.id%3 == 0 {
		x.worst.Bad(e.key, e.id).add(e)
	} else {
		x.worst.At(e.key).add(e)
	}
}

func (x *some) add(e event) {
	x.sum++
	x.small += int8(e.id % 2)
	x.sums[e.id%2] += uint32(e.id)
	x.most = max(x.most, e.length)
	TakeLeast(&x.least, e.length)
	if e.id%3 == 0 {
		for len(x.bits) <= int(e.key.N)/64 {
			x.bits = append(x.bits, 0)
		}
		x.bits[e.key.N/64] |= 1 << (e.key.N % 64)
	}
	x.span.Take(e.at)
	x.ttl.Take(e.key.N)
	x.first.Take(turn{e.at, e.id})
	x.low.Take(e.id)
	x.distinct.Add(Mix(e.id))
	x.spans.Add(e.length)
	x.held.Limit = 20
	x.held.Add(e.at, e.at+e.length)
}

func events(rng *rand.Rand, n int) []event {
	all := make([]event, n)
	for i := range all {
		all[i] = event{at: rng.Int64N(4000*second) - 2000*second, length: 1 + rng.Int64N(int64(1)<<rng.IntN(40)), id: uint64(i + 1),
			key: key{uint8(rng.IntN(200)), []string{"", "x", "xyz"}[rng.IntN(3)], [2]int16{-1, int16(rng.IntN(2))}}}
	}
	return all
}

// What came to one is what came to several, written down, read back and merged, in any
// order; a second reading makes no difference; none of those that are merged changes.
func TestPartsMakeTheWhole(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		whole, parts := newEverything(), make([]*everything, 1+rng.IntN(5))
		for i := range parts {
			parts[i] = newEverything()
		}
		for _, e := range events(rng, rng.IntN(800)) {
			whole.add(e)
			parts[rng.IntN(len(parts))].add(e)
		}
		merged := newEverything()
		for _, i := range rng.Perm(len(parts)) {
			text, back := Append(nil, 1, parts[i]), newEverything()
			if err := Read(back, 1, text); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if seed%2 == 0 {
				back = parts[i]
			}
			text = Append(nil, 1, back)
			if Merge(merged, back); !bytes.Equal(Append(nil, 1, back), text) {
				t.Fatalf("seed %d: what was merged into another changed", seed)
			}
		}
		if a, b := Append(nil, 1, whole), Append(nil, 1, merged); !bytes.Equal(a, b) {
			t.Fatalf("seed %d: %d parts are not the whole:\n%+v\n%+v", seed, len(parts), whole, merged)
		}
	}
}

// What is cut short, longer, or of another version is refused, and no bytes whatever
// make Read panic, or take much more memory than there are bytes.
func TestReadRefuses(t *testing.T) {
	x := newEverything()
	for _, e := range events(rand.New(rand.NewPCG(1, 2)), 100) {
		x.add(e)
	}
	text := Append(nil, 7, x)
	for n := range text {
		if err := Read(newEverything(), 7, text[:n]); err == nil {
			t.Fatalf("%d of %d bytes are taken", n, len(text))
		}
	}
	if err := Read(newEverything(), 7, append(text, 0)); err == nil {
		t.Error("a byte too many is taken")
	}
	if err := Read(newEverything(), 8, text); err == nil || err.Error() != "version 7; this program reads 8" {
		t.Errorf("another version: %v", err)
	}
	if err := Read(newEverything(), 7, text); err != nil {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	x := newEverything()
	for _, e := range events(rand.New(rand.NewPCG(1, 2)), 30) {
		x.add(e)
	}
	f.Add(Append(nil, 1, x))
	f.Fuzz(func(t *testing.T, b []byte) {
		y := newEverything()
		if Read(y, 1, b) != nil {
			return
		}
		text, again := Append(nil, 1, y), newEverything()
		if err := Read(again, 1, text); err != nil || !bytes.Equal(Append(nil, 1, again), text) {
			t.Errorf("what was read is not read again: %v", err)
		}
		Merge(y, again)
		y.held.Peak()
		y.spans.Quantile(50)
		y.distinct.Count()
	})
}

// Numbers keep their range: what does not fit is an error, not another number.
func TestNumbersFit(t *testing.T) {
	for _, v := range []int64{math.MinInt64, -129, -128, -1, 0, 127, 128, math.MaxInt64} {
		wide := numbers[int64]{v}
		text := Append(nil, 1, &wide)
		var same numbers[int64]
		if err := Read(&same, 1, text); err != nil || same.v != v {
			t.Errorf("%d comes back as %d: %v", v, same.v, err)
		}
		var narrow numbers[int8]
		if err := Read(&narrow, 1, text); (err == nil) != (v >= -128 && v <= 127) || err == nil && int64(narrow.v) != v {
			t.Errorf("%d in 8 bits is %d: %v", v, narrow.v, err)
		}
	}
	for _, v := range []uint64{0, 255, 256, math.MaxUint64} {
		text := Append(nil, 1, &numbers[uint64]{v})
		var narrow numbers[uint8]
		if err := Read(&narrow, 1, text); (err == nil) != (v <= 255) {
			t.Errorf("%d in 8 bits without sign is %d: %v", v, narrow.v, err)
		}
	}
}

type numbers[T Number] struct{ v T }

func (n *numbers[T]) Fields(w *Walk) { Sum(w, &n.v) }

// plain is all that Plain takes.
type plain struct {
	Is    bool
	Int   int16
	Uint  uint32
	Ratio float64
	Text  string
	Pair  [2]struct{ A, B uint8 }
	List  []plain
	Next  *plain
}

type holder struct{ v plain }

func (h *holder) Fields(w *Walk) { Plain(w, &h.v) }

func TestPlain(t *testing.T) {
	inner := plain{Int: -7, Text: "x\x00y", Ratio: math.Inf(-1)}
	for _, v := range []plain{{}, inner, {Is: true, Uint: 1 << 31, Pair: [2]struct{ A, B uint8 }{{1, 2}, {3, 4}}, List: []plain{inner, {}}, Next: &inner}} {
		h, back := holder{v}, holder{plain{Text: "was here", List: []plain{{}}, Next: &plain{}}}
		if err := Read(&back, 1, Append(nil, 1, &h)); err != nil || !reflect.DeepEqual(back, h) {
			t.Errorf("%+v comes back as %+v: %v", h, back, err)
		}
	}
	for _, wrong := range []Value{&notPlain[map[string]int]{}, &notPlain[struct{ hidden int }]{}, &notPlain[func()]{}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%T is written down", wrong)
				}
			}()
			Append(nil, 1, wrong)
		}()
	}
}

type notPlain[T any] struct{ v T }

func (n *notPlain[T]) Fields(w *Walk) { Plain(w, &n.v) }

// Merging allocates a walk, and nothing for what has no lists of its own.
func TestMergeAllocates(t *testing.T) {
	var a numbersAll
	b := numbersAll{sum: 3}
	if n := testing.AllocsPerRun(100, func() { Merge(&a, &b) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
	var m Merger
	if n := testing.AllocsPerRun(100, func() { m.Merge(&a, &b) }); n != 0 || a.sum != 202*b.sum || b.sum == 0 {
		t.Errorf("%v allocations of a walk that was used before; the sum is %d times what was added", n, a.sum/b.sum)
	}
}

type numbersAll struct {
	sum, most, least int64
	all              [4]uint64
	span             Range[int64]
}

func (x *numbersAll) Fields(w *Walk) {
	Sum(w, &x.sum)
	Sums(w, x.all[:])
	Max(w, &x.most)
	Least(w, &x.least)
	x.span.Fields(w)
}

// A fold is a list of fields.
func Example() {
	a, b := &numbersAll{}, &numbersAll{}
	for _, v := range []int64{5, 3} {
		a.sum, a.most = a.sum+v, max(a.most, v)
		TakeLeast(&a.least, v)
	}
	b.sum, b.most, b.least = 9, 9, 9
	written := Append(nil, 1, a)
	back := &numbersAll{}
	if err := Read(back, 1, written); err != nil {
		fmt.Println(err)
	}
	Merge(b, back)
	fmt.Println(b.sum, b.least, b.most)
	// Output: 17 3 9
}
