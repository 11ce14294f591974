package names

import "tcpwatch/tracker/record"

// digested is of how many bytes of a direction a digest is made, at most: the first.
const digested = 64

// digests are those of both directions of a connection, as far as their first bytes came.
type digests struct {
	sum [2]uint64
	n   [2]uint8 // bytes that are in it
}

// take takes new payload of an end; off is its place in the stream. FNV-1a goes on from its last
// value, so that bytes may come one by one and none is kept; what hash/fnv makes of them it takes
// an object for (TestDigests compares).
func (d *digests) take(end record.End, off int64, b []byte) {
	n := int64(d.n[end])
	if off < 0 || off > n || off+int64(len(b)) <= n || n == digested {
		return
	}
	b = b[n-off:]
	b = b[:min(len(b), digested-int(n))]
	sum := d.sum[end]
	if n == 0 {
		sum = 14695981039346656037
	}
	for _, c := range b {
		sum = (sum ^ uint64(c)) * 1099511628211
	}
	d.sum[end], d.n[end] = sum, uint8(n)+uint8(len(b))
}

// put puts on a record what is whole: the direction's first bytes, or all of a shorter one, counted
// from the number of its SYN.
func (d *digests) put(r *record.Record) {
	for e := range r.Ends {
		x := &r.Ends[e]
		if sent := x.Bytes; x.Key.ISN.OK && sent.OK && d.n[e] > 0 && uint64(d.n[e]) == min(digested, sent.V) {
			x.Key.Digest = record.Some(d.sum[e])
		}
	}
}
