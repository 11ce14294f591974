package lab

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"tcpwatch/capture/lab/wire"
)

// treatment changes what a relay does with a segment of one direction. It is
// for one run: it remembers what it saw.
type treatment func(*wire.Segment, *wire.Verdict)

// path is the rule of a relay that delays every segment, and gives those of
// each direction a treatment of their own; nil is none.
func path(delay time.Duration, forth, back treatment) func(*wire.Segment) wire.Verdict {
	return func(seg *wire.Segment) wire.Verdict {
		v := wire.Verdict{Delay: delay}
		t := back
		if seg.Dst.Port() == 80 {
			t = forth
		}
		if t != nil {
			t(seg, &v)
		}
		return v
	}
}

// lossy drops so many of 100 segments with data, by chance, but the same chance
// in every run.
func lossy(percent float64, seed uint64) treatment {
	r := rand.New(rand.NewPCG(seed, seed))
	return func(seg *wire.Segment, v *wire.Verdict) { v.Drop = seg.Length > 0 && r.Float64()*100 < percent }
}

// lossyACKs does the same to segments that are only an ACK.
func lossyACKs(percent float64, seed uint64) treatment {
	r := rand.New(rand.NewPCG(seed, seed))
	return func(seg *wire.Segment, v *wire.Verdict) {
		v.Drop = seg.Length == 0 && seg.Flags == wire.ACK && r.Float64()*100 < percent
	}
}

// stream counts the bytes of one direction from its SYN on.
type stream struct{ first uint32 }

// holds reports whether a segment carries the byte number n, the first being 0.
func (s *stream) holds(seg *wire.Segment, n int) bool {
	if seg.Flags&wire.SYN != 0 {
		s.first = seg.Seq + 1
	}
	at := s.first + uint32(n)
	return seg.Length > 0 && int32(at-seg.Seq) >= 0 && int32(seg.Seq+uint32(seg.Length)-at) > 0
}

// losing drops the first transmissions, so many, of each segment that carries
// one of the bytes.
func losing(times int, bytes ...int) treatment {
	var s stream
	lost := make([]int, len(bytes))
	return func(seg *wire.Segment, v *wire.Verdict) {
		for i, n := range bytes {
			if s.holds(seg, n) && lost[i] < times {
				lost[i]++
				v.Drop = true
			}
		}
	}
}

// dark drops everything for a while from the first segment that carries the byte on.
func dark(n int, d time.Duration) treatment {
	var s stream
	var until time.Time
	return func(seg *wire.Segment, v *wire.Verdict) {
		if s.holds(seg, n) && until.IsZero() {
			until = time.Now().Add(d)
		}
		v.Drop = time.Now().Before(until)
	}
}

// stalled holds everything back for a while from the first segment that carries
// the byte on, then lets all of it go: in order, or as chance has it.
func stalled(n int, d time.Duration, shuffle bool) treatment {
	var s stream
	var until time.Time
	var held time.Duration
	r := rand.New(rand.NewPCG(uint64(n), uint64(d)))
	return func(seg *wire.Segment, v *wire.Verdict) {
		if seg.Flags&wire.SYN != 0 {
			until, held = time.Time{}, 0 // a scenario may be played again
		}
		if s.holds(seg, n) && until.IsZero() {
			until = time.Now().Add(d)
		}
		left := time.Until(until)
		if left < v.Delay {
			return
		}
		held += 20 * time.Microsecond
		v.Delay = left + held
		if shuffle {
			v.Delay = left + time.Duration(r.IntN(int(5*time.Millisecond)))
		}
	}
}

// unheard drops the ACKs of one direction, for a while from the first one on
// that follows the byte of the other direction.
func unheard(n int, d time.Duration) (forth, back treatment) {
	var s stream
	var until atomic.Int64
	forth = func(seg *wire.Segment, v *wire.Verdict) {
		if s.holds(seg, n) && until.Load() == 0 {
			until.Store(time.Now().Add(d).UnixNano())
		}
	}
	return forth, func(seg *wire.Segment, v *wire.Verdict) { v.Drop = time.Now().UnixNano() < until.Load() }
}

// late holds every so many-th segment with data back.
func late(every int, d time.Duration) treatment {
	n := 0
	return func(seg *wire.Segment, v *wire.Verdict) {
		if seg.Length > 0 {
			if n++; n%every == 0 {
				v.Delay += d
			}
		}
	}
}

// ignoringScale drops what ends beyond the last ACK by more than the window in the
// header, as a firewall does that takes it for bytes. It stands at the sender's end of
// the path: it knows an ACK from when it passes that on, so it knows what a tap at the
// sender knows, however late a loaded machine lets it look at a segment.
func ignoringScale() (forth, back treatment) {
	type known struct {
		since int64
		edge  uint32 // ACK and window
	}
	var mu sync.Mutex
	var all []known
	back = func(seg *wire.Segment, v *wire.Verdict) {
		if edge := seg.Ack + uint32(seg.Window); seg.Flags&wire.ACK != 0 {
			v.Sent = func() {
				mu.Lock()
				defer mu.Unlock()
				all = append(all, known{time.Now().UnixNano(), edge})
			}
		}
	}
	return func(seg *wire.Segment, v *wire.Verdict) {
		mu.Lock()
		defer mu.Unlock()
		for len(all) > 1 && all[1].since <= seg.Time {
			all = all[1:]
		}
		v.Drop = seg.Length > 0 && len(all) > 0 && int32(seg.End()-all[0].edge) > 0
	}, back
}

// renumbered is path with other sequence numbers for what the client sends, as a firewall
// gives them that randomises initial ones. Those in SACK blocks it does not change back.
func renumbered(delay time.Duration, forth treatment) func(*wire.Segment) wire.Verdict {
	const by = 3_000_000_000
	rule := path(delay, forth, nil)
	return func(seg *wire.Segment) wire.Verdict {
		v := rule(seg)
		if seg.Dst.Port() == 80 {
			v.Rewrite = &wire.Rewrite{Seq: by}
		} else {
			v.Rewrite = &wire.Rewrite{Ack: 1<<32 - by}
		}
		return v
	}
}

// deepQueue passes so many bytes a second and keeps all that comes sooner.
func deepQueue(rate int) treatment {
	var free time.Time // when the link has sent all that waits
	return func(seg *wire.Segment, v *wire.Verdict) {
		now := time.Now()
		if free.Before(now) {
			free = now
		}
		free = free.Add(time.Duration(seg.Length) * time.Second / time.Duration(rate))
		v.Delay += free.Sub(now)
	}
}

// doubled sends every so many-th segment twice, the copy a while behind.
func doubled(every int, behind time.Duration) treatment {
	n := 0
	return func(seg *wire.Segment, v *wire.Verdict) {
		if seg.Flags&(wire.SYN|wire.FIN) == 0 {
			if n++; n%every == 0 {
				v.Copies, v.Behind = 1, behind
			}
		}
	}
}
