package diagnose

import (
	"cmp"
	"slices"
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

// timedOutAtRest tells that a RST ended a rest: a timer somewhere, or an
// application; only many alike tell.
func timedOutAtRest(r *record.Record) bool {
	return r.Idle.Outcome == record.IdleEnded && r.Idle.Gap >= idleAge && r.Close.Kind == record.CloseReset &&
		r.Close.ResetCause != record.ResetKeepaliveDead
}

// maxGaps is how many gaps of a subject are shown.
const maxGaps = 8

// gap is a rest with a bad end.
type gap struct {
	Conn   uint64
	Length int64
}

// gaps are those of the connections with the least ids.
type gaps []gap

// idles sums up the rests of connections.
type idles struct {
	tally      // of those that died at rest
	sources    sources
	rests      fold.Range[int64] // that they died in
	resets     uint64            // a RST answered
	probed     uint64            // probes had been sent
	gaps       gaps              // those of the least ids
	ended      tally             // ended by a RST
	endedRests fold.Range[int64]
	lived      int64 // the longest rest after which there was an answer
	livedConns uint64
}

// Fields walks over what is summed up.
func (x *idles) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	x.rests.Fields(w)
	x.ended.Fields(w)
	x.endedRests.Fields(w)
	x.sources.Fields(w)
	fold.Sum(w, &x.resets, &x.probed, &x.livedConns)
	fold.Max(w, &x.lived)
	fold.Items(w, &x.gaps)
}

// Items are the gaps, by connection.
func (x *gaps) Items() []gap { return *x }

// Take keeps a gap when its connection has one of the least ids.
func (x *gaps) Take(g gap) {
	at, found := slices.BinarySearchFunc(*x, g, func(a, b gap) int { return cmp.Compare(a.Conn, b.Conn) })
	if found || at == maxGaps {
		return
	}
	*x = slices.Insert(*x, at, g)
	*x = (*x)[:min(len(*x), maxGaps)]
}

func (x *idles) add(r *record.Record) {
	g := r.Idle.Gap
	if timedOutAtRest(r) {
		x.endedRests.Take(g)
		x.ended.hit(r.ID, r.Idle.Packet, r.Start, r.End)
		return
	}
	x.rests.Take(g)
	x.hit(r.ID, r.Idle.Packet, r.Start, r.End)
	x.sources.add(r.Orig.Addr)
	x.gaps.Take(gap{r.ID, g})
	if r.Idle.Outcome == record.IdleReset {
		x.resets++
	}
	if r.Keepalive[record.Orig].Probes+r.Keepalive[record.Resp].Probes > 0 {
		x.probed++
	}
}

// cluster is a limit that explains how the rests of a listener's connections ended.
type cluster struct {
	fits  []limit
	timer bool // RSTs that end rests, all after the same time
}

// cluster looks for one; few is how many connections it takes.
func (x *idles) cluster(few uint64) (k cluster, ok bool) {
	if x.n >= few {
		k.fits = fits(x.lived, x.rests.Least)
		return k, len(k.fits) > 0
	}
	if x.ended.n >= few && x.endedRests.Most-x.endedRests.Least <= max(x.endedRests.Least/50, 2*second) {
		k.timer = true
		for _, l := range limits() {
			if d := x.endedRests.Least - l.after; d >= -l.after/50 && d <= l.after/20 {
				k.fits = append(k.fits, l)
			}
		}
		return k, len(k.fits) > 0
	}
	return k, false
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
