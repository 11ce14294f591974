package follow

import (
	"bytes"
	"slices"

	"tcpwatch/capture"
)

// refusal is what tells the segments of an end that the other one throws away,
// though the capture holds them: what they say nobody reads.
type refusal struct {
	right    uint32 // segments whose checksum was right
	wrong    uint32 // different ones whose was wrong
	wrongSeq uint32
	full     uint32  // the largest payload that the other end takes; 0 for unknown
	stamp    uint32  // the timestamp that the other end remembers (RFC 7323: TS.Recent); 0 for none
	doubts   []chunk // read only if they are acknowledged and nothing else comes in their place
}

// spoiled reports whether a segment has a wrong checksum. Where most of an end's
// are wrong its card fills them in behind the capture point, and none is.
func (r *refusal) spoiled(s *capture.Segment) bool {
	full := r.full
	if full == 0 {
		full = 1460 // Ethernet's
	}
	switch {
	case s.Marks&capture.MarkChecksumOK != 0:
		r.right++
		return false
	case s.Marks&capture.MarkBadChecksum == 0, s.Marks&(capture.MarkOutbound|capture.MarkOffload) != 0, s.Len > full,
		s.Checksum != 0 && s.Unfilled(s.Checksum):
		return false
	}
	if r.wrong == 0 || r.wrongSeq != s.Seq {
		r.wrong++
		r.wrongSeq = s.Seq
	}
	return r.right >= r.wrong
}

// stamped takes the timestamp of a segment and reports whether it may be refused
// for that (PAWS, RFC 7323 section 5.3). Only what begins at or before the last ACK
// makes the other end remember a newer timestamp.
func (x *stream) stamped(s *capture.Segment, c *chunk) bool {
	if s.Options&capture.OptTimestamps == 0 {
		return false
	}
	r := &x.refused
	switch d := int32(s.TSVal - r.stamp); {
	case r.stamp == 0, d >= 0 && c.off <= x.acked:
		r.stamp = s.TSVal
	case d < 0 && c.n > 0 && c.off == x.acked && !s.Flags.Has(capture.SYN):
		return true
	}
	return false
}

// maxDoubts bounds what is kept in doubt; the oldest goes first.
const maxDoubts = 64

// suspect keeps what may have been thrown away, in place of what was kept of the same.
func (x *stream) suspect(c *chunk) {
	kept := *c
	kept.data = bytes.Clone(c.data)
	r := &x.refused
	for i := range r.doubts {
		if r.doubts[i].off == kept.off {
			r.doubts[i] = kept
			return
		}
	}
	if len(r.doubts) == maxDoubts {
		r.doubts = slices.Delete(r.doubts, 0, 1)
	}
	r.doubts = append(r.doubts, kept)
}

// believed is the next chunk that was in doubt and that the other end has taken in,
// with nothing else in its place.
func (x *stream) believed() (chunk, bool) {
	r := &x.refused
	for i := 0; i < len(r.doubts); i++ {
		c := r.doubts[i]
		if x.acked < c.end() {
			continue
		}
		r.doubts = slices.Delete(r.doubts, i, i+1)
		i--
		if x.next <= c.off && !x.wait.holds(&c) {
			return c, true
		}
	}
	return chunk{}, false
}
