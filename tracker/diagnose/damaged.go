package diagnose

import (
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// damaged keeps apart what came only in packets with a wrong IPv4 header checksum, from
// one end: their receiver's IP layer throws them away (RFC 1122 section 3.2.1.2), and the
// addresses in them are anybody's. Where connections that were answered have wrong ones too,
// the capture was edited, and the checksums tell nothing.
type damaged struct {
	apart    *Set   // what they would add; nil for nothing
	conns    uint64 // those
	answered uint64 // connections of both ends whose packets all had wrong ones
	right    uint64 // others of both ends, of IPv4
	inside   bool   // this is what is kept apart
	judged   *Set   // all that counts, where that is more than the Set; nil when it is to be made again
}

// wrongAtMost is one in how many answered connections may have wrong checksums, and those
// of the others still tell something.
const wrongAtMost = 16

// OfDamage tells that a connection consists of packets of one end whose IPv4 header checksums are
// all wrong: unless the capture was edited (see Set.Damaged) it is none.
func OfDamage(r *record.Record) bool {
	return r.Capture.WrongIP && min(r.Ends[record.Orig].Packets, r.Ends[record.Resp].Packets) == 0
}

// counts notes what a record tells of checksums, and whether it is to be kept apart.
func (d *damaged) counts(r *record.Record) bool {
	d.judged = nil
	both := r.Ends[record.Orig].Packets > 0 && r.Ends[record.Resp].Packets > 0
	switch {
	case OfDamage(r):
		d.conns++
		return true
	case r.Capture.WrongIP:
		d.answered++
	case both && r.Orig.Addr.Is4():
		d.right++
	}
	return false
}

// tells reports whether a wrong checksum tells of damage.
func (d *damaged) tells() bool { return d.right > 0 && d.answered*wrongAtMost <= d.right }

// apart is where records are kept apart.
func (s *Set) apart() *Set {
	if s.damaged.apart == nil {
		s.damaged.apart = s.empty()
	}
	return s.damaged.apart
}

// empty makes a Set like s to add to it, or to merge both.
func (s *Set) empty() *Set {
	o := NewSet(s.detectors, s.opt)
	if s.narrowed > 1 {
		o.Narrow(s.narrowed)
	}
	if s.past != nil {
		o.OnlyRecent(s.strange)
	}
	o.damaged.inside = true
	return o
}

// fields walks over what is kept of s.
func (d *damaged) fields(w *fold.Walk, s *Set) {
	d.judged = nil
	fold.Sum(w, &d.conns, &d.answered, &d.right)
	fold.Optional(w, &d.apart, s.empty)
}

// judged is the Set that counts: s, or one with what was kept apart too, where the
// checksums tell nothing.
func (s *Set) judged() *Set {
	d := &s.damaged
	if d.apart == nil || d.tells() {
		return s
	}
	if d.judged == nil {
		all := s.empty()
		d.inside = true
		fold.Merge(all, s)
		d.inside = false
		fold.Merge(all, d.apart)
		d.judged = all
	}
	return d.judged
}

// Damaged is how many connections are in no finding, because all their packets
// had a wrong IPv4 header checksum and came from one end.
func (s *Set) Damaged() uint64 {
	if s.damaged.tells() {
		return s.damaged.conns
	}
	return 0
}
