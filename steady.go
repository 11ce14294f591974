package tcpwatch

import (
	"io"
	"math"

	"tcpwatch/capture"
)

const (
	// jump is from how far on, ns, a stamp off the packet before is looked into: it
	// may be wrong, the clock may have been stepped, or nobody captured for a while.
	// Cards with several queues stamp less than that out of order.
	jump = 5e9
	// lookAhead is how many packets have to follow without taking a jump back.
	lookAhead = 256
)

// steady is a source that tells of each packet what its stamp is worth (time comes from packets):
// whether later packets take it back, how far the clock was stepped before it,
// and for how long nobody captured. All of it is decided from the packets of the
// whole input in their order, so it is the same for any number of workers.
type steady struct {
	in *Source
	// across tells what connections show across a jump of the clock before the
	// packets, which are good until the next call of the source; with left also how
	// much was under way of which nothing comes.
	across func(packets []capture.Packet, left bool) crossing
	// ended reports whether the last packet of a file was read; nil where that is unknown.
	ended func(file int) bool
	// live: a jump is decided with the packet after it. silent is then for how long no
	// packet has come, ns.
	live   bool
	silent func() int64

	queue []capture.Packet // in front of what the source has next; the first few are taken
	taken int
	fell  int            // place of the last one that is earlier than the one in front of it, else 0
	next  capture.Packet // being read, to go behind them
	kept  bool           // their data stay where they are
	end   error          // of the source, to be told behind the queue
	begun []bool         // files of which packets were handed on

	// away: the clock shows another time, which later packets take back.
	away bool
	from int64 // latest stamp before
	home int64 // stepped before

	started   bool
	latest    int64 // latest stamp of the clock as it is now
	stepped   int64
	uncovered int64
	clock     clockCounts
}

// clockCounts are what the packets' stamps were found to be.
type clockCounts struct {
	untimed    uint64 // packets without a time
	misstamped uint64 // packets with a stamp that others take back
	steps      uint64 // of the clock
	at         uint64 // the first packet that was misstamped or is behind a step; 0 for none
	gaps       uint64 // in which nobody captured
	uncovered  int64  // ns, all of them
}

// Next is the source's next packet; see capture.Source.
func (s *steady) Next(p *capture.Packet) error {
	if s.taken == len(s.queue) {
		if s.end != nil {
			err := s.end
			if s.end = nil; err == io.EOF {
				s.end = err
			}
			return err
		}
		s.queue, s.taken, s.fell = s.queue[:0], 0, 0
		if err := s.in.source.Next(p); err != nil {
			return err
		}
		if s.started && s.plain(p) {
			return nil
		}
		s.push(p)
	}
	h := &s.queue[s.taken]
	if !s.plain(h) {
		s.fill()
		h = &s.queue[s.taken]
		s.judge(h)
	}
	s.taken++
	p.Set(h)
	return nil
}

// plain takes a packet whose stamp is near the one before; false for another.
func (s *steady) plain(p *capture.Packet) bool {
	switch {
	case p.Untimed:
		p.Amiss = p.Time - s.latest
		s.clock.untimed++
	case !s.started:
		return false
	case uint64(p.Time-s.latest+jump) <= 2*jump && (p.FileNumber > 1 || s.ended == nil):
		s.latest, p.Amiss = max(s.latest, p.Time), 0
	default:
		return false
	}
	p.Stepped, p.Uncovered = s.stepped, s.uncovered
	return true
}

// waits reports whether packets wait whose data may lie in blocks that were
// read to their end.
func (s *steady) waits() bool { return s.taken < len(s.queue) }

// push puts a packet behind those that wait.
func (s *steady) push(p *capture.Packet) {
	q := *p
	if !s.kept {
		q.Data = append([]byte(nil), p.Data...)
	}
	if n := len(s.queue); n > 0 && q.Time < s.queue[n-1].Time {
		s.fell = n
	}
	s.queue = append(s.queue, q)
}

// fill reads on until enough packets wait to judge the first of them.
func (s *steady) fill() {
	least := lookAhead
	switch {
	case !s.started:
		least = 3
	case s.live:
		least = 2
	}
	if s.taken >= lookAhead { // each packet is moved once at most, not at each of many jumps
		s.queue = append(s.queue[:0], s.queue[s.taken:]...)
		s.taken, s.fell = 0, max(s.fell-s.taken, 0)
	}
	for len(s.queue)-s.taken < least && s.end == nil {
		switch err := s.in.source.Next(&s.next); {
		case err == nil:
			s.push(&s.next)
		case err == capture.ErrTimeout:
			return // who waits is not to wait for what may not come
		default:
			s.end = err
		}
	}
}

// judge decides what the stamp of the first packet that waits is worth.
func (s *steady) judge(p *capture.Packet) {
	rest := s.queue[s.taken+1:]
	rotated := s.rotated(p, rest)
	for p.File >= len(s.begun) {
		s.begun = append(s.begun, false)
	}
	s.begun[p.File] = true
	if !s.started {
		s.begin(p, rest)
		return
	}
	d := minus(p.Time, s.latest)
	p.Stepped, p.Uncovered = s.stepped, s.uncovered
	if abs(d) <= jump { // the first of a file
		s.latest = max(s.latest, p.Time)
		return
	}
	last := s.end == io.EOF && len(rest) == 0
	// Nothing takes a jump forward back where no packet is earlier than the one before.
	switch back := (d < 0 || s.fell > s.taken) && s.takenBack(rest); {
	case back && !nearClock(&rest[0], p.Time), d < 0 && last:
		// A single one, or with nothing behind it that bears it out.
		p.Amiss = p.Time - s.latest
		s.misstamp(p)
		return
	case back:
		if !s.away {
			s.away, s.from, s.home = true, s.latest, s.stepped
		}
		s.step(p, d)
	case s.away && nearClock(p, s.from):
		s.away = false
		s.step(p, s.home-s.stepped)
		s.latest = max(s.from, p.Time)
		p.Stepped = s.stepped
		return
	case d < 0:
		s.step(p, d)
	case s.live:
		if d-s.silent() > jump {
			s.step(p, d)
		}
	default:
		s.forward(p, rest, d, rotated)
	}
	if p.Amiss == 0 {
		s.latest = p.Time
	}
	p.Stepped, p.Uncovered = s.stepped, s.uncovered
}

// begin takes the first packet that has a time. It is the one that is stamped late when
// those behind it agree on an earlier time.
func (s *steady) begin(p *capture.Packet, rest []capture.Packet) {
	s.started, s.latest = true, p.Time
	var others []int64
	for i := range rest {
		if !rest[i].Untimed {
			if others = append(others, rest[i].Time); len(others) == 2 {
				break
			}
		}
	}
	if len(others) == 2 && minus(p.Time, others[0]) > jump && abs(minus(others[0], others[1])) <= jump {
		p.Amiss = p.Time - others[0]
		s.latest = others[0]
		s.misstamp(p)
	}
	p.Stepped, p.Uncovered = 0, 0
}

// takenBack reports whether one of the packets goes on where the clock was.
func (s *steady) takenBack(rest []capture.Packet) bool {
	for i := range rest {
		if nearClock(&rest[i], s.latest) {
			return true
		}
	}
	return false
}

// nearClock reports whether a packet has a time, and one less than a jump from another.
func nearClock(p *capture.Packet, t int64) bool { return !p.Untimed && abs(minus(p.Time, t)) <= jump }

// step notes that the clock was stepped by d before a packet.
func (s *steady) step(p *capture.Packet, d int64) {
	s.stepped += d
	s.clock.steps++
	s.clock.note(p)
}

// misstamp notes a packet with a stamp that others take back.
func (s *steady) misstamp(p *capture.Packet) {
	s.clock.misstamped++
	s.clock.note(p)
}

// note keeps the first packet whose stamp is told of.
func (c *clockCounts) note(p *capture.Packet) {
	if c.at == 0 {
		c.at = p.Number
	}
}

// forward judges a jump forward by d that no packet takes back.
func (s *steady) forward(p *capture.Packet, rest []capture.Packet, d int64, rotated bool) {
	n := 0
	for n < len(rest) && abs(minus(rest[n].Time, p.Time)) <= jump {
		n++
	}
	last := s.end == io.EOF && len(rest) == 0
	all := s.queue[s.taken : s.taken+1+n]
	if !last && !rotated && d <= longestTry && (p.Number != 2 || n == 0) && ofOne(all) {
		return // whatever one connection shows
	}
	x := s.across(all, last || rotated)
	switch {
	case last && (x.goOn+x.left >= several || x.stepped(d)):
		// Nothing bears it out.
		p.Amiss = p.Time - s.latest
		s.misstamp(p)
	case x.stepped(d), p.Number == 2 && n > 0 && x.goOn > 0: // or the very first packet was stamped early
		s.step(p, d)
	case x.uncovered(rotated):
		s.uncovered += d
		s.clock.gaps++
		s.clock.uncovered += d
	}
}

// ofOne reports whether packets can be of no more than one connection.
func ofOne(packets []capture.Packet) bool {
	if len(packets) == 1 {
		return true
	}
	one, ok := capture.PeekPair(&packets[0])
	for i := 1; ok && i < len(packets); i++ {
		var other uint64
		other, ok = capture.PeekPair(&packets[i])
		ok = ok && other == one
	}
	return ok
}

// rotated reports whether a file begins with a packet, where all files before it have ended.
func (s *steady) rotated(p *capture.Packet, rest []capture.Packet) bool {
	if s.ended == nil || p.FileNumber != 1 {
		return false
	}
	for i := range rest {
		if f := rest[i].File; f != p.File && f < len(s.begun) && s.begun[f] {
			return false
		}
	}
	for f, begun := range s.begun {
		if begun && f != p.File && !s.ended(f) {
			return false
		}
	}
	return true
}

// timeOf is the time of a packet by the clock that was not stepped, without what
// nobody captured.
func timeOf(p *capture.Packet) int64 { return p.Time - p.Amiss - p.Stepped - p.Uncovered }

// times are those of the packets so far.
type times struct {
	known       bool
	now, begun  int64 // the latest and the earliest as timeOf has it
	last, first int64 // the stamps of those packets
	uncovered   int64 // of the latest
}

func (t *times) note(p *capture.Packet) {
	if p.Untimed {
		return
	}
	now := timeOf(p)
	if !t.known || now > t.now {
		t.now, t.last, t.uncovered = now, p.Time-p.Amiss, p.Uncovered
	}
	if !t.known || now < t.begun {
		t.begun, t.first = now, p.Time-p.Amiss
	}
	t.known = true
}

// stepped is how far the clock was stepped between the two packets.
func (t *times) stepped() int64 { return t.last - t.first - (t.now - t.begun) - t.uncovered }

// crossing counts connections by what they show across a jump of the clock.
type crossing struct {
	goOn      int // what was under way goes on, though no sender waits so long without a repeat
	repeats   int // what was under way is sent again
	holes     int // more was sent in between than was captured
	midstream int // unknown before, and past their SYN
	left      int // data under way, of which nothing comes; counted when asked for
}

func (x *crossing) add(o *crossing) {
	x.goOn += o.goOn
	x.repeats += o.repeats
	x.holes += o.holes
	x.midstream += o.midstream
	x.left += o.left
}

// several is how many connections have to show the same.
const several = 2

// longestTry is for how long at most, ns, a sender tries to have data acknowledged
// (tcp_retries2 of Linux: 924 s).
const longestTry = 1000e9

// stepped: several transfers go on as if d, ns, had not passed; or one that nobody would
// still have tried.
func (x *crossing) stepped(d int64) bool {
	return x.goOn > x.repeats && (x.goOn >= several || d > longestTry)
}

// uncovered: connections show that more happened than was captured. Between two
// files (rotated) one is enough.
func (x *crossing) uncovered(rotated bool) bool {
	if x.repeats > x.holes+x.midstream {
		return false
	}
	if rotated {
		return x.holes > 0 || x.midstream > 0 || x.left >= several
	}
	return x.holes >= several || x.holes > 0 && x.midstream > 0
}

// minus is a - b, or the nearest that an int64 holds.
func minus(a, b int64) int64 {
	switch d := a - b; {
	case a >= b && d < 0:
		return math.MaxInt64
	case a < b && d >= 0:
		return math.MinInt64 + 1
	default:
		return d
	}
}

func abs(d int64) int64 { return max(d, -d) }
