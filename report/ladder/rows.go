package ladder

import (
	"cmp"

	"tcpwatch/capture"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Bounds of one figure.
const (
	maxRungs    = 1000 // rows where Options ask for no other number
	windowRungs = 4    // a window that moments keep open ends after this many times Around
)

// rung is one row of a ladder: a step, the packets that were left out there, or a long time without any.
type rung struct {
	sentence.Told
	gap     *gap
	silence int64 // ns
}

// step reports whether it is one.
func (r *rung) step() bool { return r.gap == nil && r.silence == 0 }

// Silences that a ladder tells last so long at least, and such a part of the time that it shows.
const (
	leastSilence = 1e9
	silentPart   = 20
)

// withSilences is rows with those that tell of long times without a packet.
func withSilences(all []rung) []rung {
	// times are when the packets of a row began and ended; false where that is not known.
	times := func(r *rung) (from, to int64, known bool) {
		if r.gap != nil {
			return r.gap.start, r.gap.end, true
		}
		return r.Time, r.Time, r.Packet > 0 && !r.Untimed
	}
	var first, last int64
	some := false
	for i := range all {
		if from, to, known := times(&all[i]); known {
			if !some {
				first, some = from, true
			}
			last = max(last, to)
		}
	}
	told := make([]rung, 0, len(all))
	before, some := first, false
	for i := range all {
		from, to, known := times(&all[i])
		if known {
			if n := from - before; some && n >= leastSilence && n >= (last-first)/silentPart {
				told = append(told, rung{silence: n})
			}
			before, some = max(before, to), true
		}
		told = append(told, all[i])
	}
	return told
}

// gap counts the packets that were left out in one place.
type gap struct {
	first      rung // a row that says that a single one was left out takes as much room as this
	packets    uint64
	bytes      [2]uint64
	start, end int64
	moments    [record.MomentReusedTuple + 1]uint64
}

func (g *gap) add(r *rung) {
	if g.packets == 0 {
		g.first, g.start = *r, r.Time
	}
	g.end = r.Time
	g.packets++
	if r.From <= record.Resp {
		g.bytes[r.From] += uint64(r.Length)
	}
	for k := range g.moments {
		if r.Kinds&(1<<k) != 0 {
			g.moments[k]++
		}
	}
}

// weight says how a kind of moment counts when rows are chosen.
type weight struct {
	noun    string // in the singular, for those that were left out
	limit   uint8  // how many may open a window of their own
	closing bool   // part of the close: kept when the figure is full otherwise
}

// weights has a line for every record.MomentKind.
var weights = [...]weight{
	record.MomentNone:              {},
	record.MomentSYNAgain:          {"SYN retransmission", 16, false},
	record.MomentSYNACKAgain:       {"SYN/ACK retransmission", 16, false},
	record.MomentEstablished:       {"handshake", 8, false},
	record.MomentSimultaneousOpen:  {"simultaneous open", 8, false},
	record.MomentFastOpen:          {"fast open", 8, false},
	record.MomentRefused:           {"refusal", 8, true},
	record.MomentUnreachable:       {"ICMP error", 8, true},
	record.MomentICMP:              {"ICMP error", 8, false},
	record.MomentMidstream:         {"midstream start", 8, false},
	record.MomentFIN:               {"FIN", 8, true},
	record.MomentFINAcked:          {"acknowledged FIN", 8, true},
	record.MomentFINAgain:          {"FIN retransmission", 16, true},
	record.MomentLastACKLost:       {"lost last ACK", 8, true},
	record.MomentTimeWait:          {"TIME-WAIT", 8, true},
	record.MomentTimeWaitRestart:   {"restart of 2MSL", 8, true},
	record.MomentTimeWaitReuse:     {"end of TIME-WAIT", 8, true},
	record.MomentSimultaneousClose: {"simultaneous close", 8, true},
	record.MomentClosed:            {"close", 8, true},
	record.MomentHalfCloseData:     {"segment after the other end's FIN", 1, false},
	record.MomentReset:             {"RST", 8, true},
	record.MomentResetIgnored:      {"ignored RST", 8, false},
	record.MomentResetHarmless:     {"harmless RST", 4, true},
	record.MomentChallengeACK:      {"challenge ACK", 8, false},
	record.MomentKeepalive:         {"keepalive probe", 8, false},
	record.MomentKeepaliveAnswer:   {"answer to a keepalive probe", 8, false},
	record.MomentKeepaliveDead:     {"failed keepalive", 8, true},
	record.MomentZeroWindow:        {"zero window", 5, false},
	record.MomentZeroWindowEnd:     {"window update", 5, false},
	record.MomentWindowProbe:       {"zero-window probe", 5, false},
	record.MomentRetransmission:    {"retransmission", 5, false},
	record.MomentOutOfOrder:        {"out-of-order segment", 3, false},
	record.MomentGap:               {"gap", 3, false},
	record.MomentAckedUnseen:       {"ACK of bytes not captured", 3, false},
	record.MomentRetracted:         {"retracted state", 8, true},
	record.MomentUnknownSegment:    {"unexplained segment", 5, false},
	record.MomentDuplicate:         {"duplicate of the capture", 1, false},
	record.MomentDataRefused:       {"discarded data segment", 6, false},
	record.MomentConflict:          {"conflicting data", 6, false},
	record.MomentOldAnswer:         {"answer of an older connection", 8, false},
	record.MomentOldReset:          {"RST of an older connection", 8, false},
	record.MomentReusedTuple:       {"reuse of the addresses and ports", 8, false},
}

// weigh is the weight of a kind that may be newer than the table.
func weigh(k record.MomentKind) weight {
	if int(k) < len(weights) {
		return weights[k]
	}
	return weight{noun: "moment", limit: 1}
}

// figure gathers the rows of one connection in bounded memory: rows that
// nothing made noteworthy wait in a ring; a moment brings out the ring and
// keeps what follows; what falls out of the ring is counted in a gap.
type figure struct {
	id         uint64
	orig, resp capture.Endpoint
	start      int64
	startless  bool // the time of its first packet is not known
	before     [2]record.State
	around     int
	rows       int // kept before only the close may add some, two fifths more at most
	sentence.Teller
	cited []diagnose.Finding // of which it is an example
	told  func(s *record.Step, t *sentence.Told)

	rungs  []rung
	ring   []rung // oldest first from ringAt on
	ringAt int
	after  int // rows still to keep after the last moment
	window int // rows since this window opened
	opened [len(weights)]uint8
	gap    gap
	record *record.Record
}

func newFigure(s *record.Step, o Options) *figure {
	return &figure{id: s.Conn, orig: s.Orig, resp: s.Resp, start: cmp.Or(o.Start, s.Time), startless: s.Untimed, before: s.Before, around: o.Around, rows: o.Rows,
		told: o.Told, after: o.Around,
		Teller: sentence.NewTeller(o.phrases())}
}

func (f *figure) step(s *record.Step) {
	r := rung{Told: f.Take(s)}
	opens, closing := f.noteworthy(s)
	limit := f.rows
	if closing {
		limit += limit * 2 / 5
	}
	room := len(f.rungs)+len(f.ring) < limit
	switch {
	case opens && room:
		if f.after == 0 {
			f.window = 0
			f.flush()
		}
		f.after = f.around
		f.keep(r)
	case f.after > 0 && room:
		f.after--
		f.keep(r)
	default:
		f.after = 0
		f.wait(r)
	}
	if f.told != nil {
		t := r.Told // of its own: nothing is allocated where nobody is told
		f.told(s, &t)
	}
}

// noteworthy says whether the packets around s are kept because of s, and
// whether s belongs to the close.
func (f *figure) noteworthy(s *record.Step) (opens, closing bool) {
	for i := range s.Before {
		if s.Before[i] != s.After[i] {
			opens = true
			closing = closing || s.After[i] == record.Closed || s.After[i] >= record.FinWait1
		}
	}
	for i := range s.Moments {
		k := s.Moments[i].Kind
		w := weigh(k)
		if w.limit == 0 {
			continue
		}
		closing = closing || w.closing
		switch {
		case f.after > 0 && (w.closing || f.window < windowRungs*f.around):
			opens = true
		case f.after == 0 && int(k) < len(f.opened) && f.opened[k] < w.limit:
			f.opened[k]++
			opens = true
		}
	}
	return opens, closing
}

// keep adds a row that will be drawn.
func (f *figure) keep(r rung) {
	f.window++
	f.rungs = append(f.rungs, r)
}

// wait puts a row into the ring, and the ring's oldest into the gap.
func (f *figure) wait(r rung) {
	if len(f.ring) < f.around {
		f.ring = append(f.ring, r)
		return
	}
	f.gap.add(&f.ring[f.ringAt])
	f.ring[f.ringAt] = r
	f.ringAt = (f.ringAt + 1) % f.around
}

// flush moves the gap and the ring to the rows that will be drawn.
func (f *figure) flush() {
	f.rungs = f.appendWaiting(f.rungs)
	f.gap = gap{}
	f.ring, f.ringAt = f.ring[:0], 0
}

// appendWaiting appends the gap and the ring to rungs.
func (f *figure) appendWaiting(rungs []rung) []rung {
	switch f.gap.packets {
	case 0:
	case 1:
		rungs = append(rungs, f.gap.first)
	default:
		g := f.gap
		rungs = append(rungs, rung{gap: &g})
	}
	rungs = append(rungs, f.ring[f.ringAt:]...)
	return append(rungs, f.ring[:f.ringAt]...)
}

// all is every row to draw: the last packets are drawn whatever they hold.
func (f *figure) all() []rung {
	return f.appendWaiting(f.rungs[:len(f.rungs):len(f.rungs)])
}
