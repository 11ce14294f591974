package diagnose

import (
	"cmp"
	"fmt"
	"strings"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// idleAge is the shortest rest whose bad end is put down to it: no known limit
// for idle connections is shorter.
const idleAge = 58 * second

// unansweredFor is how long something sent after a rest must have gone without
// an answer to count as lost, when it was sent only once.
const unansweredFor = 10 * second

// diedAtRest tells that a connection had died while nothing was sent: what came
// after a rest met a RST, or silence. What keepalive probes found out is not
// meant: that is keepalive-dead.
func diedAtRest(r *record.Record) bool {
	x := &r.Idle
	if x.Gap < idleAge || r.Capture.OneWay || r.Close.Kind == record.CloseNormal {
		return false
	}
	switch x.Outcome {
	case record.IdleReset:
		// A FIN was the end anyway; a RST,ACK comes from an end that still knew the
		// connection: its application gave it up.
		return (bare(r) || r.Close.ResetCause == record.ResetMiddlebox) && r.Close.FINPacket[x.By] != x.Packet
	case record.IdleUnanswered:
		return r.Keepalive[x.By].Unanswered == 0 && (x.Tries >= triesToFail || r.End+r.Silent-x.Woke >= unansweredFor)
	}
	return false
}

// timedOutAtRest tells that a RST ended a rest which the end in whose name it came
// did not send of its own will: an application that gives up sends RST,ACK. Only many
// alike tell that it was a timer.
func timedOutAtRest(r *record.Record) bool {
	return r.Idle.Outcome == record.IdleEnded && r.Idle.Gap >= idleAge && r.Close.Kind == record.CloseReset &&
		(r.Close.ResetCause == record.ResetUnknown || r.Close.ResetCause == record.ResetMiddlebox)
}

// hungFor is how long a connection that died at rest let what was asked then wait: to
// the RST, or to the last packet.
func hungFor(r *record.Record) int64 {
	if at := r.Close.ResetTime; at.OK {
		return max(at.V-r.Idle.Woke, 0)
	}
	return max(r.End-r.Idle.Woke, 0)
}

// maxGaps is how many gaps of a subject are shown.
const maxGaps = 8

// gap is a rest with a bad end, which a packet shows.
type gap struct {
	Packet uint64 `fold:"packet"`
	Length int64
}

// gaps are the first of them.
type gaps []gap

// idles sums up the rests of connections.
type idles struct {
	tally      // of those that died at rest
	sources    sources
	rests      fold.Range[int64] // that they died in
	resets     uint64            // a RST answered
	elsewhere  uint64            // of those RSTs, such that came another way than that end's other segments
	probed     uint64            // probes had been sent
	hung       int64             // in all, what was asked after the rests waited
	hungMost   int64
	gaps       gaps  // the first
	ended      tally // ended by a RST
	endedRests fold.Range[int64]
	lived      int64 // the longest rest after which there was an answer
	livedConns uint64
	longest    fold.First[livedRest] // that one
}

// livedRest is a rest that a connection outlived.
type livedRest struct {
	Rest         int64
	Conn, Packet uint64 `fold:"packet"` // that answered
}

// Before tells that it is the one to show, of two.
func (x livedRest) Before(o livedRest) bool {
	return cmp.Or(cmp.Compare(o.Rest, x.Rest), cmp.Compare(x.Packet, o.Packet), cmp.Compare(x.Conn, o.Conn)) < 0
}

// where says which packet of which connection shows it.
func (x *livedRest) where() string {
	return fmt.Sprintf("packet %d of #%d", x.Packet, x.Conn)
}

// Fields walks over what is summed up.
func (x *idles) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	x.rests.Fields(w)
	x.ended.Fields(w)
	x.endedRests.Fields(w)
	x.sources.Fields(w)
	fold.Sum(w, &x.resets, &x.elsewhere, &x.probed, &x.livedConns)
	fold.Sum(w, &x.hung)
	fold.Max(w, &x.lived, &x.hungMost)
	x.longest.Fields(w)
	fold.Items(w, &x.gaps)
}

// Items are the gaps, in the order in which they ended.
func (x *gaps) Items() []gap { return *x }

// Take keeps a gap when it is one of the first that ended.
func (x *gaps) Take(g gap) {
	keepLeast(x, g, maxGaps, func(a, b gap) int {
		return cmp.Or(cmp.Compare(a.Packet, b.Packet), cmp.Compare(a.Length, b.Length))
	})
}

func (x *idles) add(r *record.Record) {
	g := r.Idle.Gap
	if timedOutAtRest(r) {
		x.endedRests.Take(g)
		x.ended.hit(r, r.Idle.Packet, r.Idle.Woke, r.End)
		return
	}
	x.rests.Take(g)
	packet := r.Idle.Packet
	if r.Idle.Outcome == record.IdleReset && r.Close.ResetPacket != 0 {
		packet = r.Close.ResetPacket // the answer shows it, not what was asked
	}
	x.hit(r, packet, r.Idle.Woke, r.End)
	x.sources.add(r.Orig.Addr)
	x.gaps.Take(gap{packet, g})
	if r.Idle.Outcome == record.IdleReset {
		x.resets++
		if r.Close.ResetCause == record.ResetMiddlebox {
			x.elsewhere++
		}
	}
	h := hungFor(r)
	x.hung, x.hungMost = x.hung+h, max(x.hungMost, h)
	if r.Keepalive[record.Orig].Probes+r.Keepalive[record.Resp].Probes > 0 {
		x.probed++
	}
}

// cluster is a limit that explains how the rests of a listener's connections ended.
type cluster struct {
	fits  []limit // the known ones within what the rests prove
	timer bool    // RSTs that end rests, all after the same time
}

// cluster looks for one; few is how many connections it takes: all rests that ended
// badly were longer than any after which there was an answer, or a RST ended each
// after the same time.
func (x *idles) cluster(few uint64) (k cluster, ok bool) {
	if x.n >= few {
		return cluster{fits: x.fits()}, x.lived < x.rests.Least
	}
	if x.ended.n >= few && x.endedRests.Most-x.endedRests.Least <= max(x.endedRests.Least/50, 2*second) {
		k.timer = true
		for _, l := range limits() {
			if d := x.endedRests.Least - l.after; d >= -l.after/50 && d <= l.after/20 {
				k.fits = append(k.fits, l)
			}
		}
		return k, true
	}
	return k, false
}

// namedMost is how many known limits may fit for any of them to be named.
const namedMost = 2

// fits are the known limits that explain the rests: none where the rests do not tell
// them from others, as when nothing was answered after a rest.
func (x *idles) fits() []limit {
	if all := fits(x.lived, x.rests.Least); x.lived > 0 && len(all) <= namedMost {
		return all
	}
	return nil
}

// proven is the limit as far as the rests prove it: "between 263 s and 360 s; 350 s fits".
func (x *idles) proven(fits []limit) string {
	if x.lived == 0 {
		return seconds(x.rests.Least) + " or less"
	}
	text, with := fmt.Sprintf("between %s and %s", seconds(x.lived), seconds(x.rests.Least)), "; "
	for _, l := range fits {
		text, with = text+with+seconds(l.after), " or "
	}
	if len(fits) > 0 {
		text += " fits"
	}
	return text
}

// shown is the gaps in words.
func (x *idles) shown() string {
	var all []string
	for _, g := range x.gaps {
		all = append(all, seconds(g.Length))
	}
	if uint64(len(all)) < x.n {
		all = append(all, "...")
	}
	return strings.Join(all, ", ")
}
