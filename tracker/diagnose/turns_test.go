package diagnose

import (
	"math/rand/v2"
	"testing"

	"tcpwatch/tracker/record"
)

// inOrder are attempts to a listener, a second apart, of which those fail that refuse tells.
func inOrder(n int, refuse func(i int) bool) []*record.Record {
	return many(n, func(i int) *record.Record {
		r := made(uint64(i + 1))
		r.Start = at + int64(i)*second
		if refuse(i) {
			failed(record.OpenRefused, 1)(r)
		}
		return r
	})
}

// turnTold is of how many targets the turn is that is told; 0 where none is.
func turnTold(records []*record.Record) int {
	s := newSampled(maxSampled)
	for _, r := range records {
		s.add(r)
	}
	v := s.join().of(point("10.0.0.2:80"), wentRefused)
	if !v.named() {
		return 0
	}
	for targets := range mostTargets + 1 {
		if v.why[0].text == sayTurn(turn{targets: targets}.number()) {
			return targets
		}
	}
	return 0
}

// What fails in turn is told so, whatever its place; what fails at random is not, more often than one
// time in a hundred: that is what the test of the sign promises.
func TestTurns(t *testing.T) {
	for _, x := range []struct{ n, targets, place int }{{18, 3, 2}, {18, 3, 0}, {24, 2, 1}, {64, 16, 5}, {40, 7, 6}} {
		got := turnTold(inOrder(x.n, func(i int) bool { return i%x.targets == x.place }))
		if got != x.targets {
			t.Errorf("%+v: a turn of %d", x, got)
		}
	}
	if got := turnTold(inOrder(6, func(i int) bool { return i%3 == 2 })); got != 0 {
		t.Errorf("two of six are too few to tell: a turn of %d", got)
	}
	if got := turnTold(inOrder(60, func(i int) bool { return i >= 20 && i < 40 })); got != 0 {
		t.Errorf("all in one stretch: a turn of %d", got)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	claimed := 0
	const rounds = 1000
	for range rounds {
		order := rng.Perm(18)
		if turnTold(inOrder(18, func(i int) bool { return order[i] < 6 })) != 0 {
			claimed++
		}
	}
	if claimed*100 > rounds {
		t.Errorf("a random third is told to be in turn %d times of %d", claimed, rounds)
	}
}
