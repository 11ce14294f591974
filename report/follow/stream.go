package follow

import (
	"bytes"

	"tcpwatch/reassembly"
)

// span is numbers from <= i < to of a stream.
type span struct{ from, to int64 }

// stream is what one end says. Its bytes are numbered from 0 on without
// wrapping; base is the sequence number of byte 0.
//
// Invariant: everything before next was printed or marked, nothing that waits
// begins before it.
type stream struct {
	base    reassembly.Seq
	started bool
	proved  bool // base is of a SYN
	unsure  bool // base is of a segment without payload: a keepalive probe has one number less
	next    int64
	acked   int64 // how much the peer acknowledged
	doubt   int64 // an acknowledgment that was not believed
	stuck   int64 // since when (ns) acknowledged bytes are waited for
	fin     int64 // number of the FIN
	hasFIN  bool
	rsts    int   // RSTs told of, with different numbers
	rst     int64 // number of the last of them
	wait    queue
	recent  []byte // the last bytes before next, to compare repeats with
	passed  []span // gaps that were marked
	refused refusal
	shown   int64
	missing int64
	cut     int64
}

// start tells the sequence number of the first byte, unless it is known.
func (s *stream) start(seq reassembly.Seq, unsure bool) {
	if !s.started {
		s.base, s.started, s.unsure = seq, true, unsure
	}
}

// startSYN is start with the proof: it stands unless something was said.
func (s *stream) startSYN(seq reassembly.Seq) {
	if !s.started || s.next == 0 && s.wait.len() == 0 && s.acked <= 0 {
		s.base, s.started, s.proved, s.unsure = seq, true, true, false
	}
}

// at is the number of the byte with a sequence number, negative before byte 0.
// Sequence numbers wrap (RFC 9293 section 3.4): the one nearest to next counts.
func (s *stream) at(seq reassembly.Seq) int64 {
	return s.next + int64(seq.Sub(s.base.Add(uint32(s.next))))
}

// place is the number of the first of n bytes said with a sequence number. As
// long as nothing was said, a base that no SYN proves gives way: it may be a
// keepalive probe's, or of an acknowledgment that the capture has before what
// it acknowledges.
func (s *stream) place(seq reassembly.Seq, n int64) int64 {
	off := s.at(seq)
	if s.proved || s.next > 0 || s.wait.len() > 0 {
		return off
	}
	switch probe := n <= 1 && off == -1; {
	case s.unsure && off == 1, off > maxAhead, off < 0 && n > 0 && !probe:
		s.base, s.acked = seq, max(0, s.acked-off)
		if off > maxAhead || off < -maxLeap {
			s.acked = 0
		}
		off = 0
	}
	s.unsure = s.unsure && off <= 0 && n == 0
	return off
}

// ack notes that the peer has everything before seq, and returns how much that
// is; 0 when it is not to be believed: what lies far beyond all that was seen
// needs a second one that says so.
func (s *stream) ack(seq reassembly.Seq, now int64) int64 {
	s.start(seq, false)
	n := s.at(seq)
	if s.unsure && n == 1 {
		s.base, n = seq, 0
	}
	s.unsure = s.unsure && n <= 0
	known := max(s.next, s.acked)
	if w := s.wait.last(); w != nil {
		known = max(known, w.end())
	}
	if n-known > maxLeap && (s.doubt == 0 || n-s.doubt > maxLeap || s.doubt-n > maxLeap) {
		s.doubt = n
		return 0
	}
	if n-s.next > maxAhead || n < 0 {
		return 0
	}
	if n > s.acked {
		if s.acked <= s.next {
			s.stuck = now
		}
		s.acked = n
	}
	return n
}

// since is when the wait for what is missing began.
func (s *stream) since() int64 {
	if w := s.wait.first(); w != nil && s.acked <= s.next {
		return w.time
	}
	return s.stuck
}

// reached reports whether everything before n was printed or marked. A FIN has
// a number of its own.
func (s *stream) reached(n int64) bool {
	return s.next >= n || s.hasFIN && s.next >= s.fin
}

// heard is how many bytes the peer acknowledged.
func (s *stream) heard() int64 {
	if s.hasFIN {
		return min(s.acked, s.fin)
	}
	return s.acked
}

// unplace lets a RST that came up to a time stand here when what its number
// counts does not come: it may be forged (RFC 5961 section 3), so it proves no bytes.
func (s *stream) unplace(until int64) {
	if w := s.wait.first(); w != nil && w.kind == pieceRST && w.time <= until {
		w.off = min(w.off, max(s.next, s.heard()))
	}
}

// gap is up to where the stream may be passed over: bytes that were
// acknowledged and do not come. all: also those that were not.
func (s *stream) gap(all bool) int64 {
	to := s.heard()
	if w := s.wait.first(); w != nil {
		if all {
			return w.off
		}
		return min(to, w.off)
	}
	if !s.hasFIN && to == s.next+1 {
		return s.next // as likely a FIN that was not captured
	}
	return to
}

// said moves on over bytes that were printed, and those of them that were cut.
func (s *stream) said(data []byte, n, now int64) {
	s.next += n
	s.stuck = now
	s.shown += int64(len(data))
	s.cut += n - int64(len(data))
	if n > int64(len(data)) {
		s.recent = s.recent[:0]
		return
	}
	if len(s.recent)+len(data) > 2*maxRecent {
		keep := max(0, min(len(s.recent), maxRecent-len(data)))
		s.recent = s.recent[:copy(s.recent, s.recent[len(s.recent)-keep:])]
	}
	s.recent = append(s.recent, data...)
}

// pass moves on over bytes that were never captured.
func (s *stream) pass(to int64) {
	if len(s.passed) == maxPassed {
		s.passed = s.passed[:copy(s.passed, s.passed[1:])]
	}
	s.passed = append(s.passed, span{s.next, to})
	s.missing += to - s.next
	s.next = to
	s.recent = s.recent[:0]
}

// late takes what of c fills gaps that were passed.
func (s *stream) late(c chunk, take func(*chunk)) {
	for i := 0; i < len(s.passed); i++ {
		g := s.passed[i]
		part := c.from(g.from).before(g.to)
		if part.n = int64(len(part.data)); part.n <= 0 || part.off < g.from || part.off >= g.to {
			continue
		}
		take(&part)
		s.shown, s.missing = s.shown+part.n, s.missing-part.n
		left, right := span{g.from, part.off}, span{part.end(), g.to}
		if right.from < right.to && (left.from == left.to || len(s.passed) < maxPassed) {
			s.passed[i] = right
			if left.from < left.to {
				s.passed = append(s.passed, left)
			}
		} else if left.from < left.to {
			s.passed[i] = left
		} else {
			s.passed = append(s.passed[:i], s.passed[i+1:]...)
		}
		i--
	}
}

// differs reports whether what c repeats was printed with other content, as far
// as that is remembered.
func (s *stream) differs(c chunk) bool {
	first := s.next - int64(len(s.recent))
	c = c.from(first).before(s.next)
	if c.n == 0 || c.off < first || len(c.data) == 0 {
		return false
	}
	old := s.recent[c.off-first:]
	return !bytes.Equal(old[:min(len(old), len(c.data))], c.data[:min(len(old), len(c.data))])
}
