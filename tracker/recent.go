package tracker

import "tcpwatch/capture"

// duplicateWindow is how close together the two copies of a packet that the
// capture saw twice lie, in microseconds: a mirror port or the any device,
// not TCP, which waits at least 200 ms on Linux.
const duplicateWindow = 5000

// recentSegments are the last few segments of one end, to recognise a packet
// that the capture saw twice.
type recentSegments struct {
	print [4]uint32
	at    [4]uint32 // microseconds, modulo 2^32
	peer  [4]uint16 // packets of the other end until then, modulo 2^16
	ttl   [4]uint8
	next  uint8
	n     uint8
	id    lastID
}

// fingerprint mixes what two copies of one packet have in common and two
// transmissions do not: with IPv4 the identification, else the numbers,
// window, timestamp and checksum.
func fingerprint(s *capture.Segment) uint32 {
	const m = 0x9E3779B97F4A7C15
	h := uint64(s.Seq)<<32 | uint64(s.Ack)
	h = h*m ^ h>>31
	h ^= uint64(s.Len)<<32 | uint64(s.Window)<<16 | uint64(s.Flags)
	h = h*m ^ h>>31
	h ^= uint64(s.TSVal)<<32 | uint64(s.Checksum)<<16 | uint64(s.IPID)
	h *= m
	return uint32(h >> 32)
}

// again notes a segment and reports whether the capture has just seen it. peer
// is how many packets of the other end came before it: without an IPv4
// identification a segment that answers another looks like the answer before.
func (r *recentSegments) again(s *capture.Segment, peer uint16) bool {
	f, at := fingerprint(s), uint32(s.Time/1000)
	for i := range r.n {
		if r.print[i] != f || s.IPID == 0 && r.peer[i] != peer {
			continue
		}
		// A router on the way between the two copies takes one off the TTL.
		if d := int(r.ttl[i]) - int(s.TTL); at-r.at[i] < duplicateWindow && d >= -1 && d <= 1 {
			return true
		}
	}
	r.id.note(s)
	r.print[r.next], r.at[r.next], r.peer[r.next], r.ttl[r.next] = f, at, peer, s.TTL
	r.next = (r.next + 1) % uint8(len(r.print))
	r.n = min(r.n+1, uint8(len(r.print)))
	return false
}
