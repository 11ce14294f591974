package lab

import (
	"slices"
	"sync/atomic"
	"time"

	"tcpwatch/capture/lab/wire"
)

// Scenarios are all that the lab can play: tables, a row for each.
func Scenarios() []Scenario {
	return slices.Concat(opens(), attempts(), closes(), timeWaits(), resets(), idles(), probes(), captures(), paths(), heldUp(), incidents(), translations())
}

// Transfers are scenarios of bulk data with the kernel's own counts beside the
// captures. They are played when they are wanted and not kept.
func Transfers() []Scenario { return slices.Concat(losses(), disorders(), options(), readers()) }

// Matches of nft(8) that scenarios drop by.
const (
	toServer  = "tcp dport 80 "
	toClient  = "tcp sport 80 "
	anySYN    = "tcp flags & syn == syn "
	bareSYN   = "tcp flags & (syn|ack) == syn"
	onlySYN   = "tcp flags & (fin|syn|rst|ack) == syn"
	synAndACK = "tcp flags & (syn|ack) == (syn|ack)"
	bareACK   = "tcp flags & (fin|syn|rst|psh|ack) == ack"
	anyFIN    = "tcp flags & fin == fin"
	anyTCP    = "meta l4proto tcp"
	withData  = "ip length > 120 " // an ACK with all options is shorter
)

const (
	// moment is time enough for everything under way to arrive and be acknowledged.
	moment = 60 * time.Millisecond
	// Round-trip times of delayed transfers.
	near = 20 * time.Millisecond
	far  = 100 * time.Millisecond
	// ages is how long scenarios of age last: just over the minute that no pause
	// of a healthy application needs to be asked about.
	ages = 63 * time.Second
	// headers is enough of each packet for all headers.
	headers = 96
	// stormSize is how many connections a storm makes.
	stormSize = 2000
)

// atServer captures at the server.
func atServer() []TapSpec { return []TapSpec{{Where: AtServer, Suffix: "-at-server"}} }

// bothEnds captures at the client and at the server: what was lost between
// them is behind one tap and before the other.
func bothEnds() []TapSpec { return append([]TapSpec{{}}, atServer()...) }

// onlyHeaders captures headers at the client.
func onlyHeaders() []TapSpec { return []TapSpec{{Snaplen: headers}} }

// slowly delays every segment, so that segments can cross.
func slowly(d time.Duration) func(*wire.Segment) wire.Verdict {
	return func(*wire.Segment) wire.Verdict { return wire.Verdict{Delay: d} }
}

// slowFromFIN delays every segment; of what goes to the server the client's FIN
// longer, and what follows that twice as long.
func slowFromFIN(before, after time.Duration) func(*wire.Segment) wire.Verdict {
	var seen atomic.Bool
	return func(seg *wire.Segment) wire.Verdict {
		if seg.Dst.Port() != 80 {
			return wire.Verdict{Delay: before}
		}
		switch {
		case seen.Load():
			return wire.Verdict{Delay: 2 * after}
		case seg.Flags&wire.FIN != 0:
			seen.Store(true)
			return wire.Verdict{Delay: after}
		}
		return wire.Verdict{Delay: before}
	}
}

// slowAnswers delays SYN/ACKs and nothing else.
func slowAnswers(d time.Duration) func(*wire.Segment) wire.Verdict {
	return func(seg *wire.Segment) (v wire.Verdict) {
		if seg.Flags&(wire.SYN|wire.ACK) == wire.SYN|wire.ACK {
			v.Delay = d
		}
		return v
	}
}

// marked is the number of bytes by which a path knows the segment that it treats
// in another way.
const marked = 777

// onMarked is what the path does with that segment.
func onMarked(v wire.Verdict) func(*wire.Segment) wire.Verdict {
	return func(seg *wire.Segment) wire.Verdict {
		if seg.Length == marked {
			return v
		}
		return wire.Verdict{}
	}
}
