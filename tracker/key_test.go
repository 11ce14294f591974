package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// By its initial sequence numbers and the identifications of its SYN and SYN/ACK a connection is known
// again behind a NAT: as they are on the wire, of the first that was captured, and only where it was.
func TestKeys(t *testing.T) {
	const open = `
		0.000 > S  0:0(0) id 700       | - -
		1.000 > S  0:0(0) id 701       | - -
		1.010 < S. 0:0(0) ack 1 id 900 | - -
		1.020 > .  1:1(0) ack 1 id 702 | - -`
	isn := [2]record.Opt[uint32]{record.Some(plainWire.isn[record.Orig]), record.Some(plainWire.isn[record.Resp])}
	none := record.Opt[uint32]{}
	for _, x := range []struct {
		name, lines string
		keyless     bool
		isn         [2]record.Opt[uint32]
		id          [2]uint16
	}{
		{"both", open, false, isn, [2]uint16{700, 900}},
		{"nobody is to know", open, true, [2]record.Opt[uint32]{}, [2]uint16{}},
		{"a SYN/ACK without identification", `
			0.000 > S  0:0(0) id 700     | - -
			0.010 < S. 0:0(0) ack 1 id 0 | - -`, false, isn, [2]uint16{700, 0}},
		{"the SYN was missed: its number is acknowledged", `
			0.010 < S. 0:0(0) ack 1 id 900 | - -
			0.020 > .  1:1(0) ack 1 id 702 | - -`, false, isn, [2]uint16{0, 900}},
		{"an attempt", `
			0.000 > S 0:0(0) id 700 | - -`, false, [2]record.Opt[uint32]{isn[0], none}, [2]uint16{700, 0}},
		{"midstream", `
			0.000 > P. 1:101(100) ack 1 id 5   | - -
			0.010 < .  1:1(0) ack 101 id 6     | - -`, false, [2]record.Opt[uint32]{}, [2]uint16{}},
	} {
		rec, tr := run(t, Options{Keyless: x.keyless}, plainWire, x.lines)
		tr.Finish()
		r := &rec.records[0]
		for e := range r.Ends {
			k := r.Ends[e].Key
			if k.ISN != x.isn[e] || k.IPID != (record.Opt[uint16]{V: x.id[e], OK: x.id[e] != 0}) {
				t.Errorf("%s: end %d: %+v, want %v, %d", x.name, e, k, x.isn[e], x.id[e])
			}
		}
	}
}
