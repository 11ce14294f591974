package diagnose

import (
	"cmp"
	"math"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// maxSampled is how many attempts of those that failed, and how many of the others, are
// remembered for a contrast.
const maxSampled = 8192

// outcome is how an attempt went.
type outcome uint8

const (
	wentUnknown    outcome = iota
	wentWell               // it opened, and nothing was sent twice for it
	wentUnanswered         // nothing answered
	wentLate               // its SYN was answered only when it came again
	wentRefused            // a RST answered the SYN
	wentIgnored            // the SYN/ACK came again after the third ACK was seen
	wentHalfOpen           // the SYN/ACK was sent again for want of the third ACK, and the SYN was not
	wentOther              // it was answered, and failed some other way
)

// attempt is what is remembered of one attempt to open a connection.
type attempt struct {
	ID           uint64 `fold:"packet"`
	Start, End   int64
	Opened       int64 // when it opened; 0 where it did not, or was not served
	Until        int64 // until when both ends held it open; the greatest number where they still do
	Held         int64 // until when the listener held it
	Left         int64 // when the listener sent its FIN, before the other end did; 0 where it did not
	Orig, Resp   capture.Endpoint
	Tunnel       uint64
	TSVal        uint32
	TSRecent     uint32 // of those that opened: the newest timestamp that was accepted
	Interface    uint32
	VLAN         uint16
	MSS          uint16
	TTL          uint8
	Result       outcome
	HeldState    uint8
	Stamped      bool
	ECN          bool
	Optioned     bool // the SYN was captured, so that its options are known
	SACK, WScale bool
	FastOpen     bool
	SYNData      bool
	Signed       bool
	Prompt       bool // data came at once after the third ACK
	Rank         uint64
}

// outcomeOf tells how an attempt went.
func outcomeOf(r *record.Record) outcome {
	o := &r.Open
	if r.Capture.OneWay || r.Capture.Midstream || o.SYNs == 0 || r.Start == 0 {
		return wentUnknown
	}
	opened := o.Kind == record.OpenHandshake || o.Kind == record.OpenSimultaneous
	switch {
	case unanswered(r) && !otherAnswered(r):
		return wentUnanswered
	case o.Kind == record.OpenRefused, o.RefusedFirst:
		return wentRefused
	case openedLate(r):
		return wentLate
	case ackMissing(r):
		return wentHalfOpen
	case opened && o.ACKsIgnored > 0:
		return wentIgnored
	case opened && o.NSYNsAgain == 0 && o.NSYNACKsAgain == 0 && !RefusedLate(r):
		return wentWell
	case o.Kind == record.OpenNoAnswer, o.Kind == record.OpenUnknown, o.Kind == record.OpenUnreachable:
		return wentUnknown
	}
	return wentOther
}

// sampled is a sample of attempts, the same ones for any division of the work: those of
// the seconds with the least hashes, so that what came at one moment is kept together. Those that failed
// and the others have places of their own: no number of either takes the other's.
type sampled struct {
	twoKinds[attempt]
	running fold.Ranking[attempt] // and connections that ran when first seen
	next    attempt               // room to make one in
}

func newSampled(limit int) sampled {
	return sampled{twoKinds: newTwoKinds(limit, compareSampled), running: fold.NewRanking(max(limit/runningShare, 1), compareSampled, fold.Assign)}
}

// runningShare is one in how many of maxSampled of the connections that ran when first seen are remembered.
const runningShare = 8

// Fields walks over all samples.
func (s *sampled) Fields(w *fold.Walk) {
	s.twoKinds.Fields(w)
	s.running.Fields(w)
}

// twoKinds are samples of what went badly and of what went well.
type twoKinds[T any] struct{ bad, well fold.Ranking[T] }

func newTwoKinds[T any](limit int, compare func(a, b *T) int) twoKinds[T] {
	return twoKinds[T]{bad: fold.NewRanking(limit, compare, fold.Assign), well: fold.NewRanking(limit, compare, fold.Assign)}
}

// Fields walks over the samples.
func (s *twoKinds[T]) Fields(w *fold.Walk) {
	s.bad.Fields(w)
	s.well.Fields(w)
}

// keep offers what went well, or badly.
func (s *twoKinds[T]) keep(x *T, well bool) {
	if well {
		s.well.Add(x)
	} else {
		s.bad.Add(x)
	}
}

func compareSampled(a, b *attempt) int {
	return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.ID, b.ID))
}

// add takes in an attempt.
func (s *sampled) add(r *record.Record) {
	s.addRunning(r)
	result := outcomeOf(r)
	if result == wentUnknown {
		return
	}
	a, e := &s.next, &r.Ends[record.Orig]
	*a = attempt{ID: r.ID, Start: r.Start, End: r.End, Orig: r.Orig, Resp: r.Resp, Interface: uint32(r.Interface), Result: result,
		TSVal: r.Open.TSVal.V, TSRecent: r.Open.TSRecent.V, Stamped: r.Open.TSVal.OK, MSS: e.MSS.V, TTL: e.TTL.V,
		Tunnel: uint64(r.Tunnel)<<32 | uint64(r.TunnelID), ECN: e.ECN.V, Optioned: e.SACK.OK, SACK: e.SACK.V, WScale: e.WScale.OK,
		FastOpen: r.Open.FastOpenAsked, SYNData: r.Open.SYNData, Signed: r.Open.Signed, HeldState: uint8(r.Open.HeldState), Prompt: e.FirstByte.OK && e.FirstByte.V < promptData,
		Rank: fold.Mix(uint64(r.Start / second))}
	a.Opened, a.Until = openFor(r)
	a.Held, a.Left = listenerHeld(r), leftBy(r)
	if r.NVLAN > 0 {
		a.VLAN = r.VLANs[r.NVLAN-1]
	}
	s.keep(a, result == wentWell || result == wentOther)
}

// addRunning takes in a connection that ran when it was first seen, by what both ends sent.
func (s *sampled) addRunning(r *record.Record) {
	if r.Open.Kind != record.OpenMidstream || r.Start == 0 || !bothSeen(r) || r.Close.RSTs[record.Resp] > 0 {
		return
	}
	s.next = attempt{ID: r.ID, Start: r.Start, End: r.End, Orig: r.Orig, Resp: r.Resp, Opened: r.Start, Until: heldUntil(r), Held: listenerHeld(r), Left: leftBy(r),
		Rank: fold.Mix(uint64(r.Start / second))}
	s.running.Add(&s.next)
}

// joined is an attempt with what other connections tell of it.
type joined struct {
	*attempt
	behind    bool // its timestamp was behind the newest accepted from its address
	stamps    bool // that is known
	crowded   bool // a SYN of another host to the same listener came within crowdWithin before
	amid      bool // others that began in the same second were answered
	neighbour bool // both of those are known
	held      int  // connections that its client held open to the same server when its SYN came
	counted   bool // that is known: no attempt was forgotten
	turn      turn // see takeTurns
}

// openFor tells when a connection opened, and until when neither end had closed it; nothing of one
// that the server sent nothing on: it may wait in an accept queue, which is no limit.
func openFor(r *record.Record) (opened, until int64) {
	if !r.Open.Felt.OK || r.Ends[record.Resp].SeenBytes == 0 {
		return 0, 0
	}
	return r.Start + r.Open.Felt.V, heldUntil(r)
}

// leftBy is when the listener sent its FIN, where the opener had not sent one; else 0.
func leftBy(r *record.Record) int64 {
	x, y := r.Close.FINTime[record.Orig], r.Close.FINTime[record.Resp]
	if !y.OK || x.OK && x.V <= y.V {
		return 0
	}
	return y.V
}

// listenerHeld tells until when the listener held a connection that had opened: it had sent no FIN, and no RST had ended it.
func listenerHeld(r *record.Record) int64 {
	until := int64(math.MaxInt64)
	if r.Close.Kind == record.CloseReset {
		until = resetAt(r)
	}
	if fin := r.Close.FINTime[record.Resp]; fin.OK {
		until = min(until, fin.V)
	}
	return until
}

// heldUntil tells until when neither end had closed a connection.
func heldUntil(r *record.Record) int64 {
	until := int64(math.MaxInt64)
	if r.Close.Kind != record.CloseOpen {
		until = r.End
	}
	for _, at := range r.Close.FINTime {
		if at.OK {
			until = min(until, at.V)
		}
	}
	return until
}

// crowdWithin is how soon after another host's SYN one counts as coming at the same moment.
const crowdWithin = 2 * millisecond

// join puts the attempts of the sample side by side.
func (s *sampled) join() *contrasts {
	x := &contrasts{byListener: make(map[capture.Endpoint][]*joined), running: make(map[capture.Endpoint][]*attempt), heard: make(map[capture.Addr]bool), sent: make(map[capture.Addr][]int64), told: make(map[contrastKey]*verdict)}
	whole := ^uint64(0) // the seconds of which all attempts are remembered
	var all []*joined
	for _, list := range [...]*fold.Ranking[attempt]{&s.bad, &s.well} {
		kept := list.Sorted()
		if n := len(kept); list.Offered() > uint64(n) && n > 0 {
			x.sampled = true
			whole = min(whole, kept[n-1].Rank-min(kept[n-1].Rank, 1)) // the last one may be cut
		}
		for _, a := range kept {
			all = append(all, &joined{attempt: a})
		}
	}
	for _, a := range s.running.Sorted() {
		x.running[a.Resp] = append(x.running[a.Resp], a)
	}
	slices.SortFunc(all, func(a, b *joined) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID)) })
	for _, a := range all {
		a.neighbour = a.Rank <= whole
		x.byListener[a.Resp] = append(x.byListener[a.Resp], a)
		x.heard[a.Orig.Addr] = true
		x.sent[a.Orig.Addr] = append(x.sent[a.Orig.Addr], a.Start)
		if a.Result != wentUnanswered {
			x.heard[a.Resp.Addr] = true
		}
		if a.Opened != 0 {
			x.sent[a.Resp.Addr] = append(x.sent[a.Resp.Addr], a.Opened)
		}
	}
	for _, times := range x.sent {
		slices.Sort(times)
	}
	joinStamps(all)
	joinHeld(all, !x.sampled)
	for _, list := range x.byListener {
		joinNeighbours(list)
	}
	return x
}

// accepted is a timestamp that a host accepted from an address, and when.
type accepted struct {
	at    int64
	value uint32
}

// route is two hosts.
type route struct{ from, to capture.Addr }

// joinStamps tells of which attempts the timestamp is behind the newest that the host
// had accepted from their address: in the SYNs of what opened before, and on
// connections that ended before.
func joinStamps(all []*joined) {
	taken := make(map[route][]accepted)
	for _, a := range all {
		if k := (route{a.Orig.Addr, a.Resp.Addr}); a.Stamped && a.Result == wentWell {
			taken[k] = append(taken[k], accepted{a.Start, a.TSVal})
			if a.TSRecent != 0 {
				taken[k] = append(taken[k], accepted{a.End, a.TSRecent})
			}
		}
	}
	for _, list := range taken {
		slices.SortFunc(list, func(a, b accepted) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.value, b.value)) })
	}
	type place struct {
		next   int
		newest uint32
		some   bool
	}
	places := make(map[route]*place)
	for _, a := range all { // in order of time
		k := route{a.Orig.Addr, a.Resp.Addr}
		list := taken[k]
		p := places[k]
		if p == nil {
			p = new(place)
			places[k] = p
		}
		for p.next < len(list) && list[p.next].at < a.Start {
			if v := list[p.next].value; !p.some || int32(v-p.newest) > 0 {
				p.newest, p.some = v, true
			}
			p.next++
		}
		a.stamps = a.Optioned
		a.behind = a.Stamped && p.some && int32(a.TSVal-p.newest) < 0
	}
}

// joinHeld counts for each attempt the connections that its client held open to the same server
// when it began; whole tells that no attempt was forgotten.
func joinHeld(all []*joined, whole bool) {
	type holder struct {
		client capture.Addr
		server capture.Endpoint
	}
	opened, closed := make(map[holder][]int64), make(map[holder][]int64)
	for _, a := range all {
		if k := (holder{a.Orig.Addr, a.Resp}); a.Opened != 0 {
			opened[k], closed[k] = append(opened[k], a.Opened), append(closed[k], a.Until)
		}
	}
	for k := range opened {
		slices.Sort(opened[k])
		slices.Sort(closed[k])
	}
	for _, a := range all {
		k := holder{a.Orig.Addr, a.Resp}
		before, _ := slices.BinarySearch(opened[k], a.Start)
		over, _ := slices.BinarySearch(closed[k], a.Start)
		a.held, a.counted = before-over, whole
	}
}

// limitFits tells how many connections to a listener the clients of those attempts that failed in
// one way held open, where all of them held as many and nobody else's attempt found so many: too
// few to be sure, but a limit fits.
func (x *contrasts) limitFits(at capture.Endpoint, failed outcome) (held int, ok bool) {
	if x == nil || x.sampled {
		return 0, false
	}
	others := 0
	for _, a := range x.byListener[at] {
		switch {
		case a.Result != failed:
			others = max(others, a.held)
		case held == 0:
			held, ok = a.held, true
		default:
			ok = ok && a.held == held
		}
	}
	return held, ok && held >= heldLeast && others < held
}

// joinNeighbours tells which attempts to a listener came right behind another host's, and
// which came in a second in which others were answered.
func joinNeighbours(list []*joined) {
	answered := make(map[int64]int)
	for i, a := range list {
		if a.Result != wentUnanswered && a.Result != wentLate {
			answered[a.Start/second]++
		}
		for j := i - 1; j >= 0 && a.Start-list[j].Start <= crowdWithin; j-- {
			if list[j].Orig.Addr != a.Orig.Addr {
				a.crowded = true
				break
			}
		}
	}
	for _, a := range list {
		n := answered[a.Start/second]
		if a.Result != wentUnanswered && a.Result != wentLate {
			n--
		}
		a.amid = n > 0
	}
}
