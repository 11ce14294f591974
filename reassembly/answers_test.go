package reassembly

import (
	"fmt"
	"strings"
	"testing"
)

// playAnswers plays a sender and the ACKs that it gets: "3" is a transmission of segment 3, "a3" an ACK of
// everything up to segment 3, "w3" the same with another window. The first flight is acknowledged up
// to segment 0 and ends at "!", where its first segment is sent again after a timeout.
func playAnswers(t *testing.T, text string, saved bool) (told Needless, follows bool) {
	t.Helper()
	const size = 100
	at := func(n int) Seq { return Seq(0xffffff00).Add(uint32(n * size)) }
	var f Flight
	var a Answers
	started, window, top := false, uint16(1000), 0
	for _, w := range strings.Fields(text) {
		if saved {
			v := a.Save(nil, at(7))
			a = Answers{}
			if rest := a.Load(append(v, 42), at(7)); len(rest) != 1 {
				t.Fatalf("%s: %d numbers are left", w, len(rest))
			}
		}
		n := 0
		fmt.Sscan(strings.Trim(w, "aw!"), &n)
		switch {
		case w == "!":
			f.Repeat(at(0), at(1), 0, 0)
			a.Start(&f, at(0), at(1))
			a.Send(at(1), AsLost)
			started = true
		case w[0] == 'a' || w[0] == 'w':
			if w[0] == 'w' {
				window += 100
			}
			x := a.Ack(at(n), window)
			told.Repeats, told.Lost, told.LostAgain = told.Repeats+x.Repeats, told.Lost+x.Lost, told.LostAgain+x.LostAgain
		case !started:
			f.Send(at(n-1), at(n), 0, 0, 0)
			top = n
		default:
			mark := AsLost
			if n > top {
				mark, top = 0, n
			}
			a.Send(at(n), mark)
		}
	}
	return told, a.Follows()
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, text string
		needless   uint8
		follows    bool
	}{
		{"everything was late: each repeat meets its duplicate ACK", "1 2 ! a1 2 a2 3 4 a2 a2 a3 3 a4 4 a4 a4", 4, true},
		{"two are not enough", "1 2 ! a1 2 a2 3 4 a2 a2 a3 a4", 0, true},
		{"the ACKs of new data are delayed", "1 2 ! 2 a2 3 4 3 a2 a2 a4 a4", 3, true},
		{"the first was lost: its repeat answers, and then new data", "1 ! a1 2 a2 3 a3", 0, false},
		{"all were lost, and sent again one by one", "1 2 3 4 ! a1 2 3 a3 4 5 a4 a5 6 a6", 0, false},
		{"the first was lost, the others drew duplicate ACKs", "1 2 3 4 5 ! a0 a0 a0 a0 a5", 0, false},
		{"a repeat was lost", "1 2 ! 2 a1 a2 a2 3 4 a4", 0, false},
		{"what is known until the first loss stays", "1 2 3 ! 2 3 a1 a2 a3 a3 a3 a3 4 5 a3", 3, false},
		{"a window update is no duplicate ACK", "1 2 3 ! 2 3 a3 w3 w3 w3", 0, false},
		{"nor one after which nothing is awaited", "1 2 3 ! 2 3 a3 a3 a3 a3 w3 4 a4", 3, true},
		{"one ACK too many", "1 2 3 ! 2 3 a3 a3 a3 a3 a3", 3, false},
		{"an ACK of what was never sent", "1 2 3 ! 2 3 a3 a3 a3 a3 a9", 3, false},
		{"an old ACK", "1 2 3 ! 2 3 a3 a3 a2", 0, false},
		{"one ACK for all that is new, and one for each repeat", "1 2 3 ! 2 3 a3 a3 a3 a3", 3, true},
		{"more than is kept", "1 !" + strings.Repeat(" 2", MaxAnswers) + " a1 a1 a1 a1", 0, false},
		{"as much as is kept", "1 !" + strings.Repeat(" 1", MaxAnswers-2) + " a1 a1 a1 a1", 3, true},
		{"more in flight than is kept", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 ! a33", 0, false},
	} {
		for _, saved := range []bool{false, true} {
			told, follows := playAnswers(t, c.text, saved)
			if told != (Needless{c.needless, c.needless, 0}) || follows != c.follows {
				t.Errorf("%s (saved %v): %v needless, follows %v", c.name, saved, told, follows)
			}
		}
	}
	var a *Answers
	a.Stop()
	if a.Send(1, 0); a.Follows() {
		t.Error("none follows")
	}
}

// What was counted as lost again, or known to be needless before, is told apart; a closed window and an
// earlier repeat in flight end it.
func TestAnswersMarks(t *testing.T) {
	var a Answers
	a.Start(&Flight{}, 100, 100)
	for _, m := range []Repeated{AsNeedless, AsLost, AsLost | AsLostAgain} {
		a.Send(100, m)
	}
	a.Send(200, 0)
	a.Send(100, AsLost)
	a.Ack(100, 5)
	if a.Follows() {
		t.Error("the window before is not known: an update, maybe")
	}
	a.Start(&Flight{}, 0, 0)
	a.Send(100, 0)
	a.Ack(100, 5)
	for _, m := range []Repeated{AsNeedless, AsLost, AsLost | AsLostAgain, AsLost} {
		a.Send(100, m)
	}
	for i, want := range []Needless{{}, {}, {2, 2, 1}, {1, 1, 0}} {
		if got := a.Ack(100, 5); got != want {
			t.Errorf("ACK %d: %v, want %v", i, got, want)
		}
	}
	a.Send(200, 0)
	if a.Ack(200, 0); a.Follows() {
		t.Error("a closed window throws away what comes, and answers all the same")
	}
	var f Flight
	f.Send(0, 100, 0, 1, 1)
	f.Send(100, 200, 0, 2, 2)
	f.Repeat(100, 200, 1, 3)
	if a.Start(&f, 0, 100); a.Follows() {
		t.Error("what was repeated before is in flight")
	}
}
