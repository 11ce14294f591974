package tracker

import (
	"math/rand/v2"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// unseenBytes is what the peer of an end acknowledged in the lines kept, and
// none of them carried: what a capture with these lines has to call missing.
func unseenBytes(lines []line, kept []bool, of record.End) (n uint32, finLost bool) {
	seen, acked, fin := map[uint32]bool{}, uint32(0), uint32(1<<31)
	for i, l := range lines {
		if l.from == of && l.flags.Has(capture.FIN) {
			fin = min(fin, l.seq+l.n)
			finLost = finLost || !kept[i]
		}
		if !kept[i] {
			continue
		}
		for b := range l.n {
			if l.from == of {
				seen[l.seq+b] = true
			}
		}
		if l.from != of && l.flags.Has(capture.ACK) && !l.flags.Has(capture.RST) {
			acked = max(acked, l.ack)
		}
	}
	for b := uint32(1); b < min(acked, fin); b++ {
		if !seen[b] {
			n++
		}
	}
	return n, finLost
}

// A capture with holes claims no more than what it has shows: every edge is
// legal, no end is in a state that a later packet denies, and missing is what the
// other end acknowledged and nothing carried.
func TestHolesClaimNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	wrong, tried := 0, 0
	for _, x := range exchanges {
		lines := parseExchange(t, x.lines)
		if len(lines) < 5 || !lines[0].flags.Has(capture.SYN) || !lines[1].flags.Has(capture.SYN|capture.ACK) {
			continue
		}
		for range 40 {
			kept := make([]bool, len(lines))
			share := 0.2 + r.Float64()*0.6
			for i := range kept {
				kept[i] = i < 2 || r.Float64() < share
			}
			rec := &recorder{}
			tr := New(Options{}, rec)
			for i, l := range lines {
				if kept[i] {
					tr.Observe(plainWire.segment(l, uint64(i+1)))
				}
			}
			tr.Finish()
			tried++
			for i := range rec.records {
				checkLegal(t, &rec.records[i])
			}
			if len(rec.records) != 1 {
				continue // it was silent for longer than an attempt is waited for
			}
			for _, e := range []record.End{record.Orig, record.Resp} {
				want, finLost := unseenBytes(lines, kept, e)
				got := uint32(rec.records[0].Ends[e].MissingBytes)
				if got != want && !(finLost && got == want+1) {
					if wrong++; wrong < 10 {
						t.Errorf("%s, kept %v: %v misses %d bytes, want %d", x.name, kept, e, got, want)
					}
				}
			}
		}
	}
	t.Logf("%d of %d", wrong, tried)
}
