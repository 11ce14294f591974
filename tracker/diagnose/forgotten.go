package diagnose

import (
	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// forgotten is what a full table dropped, over all connections: a Set always
// keeps it. A connection that was dropped before its end was seen, or that may
// be one that goes on after that, proves nothing about its two hosts, and how many
// others did well can't be told of them either.
type forgotten struct {
	n     uint64   // connections dropped, and those that may go on
	hosts []uint64 // a Bloom filter of their addresses; nil without any
}

// hostBits is how many bits the filter has: a power of two. With 20,000 addresses
// one in twenty of the others is taken for one of them; it costs confidence only.
const hostBits = 1 << 18

// hostHashes is how many bits an address sets.
const hostHashes = 2

// touched tells that a record is of a connection that was dropped before its end
// was seen, or that may go on after it was.
func touched(r *record.Record) bool {
	return r.Close.Kind == record.CloseEvicted || r.Capture.Forgotten
}

func (f *forgotten) add(r *record.Record) {
	if !touched(r) {
		return
	}
	f.n++
	if f.hosts == nil {
		f.hosts = make([]uint64, hostBits/64)
	}
	for _, a := range [...]capture.Addr{r.Orig.Addr, r.Resp.Addr} {
		for k := range uint64(hostHashes) {
			at := fold.Hash16(a, k) % hostBits
			f.hosts[at/64] |= 1 << (at % 64)
		}
	}
}

// Fields walks over both.
func (f *forgotten) Fields(w *fold.Walk) {
	fold.Sum(w, &f.n)
	fold.Bits(w, &f.hosts)
}

// has tells that connections of a host were dropped; now and then of one of which none was.
func (f *forgotten) has(a capture.Addr) bool {
	if f.hosts == nil {
		return false
	}
	for k := range uint64(hostHashes) {
		if at := fold.Hash16(a, k) % hostBits; f.hosts[at/64]>>(at%64)&1 == 0 {
			return false
		}
	}
	return true
}

// weaken lowers what a finding claims: to possible where connections of its
// hosts were dropped, and nothing is proven beside them.
func (f *forgotten) weaken(x *Finding) {
	if f.n == 0 || x.counted {
		return
	}
	x.Confidence = min(x.Confidence, Likely)
	s := &x.Subject
	if s.Kind == SubjectCapture || s.A.Addr == (capture.Addr{}) || f.has(s.A.Addr) || s.B.Addr != (capture.Addr{}) && f.has(s.B.Addr) {
		x.Confidence = Possible
		x.Explanation += " tcpwatch's table was full and forgot connections that this rests on, or may rest on: it is no more than possible."
	}
}
