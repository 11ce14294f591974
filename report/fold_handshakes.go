package report

import (
	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// listener is the end that connections are opened to.
type listener capture.Endpoint

// Hash chooses which listeners are kept.
func (l listener) Hash() uint64 {
	return fold.Hash16(l.Addr, uint64(l.Port))
}

// handshakes is the fold of how connections opened. What completed and what
// failed are kept apart, so that a scan of closed ports can't push out the
// listeners that work.
type handshakes struct {
	opened    fold.Worst[listener, opened, *opened]
	failed    fold.Worst[listener, failed, *failed]
	humps     humps
	midstream uint64
	forgotten uint64 // dropped by a full table before it was known, or begun without a SYN after it dropped some
	halves    uint64 // of which a lone SYN/ACK was captured
}

// opened sums up handshakes that completed.
type opened struct {
	n           uint64
	synAgain    uint64 // SYNs repeated
	synACKAgain uint64
	resets      uint64 // connections that a RST ended
	repeated    uint64 // handshakes with either
	ids         ids    // of those
	oldAnswered uint64 // of those, SYNs that an older connection answered: none was lost
	oldIDs      ids
	firstAgain  fold.Range[int64] // ns from a SYN to its first repeat, where no older connection answered it
	untimed     uint64            // without a felt time
	oneSided    uint64            // completed for the client only
	oneSidedIDs ids
	felt        fold.Histogram
	server      fold.Histogram
	client      fold.Histogram
	slowest     fold.First[slowest]
}

// cause says why an attempt failed.
type cause uint8

const (
	causeRefused cause = iota
	causeUnreachable
	causeNoAnswer
	causeHalfOpen
	causeAborted
	nFailures
	// stillOpening is no failure: the input ended before the answer was late.
	stillOpening = nFailures
	nCauses      = nFailures + 1
)

// failed sums up attempts that failed, and those that may yet succeed.
type failed struct {
	n           [nCauses]uint64
	ids         [nCauses]ids
	waited      [nCauses]int64     // the longest
	syns        uint32             // the most that one unanswered attempt sent
	answer      fold.First[answer] // of unreachable attempts
	synAgain    uint64
	synACKAgain uint64
	waiting     uint64 // of those that may yet succeed: their SYN or SYN/ACK was sent again
}

func newHandshakes(SummaryOptions) sums {
	return &handshakes{
		opened: fold.NewWorst[listener, opened](maxListeners),
		failed: fold.NewWorst[listener, failed](maxListeners),
	}
}

// causeOf tells why r's opening failed; false when it did not.
func causeOf(r *record.Record) (cause, bool) {
	switch r.Open.Kind {
	case record.OpenRefused:
		return causeRefused, true
	case record.OpenUnreachable:
		return causeUnreachable, true
	case record.OpenNoAnswer:
		if diagnose.Waits(r, r.Open.SYNs) {
			return stillOpening, true
		}
		return causeNoAnswer, true
	case record.OpenHalfOpen:
		if diagnose.Waits(r, r.Open.SYNACKs) {
			return stillOpening, true
		}
		return causeHalfOpen, true
	case record.OpenAborted:
		return causeAborted, true
	}
	return 0, false
}

func (h *handshakes) narrow(by int) {
	h.opened.Narrow(by)
	h.failed.Narrow(by)
}

func (h *handshakes) add(r *record.Record) {
	l := listener(r.Resp)
	if c, ok := causeOf(r); ok {
		if c == stillOpening {
			h.failed.At(l).add(r, c)
		} else {
			h.failed.Bad(l, diagnose.Sample(r)).add(r, c)
		}
		return
	}
	switch {
	case r.Open.Kind == record.OpenUnknown && r.Close.Kind != record.CloseEvicted && !r.Capture.Forgotten:
		h.halves++
		return
	case r.Open.Kind == record.OpenUnknown, r.Capture.Forgotten && r.Open.Kind == record.OpenMidstream:
		h.forgotten++
		return
	case r.Open.Kind == record.OpenMidstream:
		h.midstream++
		return
	}
	if r.Open.SYNs > 1 || r.Open.SYNACKs > 1 || r.Close.Kind == record.CloseReset || sentence.OneSided(r) {
		h.opened.Bad(l, diagnose.Sample(r)).add(r)
	} else {
		h.opened.At(l).add(r)
	}
	h.humps.add(r)
}

// Fields walks over what is counted.
func (h *handshakes) Fields(w *fold.Walk) {
	h.opened.Fields(w)
	h.failed.Fields(w)
	h.humps.Fields(w)
	fold.Sum(w, &h.midstream, &h.forgotten, &h.halves)
}

// totals sums up all listeners, the rest too.
func (h *handshakes) totals() (done *opened, bad *failed) { return h.opened.Total(), h.failed.Total() }

// sentAgain is how often something was sent after its first time.
func sentAgain(sent uint32) uint64 {
	if sent == 0 {
		return 0
	}
	return uint64(sent - 1)
}

// Weight is how often something did not go as it should.
func (s *opened) Weight() uint64 { return s.repeated + s.resets + s.oneSided }

func (s *opened) add(r *record.Record) {
	s.n++
	s.synAgain += sentAgain(r.Open.SYNs)
	s.synACKAgain += sentAgain(r.Open.SYNACKs)
	if r.Open.SYNs > 1 || r.Open.SYNACKs > 1 {
		s.repeated++
		s.ids.Take(r.ID)
		if !diagnose.OldAnswered(r) {
			if r.Open.NSYNsAgain > 0 {
				s.firstAgain.Take(int64(r.Open.SYNsAgain[0]) * 1e6)
			}
		} else {
			s.oldAnswered++
			s.oldIDs.Take(r.ID)
		}
	}
	if r.Close.Kind == record.CloseReset {
		s.resets++
	}
	if sentence.OneSided(r) {
		s.oneSided++
		s.oneSidedIDs.Take(r.ID)
	}
	if r.Open.Felt.OK {
		s.felt.Add(r.Open.Felt.V)
		s.slowest.Take(slowest{r.Open.Felt.V, r.ID})
	} else {
		s.untimed++
	}
	if r.Open.Resp.OK {
		s.server.Add(r.Open.Resp.V)
	}
	if r.Open.Orig.OK {
		s.client.Add(r.Open.Orig.V)
	}
}

// slowest is a felt time and whose it is.
type slowest struct {
	Felt int64
	ID   uint64 `fold:"packet"`
}

// Before tells that it is longer than another.
func (x slowest) Before(o slowest) bool { return x.Felt > o.Felt || x.Felt == o.Felt && x.ID < o.ID }

// Fields walks over what is summed up.
func (s *opened) Fields(w *fold.Walk) {
	fold.Sum(w, &s.n, &s.synAgain, &s.synACKAgain, &s.resets, &s.repeated, &s.oldAnswered, &s.untimed, &s.oneSided)
	for _, x := range [...]*ids{&s.ids, &s.oldIDs, &s.oneSidedIDs} {
		fold.Packets(w, x)
	}
	for _, x := range [...]*fold.Histogram{&s.felt, &s.server, &s.client} {
		x.Fields(w)
	}
	s.slowest.Fields(w)
	s.firstAgain.Fields(w)
}

func (s *failed) add(r *record.Record, c cause) {
	s.n[c]++
	s.ids[c].Take(r.ID)
	if r.Open.Waited.OK {
		s.waited[c] = max(s.waited[c], r.Open.Waited.V)
	}
	switch c {
	case stillOpening:
		if r.Open.SYNs > 1 || r.Open.SYNACKs > 1 {
			s.waiting++
		}
	case causeUnreachable:
		s.answer.Take(answer{r.ID, r.Open.Answer})
	case causeNoAnswer:
		s.syns = max(s.syns, r.Open.SYNs)
	}
	s.synAgain += sentAgain(r.Open.SYNs)
	s.synACKAgain += sentAgain(r.Open.SYNACKs)
}

// answer is what answered an attempt.
type answer struct {
	ID uint64 `fold:"packet"`
	record.Answer
}

// Before tells that the attempt's id is less than another's.
func (x answer) Before(o answer) bool { return x.ID < o.ID }

// Fields walks over what is summed up.
func (s *failed) Fields(w *fold.Walk) {
	fold.Sums(w, s.n[:])
	for c := range s.ids {
		fold.Packets(w, &s.ids[c])
		fold.Max(w, &s.waited[c])
	}
	fold.Max(w, &s.syns)
	s.answer.Fields(w)
	fold.Sum(w, &s.synAgain, &s.synACKAgain, &s.waiting)
}

// Weight is how many attempts failed.
func (s *failed) Weight() uint64 { return s.total() }

// total is how many attempts failed.
func (s *failed) total() (n uint64) {
	for _, c := range s.n[:nFailures] {
		n += c
	}
	return n
}

const (
	microsecond = int64(1e3)
	millisecond = int64(1e6)
	oneSecond   = int64(1e9)
)

// humpBounds are the lower bounds of the classes of felt times that the text
// histogram shows. From 1 s on they are the times at which SYNs are repeated
// (older Linux: 1, 3, 7, 15, 31, 63 s; since 6.5: 1, 2, 3, 4, 5, 7, 11 s ...).
var humpBounds = [...]int64{0,
	50 * microsecond, 100 * microsecond, 200 * microsecond, 500 * microsecond,
	millisecond, 2 * millisecond, 5 * millisecond, 10 * millisecond, 20 * millisecond, 50 * millisecond,
	100 * millisecond, 200 * millisecond, 500 * millisecond,
	oneSecond, 2 * oneSecond, 3 * oneSecond, 4 * oneSecond, 5 * oneSecond, 7 * oneSecond, 15 * oneSecond, 31 * oneSecond, 63 * oneSecond}

// humps counts felt times, how many of them had something repeated, and how
// many SYNs and SYN/ACKs those repeated.
type humps [len(humpBounds)]struct{ n, slow, syns, synACKs uint64 }

func (h *humps) add(r *record.Record) {
	if !r.Open.Felt.OK {
		return
	}
	i := 0 // from below: most are short
	for i+1 < len(humpBounds) && r.Open.Felt.V >= humpBounds[i+1] {
		i++
	}
	h[i].n++
	if r.Open.SYNs > 1 || r.Open.SYNACKs > 1 {
		h[i].slow++
	}
	h[i].syns += sentAgain(r.Open.SYNs)
	h[i].synACKs += sentAgain(r.Open.SYNACKs)
}

// Fields walks over the classes.
func (h *humps) Fields(w *fold.Walk) {
	for i := range h {
		fold.Sum(w, &h[i].n, &h[i].slow, &h[i].syns, &h[i].synACKs)
	}
}
