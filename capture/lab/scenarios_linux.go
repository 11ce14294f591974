package lab

import (
	"slices"
	"sync/atomic"
	"time"
)

// Scenarios are all that the lab can play.
func Scenarios() []Scenario {
	return slices.Concat(opens(), rejections(), closes(), lossyCloses(), resets(), refusals(), forgeries(), keepalives(), timeWaits(), captures(), paths(),
		attempts(), rests(), strains())
}

// Matches of nft(8) that scenarios drop by.
const (
	toServer  = "tcp dport 80 "
	toClient  = "tcp sport 80 "
	bareSYN   = "tcp flags & (syn|ack) == syn"
	synAndACK = "tcp flags & (syn|ack) == (syn|ack)"
	bareACK   = "tcp flags & (fin|syn|rst|psh|ack) == ack"
	anyFIN    = "tcp flags & fin == fin"
)

// moment is time enough for everything under way to arrive and be acknowledged.
const moment = 60 * time.Millisecond

// bothEnds captures at the client and at the server: what was lost between
// them is behind one tap and before the other.
func bothEnds() []TapSpec { return []TapSpec{{}, {Where: AtServer, Suffix: "-at-server"}} }

// slowly delays every segment, so that segments can cross.
func slowly(d time.Duration) func(*segment) Verdict {
	return func(*segment) Verdict { return Verdict{Delay: d} }
}

// slowFromFIN delays every segment; of what goes to the server the client's FIN
// longer, and what follows that twice as long.
func slowFromFIN(before, after time.Duration) func(*segment) Verdict {
	var seen atomic.Bool
	return func(seg *segment) Verdict {
		if seg.dst.Port() != 80 {
			return Verdict{Delay: before}
		}
		switch {
		case seen.Load():
			return Verdict{Delay: 2 * after}
		case seg.flags&flagFIN != 0:
			seen.Store(true)
			return Verdict{Delay: after}
		}
		return Verdict{Delay: before}
	}
}

// finish closes both ends, the client first, and waits for the last ACK.
func (s *Stage) finish(c, a *Sock) {
	c.Close()
	a.RecvEnd()
	a.Close()
	s.Pause(moment)
}
