package report

import (
	"cmp"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// culprit is a row of the incomplete closes: who ended it, and how.
type culprit struct {
	Fault diagnose.Fault
	Cause string
	End   record.End
	Host  capture.Endpoint // of that end, without the port of a client; zero when it is NoEnd
}

// Hash chooses which rows are kept.
func (c culprit) Hash() uint64 {
	h := uint64(c.Fault)<<8 | uint64(c.End)
	for i := 0; i < len(c.Cause); i++ {
		h = h*31 + uint64(c.Cause[i])
	}
	return fold.Hash16(c.Host.Addr, h<<16|uint64(c.Host.Port))
}

// blame sums up incomplete closes of one culprit.
type blame struct {
	n      uint64
	ids    ids
	waited int64 // the longest, ns; 0 for resets
}

// Fields walks over what is summed up.
func (b *blame) Fields(w *fold.Walk) {
	fold.Sum(w, &b.n)
	fold.Packets(w, &b.ids)
	fold.Max(w, &b.waited)
}

// Weight is how many there are.
func (b *blame) Weight() uint64 { return b.n }

// closes is the fold of how connections closed.
type closes struct {
	kinds        [record.NCloseKinds]uint64 // but for normal ones
	segments     [5]uint64                  // of normal closes, by number of segments; [0] unknown
	simultaneous uint64
	halfClose    uint64 // normal closes with data after the first FIN
	halfBytes    uint64
	harmless     uint64 // normal closes with a RST after them
	lostNothing  uint64 // ended by a RST by which nobody lost anything
	opening      uint64 // never opened, but the input ended before that was late
	hidden       uint64 // what is missing may have been done out of sight
	closing      [diagnose.FaultUnackedFIN + 1]unfinished
	culprits     fold.Worst[culprit, blame, *blame]
	worst        ranking
}

// unfinished counts closes that the end of the input cut short, by what was
// still to come.
type unfinished struct {
	n   uint64
	ids ids
}

func newCloses(o SummaryOptions) sums {
	return &closes{
		culprits: fold.NewWorst[culprit, blame](maxCulprits),
		worst:    newRanking(o.Kept, byFault),
	}
}

// byFault ranks what is stuck longest first, resets last.
func byFault(a, b *record.Record) int {
	x, y := diagnose.JudgeClose(a), diagnose.JudgeClose(b)
	if (x.Fault == diagnose.FaultReset) != (y.Fault == diagnose.FaultReset) {
		if x.Fault == diagnose.FaultReset {
			return 1
		}
		return -1
	}
	return cmp.Compare(y.Waited(b), x.Waited(a))
}

func (c *closes) narrow(by int) { c.culprits.Narrow(by) }

func (c *closes) add(r *record.Record) {
	if r.Close.Kind == record.CloseNormal {
		c.addNormal(r)
		return
	}
	if r.Close.Kind == record.CloseUnknown && r.Open.Kind == record.OpenUnknown {
		c.hidden++ // of which a lone SYN/ACK was captured
		return
	}
	c.kinds[r.Close.Kind]++
	if k, _ := causeOf(r); k == stillOpening {
		c.opening++
	}
	v := diagnose.JudgeClose(r)
	switch {
	case v.Fault == diagnose.NoFault:
		return
	case v.Hidden(r):
		c.hidden++
		return
	case diagnose.HarmlessReset(r):
		c.lostNothing++
		return
	case v.StillClosing(r):
		c.closing[v.Fault].n++
		c.closing[v.Fault].ids.Take(r.ID)
		return
	}
	who := culprit{Fault: v.Fault, Cause: v.Cause, End: v.Culprit}
	if v.Culprit <= record.Resp {
		who.Host = endOf(r, v.Culprit)
	}
	if v.Culprit == record.Orig {
		who.Host.Port = 0
	}
	b := c.culprits.Bad(who, diagnose.Sample(r))
	b.n++
	b.ids.Take(r.ID)
	b.waited = max(b.waited, v.Waited(r))
	c.worst.Add(r)
}

func (c *closes) addNormal(r *record.Record) {
	c.segments[min(int(r.Close.Segments), len(c.segments)-1)]++
	if r.Close.First == record.Both {
		c.simultaneous++
	}
	if r.Close.BytesAfterFIN.OK && r.Close.BytesAfterFIN.V > 0 {
		c.halfClose++
		c.halfBytes += r.Close.BytesAfterFIN.V
	}
	if r.Close.ResetBy != record.NoEnd || r.Close.Ignored.Done {
		c.harmless++
	}
}

// complete is how many closed normally.
func (c *closes) complete() (n uint64) {
	for _, k := range c.segments {
		n += k
	}
	return n
}

// Fields walks over what is counted.
func (c *closes) Fields(w *fold.Walk) {
	fold.Sums(w, c.kinds[:])
	fold.Sums(w, c.segments[:])
	fold.Sum(w, &c.simultaneous, &c.halfClose, &c.halfBytes, &c.harmless, &c.lostNothing, &c.opening, &c.hidden)
	for f := range c.closing {
		fold.Sum(w, &c.closing[f].n)
		fold.Packets(w, &c.closing[f].ids)
	}
	c.culprits.Fields(w)
	c.worst.Fields(w)
}

// endOf is the endpoint of one end.
func endOf(r *record.Record, e record.End) capture.Endpoint {
	if e == record.Resp {
		return r.Resp
	}
	return r.Orig
}

// ids are the three least of the connection ids that were added: examples to
// look at, the same whatever the order.
type ids struct {
	n  int
	id [3]uint64
}

// Items are the ids, in order.
func (s *ids) Items() []uint64 { return s.id[:s.n] }

// Take keeps an id when it is one of the least.
func (s *ids) Take(id uint64) {
	if s.n == len(s.id) && id > s.id[len(s.id)-1] {
		return
	}
	at := 0
	for at < s.n && s.id[at] < id {
		at++
	}
	if at == len(s.id) || at < s.n && s.id[at] == id {
		return
	}
	copy(s.id[at+1:], s.id[at:])
	s.id[at] = id
	s.n = min(s.n+1, len(s.id))
}

// String is "#3, #17".
func (s *ids) String() string {
	var b strings.Builder
	for i, id := range s.id[:s.n] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(sentence.ID(id))
	}
	return b.String()
}
