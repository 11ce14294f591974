package reassembly

// MaxAnswers is how many transmissions Answers keep that no ACK has answered yet.
const MaxAnswers = 32

// leastMet is how many repeats must have met their duplicate ACK before any is told: one or two may
// have another cause.
const leastMet = 3

// Answers find out which transmission each ACK answers, where the receiver says neither by SACK nor by
// timestamps. They suppose that every transmission arrived, in order: then each ACK answers the
// next one, and what comes a second time draws a duplicate ACK at once (RFC 9293 section
// 3.10.7.4). So a repeat that meets its duplicate ACK was needless. The first ACK that
// does not agree ends it: something was lost, or came another way. The zero value follows nothing.
type Answers struct {
	next    Seq // RCV.NXT, all that was answered having arrived
	window  uint16
	follows bool
	timed   bool // window is known
	head, n uint8
	met     uint8    // repeats that met their duplicate ACK
	owed    Needless // of those, what is not told yet
	sent    [MaxAnswers]transmission
}

// transmission is one that waits for its answer.
type transmission struct {
	end  Seq
	mark Repeated
}

// Repeated says what a repeat was counted as.
type Repeated uint8

const (
	// AsNeedless is a repeat known to be needless.
	AsNeedless Repeated = 1 << iota
	// AsLost is one of what was counted as lost.
	AsLost
	// AsLostAgain is one of what had been sent again before, besides.
	AsLostAgain
)

// Needless counts repeats of what had arrived: all, and those that were counted as lost and as lost again.
type Needless struct{ Repeats, Lost, LostAgain uint8 }

// Start begins with what is in flight, from una on, at a repeat that ends at to, the first of what is in
// flight; it follows nothing where that is too much to keep, or something else of it was repeated before.
func (a *Answers) Start(f *Flight, una, to Seq) {
	*a = Answers{next: una, follows: true}
	for i := range f.Len() {
		s := f.At(i)
		once := s.Times == 1 || i == 0 && s.Times == 2 && s.To == to
		if !a.follows || !once || s.Cut || s.From != una {
			a.follows = false
			return
		}
		una = s.To
		a.Send(una, 0)
	}
}

// Follows reports whether nothing has contradicted it so far.
func (a *Answers) Follows() bool { return a != nil && a.follows }

// Stop ends it.
func (a *Answers) Stop() {
	if a != nil {
		a.follows = false
	}
}

// Send notes a transmission that ends at end, its FIN counted.
func (a *Answers) Send(end Seq, mark Repeated) {
	if !a.Follows() {
		return
	}
	if a.n == MaxAnswers {
		a.follows = false
		return
	}
	a.sent[(a.head+a.n)%MaxAnswers] = transmission{end, mark}
	a.n++
}

// Ack takes an ACK without data of everything before n, and returns which repeats it shows to have been
// needless that were not told before.
func (a *Answers) Ack(n Seq, window uint16) (needless Needless) {
	if !a.Follows() {
		return needless
	}
	same := a.timed && a.window == window
	a.window, a.timed = window, true
	if window == 0 {
		a.follows = false // what comes now is thrown away, and draws an ACK all the same
	}
	for a.follows && a.n > 0 {
		x := a.sent[a.head]
		a.head, a.n = (a.head+1)%MaxAnswers, a.n-1
		old := x.end.LessEq(a.next)
		a.next = Max(a.next, x.end)
		switch {
		case a.next.Less(n) && !old:
			continue // the receiver waited for a second segment (RFC 5681 section 4.2)
		case a.next != n || old && !same:
			a.follows = false
		case old:
			a.meets(x.mark)
			if a.met >= leastMet {
				needless, a.owed = a.owed, needless
			}
		}
		return needless
	}
	a.follows = a.follows && n == a.next && !same // a window update answers nothing
	return needless
}

// meets notes a repeat that met its duplicate ACK.
func (a *Answers) meets(mark Repeated) {
	a.met = min(a.met, 254) + 1
	if mark&AsNeedless == 0 {
		a.owed.Repeats++
	}
	if mark&AsLost != 0 {
		a.owed.Lost++
	}
	if mark&AsLostAgain != 0 {
		a.owed.LostAgain++
	}
}
