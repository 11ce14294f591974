package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// The capture, not TCP, made a copy: it counts as a packet of its end and is
// told as a copy, and for nothing else.
func TestCopies(t *testing.T) {
	const handshake = `
		0.000 > S  0:0(0) id 10 sum 1 | - -
		0.010 < S. 0:0(0) ack 1 id 20 sum 2 | - -
		0.020 > .  1:1(0) ack 1 id 11 sum 3 | - -`
	for _, x := range []struct {
		name   string
		lines  string
		copies uint32
		check  func(r *record.Record) bool
	}{
		{"SYN and SYN/ACK, each captured twice", `
			0.000 > S  0:0(0) id 10 sum 1 | - -
			0.001 > S  0:0(0) id 10 sum 1 | - -
			0.010 < S. 0:0(0) ack 1 id 20 sum 2 | - -
			0.011 < S. 0:0(0) ack 1 id 20 sum 2 | - -
			0.020 > .  1:1(0) ack 1 id 11 sum 3 | - -`, 2, func(r *record.Record) bool {
			o := &r.Open
			return o.SYNs == 1 && o.SYNCopies == 1 && o.SYNACKs == 1 && o.SYNACKCopies == 1 && o.Resp == record.Some[int64](10e6) && o.Orig == record.Some[int64](10e6)
		}},
		{"a copy taken before the card had filled in the checksum", `
			0.000 > S  0:0(0) id 10 sum 0 | - -
			0.001 > S  0:0(0) id 10 sum 99 | - -`, 1, nil},
		{"another checksum under the same identification: other bytes", `
			0.000 > S  0:0(0) id 10 sum 98 | - -
			0.001 > S  0:0(0) id 10 sum 99 | - -`, 0, func(r *record.Record) bool { return r.Open.SYNs == 2 }},
		{"another checksum without an identification", `
			0.000 > S  0:0(0) id 0 sum 0 | - -
			0.001 > S  0:0(0) id 0 sum 99 | - -`, 0, nil},
		{"a router sent the SYN past the tap again", `
			0.000 > S  0:0(0) id 10 sum 1 | - -
			0.120 > S  0:0(0) id 10 sum 99 ttl 63 | - -`, 1, func(r *record.Record) bool { return r.Open.SYNs == 1 && r.Open.SYNCopies == 1 }},
		{"a routing loop brings the SYN past the tap again and again", `
			0.000 > S  0:0(0) id 10 sum 1 | - -
			0.001 > S  0:0(0) id 10 sum 1 ttl 62 | - -
			0.002 > S  0:0(0) id 10 sum 1 ttl 60 | - -
			0.030 > S  0:0(0) id 10 sum 1 ttl 2 | - -`, 3, func(r *record.Record) bool {
			return r.Open.SYNs == 1 && r.Open.SYNCopies == 3 && r.Capture.HopsLost == 62
		}},
		{"other bytes with fewer hops left are no copy", `
			0.000 > S  0:0(0) id 10 sum 1 | - -
			0.030 > S  0:0(0) id 10 sum 2 ttl 20 | - -`, 0, func(r *record.Record) bool { return r.Open.SYNs == 2 && r.Capture.HopsLost == 0 }},
		{"a repeat with the same identification is a repeat", `
			0.000 > S  0:0(0) id 10 sum 1 | - -
			1.450 > S  0:0(0) id 10 sum 1 | - -`, 0, func(r *record.Record) bool { return r.Open.SYNs == 2 && r.Open.NSYNsAgain == 1 }},
		{"data repeated with the same identification, where identifications are counted", handshake + `
			0.100 > .P 1:101(100) ack 1 id 12 | - -
			0.101 > .P 101:201(100) ack 1 id 13 | - -
			0.102 > .P 201:301(100) ack 1 id 14 | - -
			0.103 > .P 301:401(100) ack 1 id 15 | - -
			0.104 > .P 401:501(100) ack 1 id 16 | - -
			1.554 > .P 401:501(100) ack 1 id 16 | - -`, 0, func(r *record.Record) bool { return r.Ends[record.Orig].Retx == 1 }},
		{"a burst that a router sent past the tap again", handshake + `
			0.100 > .P 1:101(100) ack 1 id 12 sum 4 | - -
			0.101 > .P 101:201(100) ack 1 id 13 sum 5 | - -
			0.102 > .P 201:301(100) ack 1 id 14 sum 6 | - -
			0.103 > .P 301:401(100) ack 1 id 15 sum 7 | - -
			0.104 > .P 401:501(100) ack 1 id 16 sum 8 | - -
			0.105 > .P 501:601(100) ack 1 id 17 sum 9 | - -
			0.150 > .P 1:101(100) ack 1 id 12 sum 94 ttl 63 | - -
			0.151 > .P 101:201(100) ack 1 id 13 sum 95 ttl 63 | - -
			0.152 > .P 201:301(100) ack 1 id 14 sum 96 ttl 63 | - -
			0.153 > .P 301:401(100) ack 1 id 15 sum 97 ttl 63 | - -
			0.154 > .P 401:501(100) ack 1 id 16 sum 98 ttl 63 | - -
			0.155 > .P 501:601(100) ack 1 id 17 sum 99 ttl 63 | - -`, 6, func(r *record.Record) bool {
			return r.Ends[record.Orig].Retx == 0 && r.Ends[record.Orig].WireBytes == 600 && r.Ends[record.Orig].Packets == 14
		}},
		{"a router sent the SYN past the tap again, behind an exchange", handshake + `
			0.021 > .P 1:101(100) ack 1 id 12 | - -
			0.031 < .  1:1(0) ack 101 id 21 | - -
			0.032 < .P 1:101(100) ack 101 id 22 | - -
			0.033 > .  101:101(0) ack 101 id 13 | - -
			0.034 > .P 101:201(100) ack 101 id 14 | - -
			0.100 > S  0:0(0) id 10 sum 99 ttl 63 | - -
			0.120 > .  1:1(0) ack 1 id 11 sum 99 ttl 63 | - -
			0.121 > .P 1:101(100) ack 1 id 12 sum 99 ttl 63 | - -`, 3, func(r *record.Record) bool {
			return r.Open.SYNs == 1 && r.Open.NSYNsAgain == 0 && r.Ends[record.Orig].Retx == 0 && r.Ends[record.Orig].WireBytes == 200
		}},
		{"a router repeats no data: the host gave it another identification", handshake + `
			0.021 > .P 1:101(100) ack 1 id 12 | - -
			0.022 > .P 101:201(100) ack 1 id 13 | - -
			0.230 > .P 1:101(100) ack 1 id 14 ttl 63 | - -`, 0, func(r *record.Record) bool { return r.Ends[record.Orig].Retx == 1 }},
		{"the copy behind a router comes first", `
			0.00000 > S  0:0(0) id 10 sum 99 ttl 63 | - -
			0.00002 > S  0:0(0) id 10 sum 1 ttl 64 | - -`, 1, func(r *record.Record) bool { return r.Open.SYNs == 1 }},
		{"copies without an identification, each behind what answers the first", `
			0.0000 > S  0:0(0) id 0 sum 1 | - -
			0.0001 < S. 0:0(0) ack 1 id 0 sum 2 | - -
			0.0002 > .  1:1(0) ack 1 id 0 sum 3 | - -
			0.0003 > S  0:0(0) id 0 sum 1 ttl 63 | - -
			0.0004 < S. 0:0(0) ack 1 id 0 sum 2 ttl 63 | - -
			0.0005 > .  1:1(0) ack 1 id 0 sum 3 ttl 63 | - -
			0.0100 > .P 1:101(100) ack 1 id 0 sum 4 | - -
			0.0101 < .  1:1(0) ack 101 id 0 sum 5 | - -
			0.0103 > .P 1:101(100) ack 1 id 0 sum 4 ttl 63 | - -
			0.0104 < .  1:1(0) ack 101 id 0 sum 5 ttl 63 | - -`, 5, func(r *record.Record) bool {
			return r.Open.SYNs == 1 && r.Open.SYNACKs == 1 && r.Ends[record.Orig].Retx == 0 && r.Ends[record.Resp].DupAcks == 0 && r.States[record.Resp] == record.Established
		}},
		{"duplicate ACKs without an identification, each drawn by a segment", handshake + `
			0.1000 > .P 1:101(100) ack 1 id 0 sum 4 | - -
			0.1001 < .  1:1(0) ack 101 id 0 sum 5 | - -
			0.1002 > .P 201:301(100) ack 1 id 0 sum 6 | - -
			0.1003 < .  1:1(0) ack 101 id 0 sum 5 | - -
			0.1004 > .P 301:401(100) ack 1 id 0 sum 7 | - -
			0.1005 < .  1:1(0) ack 101 id 0 sum 5 | - -`, 0, func(r *record.Record) bool { return r.Ends[record.Resp].DupAcks == 2 }},
		{"a SYN/ACK due again beside the answer to the SYN that came again", `
			0.0000 > S  0:0(0) id 10 sum 1 | - -
			1.0200 > S  0:0(0) id 11 sum 1 | - -
			1.0201 < S. 0:0(0) ack 1 id 0 sum 2 | - -
			1.0202 > .  1:1(0) ack 1 id 12 sum 3 | - -
			1.0203 < S. 0:0(0) ack 1 id 0 sum 2 | - -`, 0, func(r *record.Record) bool { return r.Open.SYNACKs == 2 }},
		{"data without an identification that duplicate ACKs draw again", handshake + `
			0.1000 > .P 1:101(100) ack 1 id 0 sum 4 | - -
			0.1001 > .P 101:201(100) ack 1 id 0 sum 6 | - -
			0.1002 < .  1:1(0) ack 1 id 0 sum 5 | - -
			0.1003 > .P 1:101(100) ack 1 id 0 sum 4 | - -`, 0, func(r *record.Record) bool { return r.Ends[record.Orig].Retx == 1 }},
		{"a FIN, captured twice", handshake + `
			0.100 > F. 1:1(0) ack 1 id 12 | - -
			0.101 > F. 1:1(0) ack 1 id 12 | - -`, 1, func(r *record.Record) bool {
			return r.Close.FINs[record.Orig] == 1 && r.Close.FINCopies[record.Orig] == 1
		}},
		{"two RSTs answer two segments", handshake + `
			0.100 < F. 1:1(0) ack 1 id 21 | - -
			0.101 > .P 1:25(24) ack 2 id 12 | - -
			0.102 > F. 25:25(0) ack 2 id 13 | - -
			0.120 < R  2:2(0) id 0 sum 7 | - -
			0.121 < R  2:2(0) id 0 sum 7 | - -`, 0, func(r *record.Record) bool { return r.Close.RSTs[record.Resp] == 2 }},
		{"a RST that answers one segment, captured three times", handshake + `
			0.101 > .P 1:25(24) ack 2 id 12 | - -
			0.120 < R  2:2(0) id 0 sum 7 | - -
			0.121 < R  2:2(0) id 0 sum 7 | - -
			0.122 < R  2:2(0) id 0 sum 7 | - -`, 2, func(r *record.Record) bool { return r.Close.RSTs[record.Resp] == 3 }},
		{"two RSTs answer two segments, behind a later one with another number", handshake + `
			0.100 < F. 1:1(0) ack 1 id 21 | - -
			0.101 > .P 1:25(24) ack 1 id 12 | - -
			0.102 > .P 25:49(24) ack 1 id 13 | - -
			0.103 > F. 49:49(0) ack 2 id 14 | - -
			0.120 < R  1:1(0) id 0 sum 7 | - -
			0.121 < R  1:1(0) id 0 sum 7 | - -
			0.122 < R  2:2(0) id 0 sum 8 | - -`, 0, func(r *record.Record) bool { return r.Close.RSTs[record.Resp] == 3 }},
		{"RSTs that answer segments of two kinds, in turn", handshake + `
			0.100 < F. 1:1(0) ack 1 id 21 | - -
			0.101 > .P 1:25(24) ack 1 id 12 | - -
			0.102 > .P 25:49(24) ack 1 id 13 | - -
			0.103 > F. 49:49(0) ack 2 id 14 | - -
			0.120 < R  1:1(0) id 0 sum 7 | - -
			0.121 < R  2:2(0) id 0 sum 8 | - -
			0.122 < R  1:1(0) id 0 sum 7 | - -`, 0, func(r *record.Record) bool { return r.Close.RSTs[record.Resp] == 3 }},
		{"two RSTs answer what was not captured", `
			0.120 < R  2:2(0) id 0 sum 7 | - -
			0.121 < R  2:2(0) id 0 sum 7 | - -`, 0, nil},
		{"ACKs without an identification come twice, data does not: their sender sent them", handshake + `
			0.1000 > .P 1:101(100) ack 1 id 12 | - -
			0.1001 < .  1:1(0) ack 101 id 0 sum 5 | - -
			0.1002 < .  1:1(0) ack 101 id 0 sum 5 | - -
			0.2000 > .P 101:201(100) ack 1 id 13 | - -
			0.2001 < .  1:1(0) ack 201 id 0 sum 6 | - -
			0.2002 < .  1:1(0) ack 201 id 0 sum 6 | - -`, 0, func(r *record.Record) bool { return r.Evidence.Duplicate == 0 }},
		{"ACKs without an identification come twice, and so does data", handshake + `
			0.1000 > .P 1:101(100) ack 1 id 12 sum 4 | - -
			0.1001 > .P 1:101(100) ack 1 id 12 sum 4 | - -
			0.1002 < .  1:1(0) ack 101 id 0 sum 5 | - -
			0.1003 < .  1:1(0) ack 101 id 0 sum 5 | - -`, 2, func(r *record.Record) bool { return r.Evidence.Duplicate == 5 }},
		{"data without an identification comes twice, and each copy arrived", handshake + `
			0.1000 > .P 1:101(100) ack 1 id 0 sum 4 | - -
			0.1001 > .P 1:101(100) ack 1 id 0 sum 4 | - -
			0.1500 < .  1:1(0) ack 101 id 21 | - -
			0.1501 < .  1:1(0) ack 101 id 22 sack 1-101 | - -`, 0, func(r *record.Record) bool { return r.Ends[record.Orig].DSACKs == 1 }},
		{"data without an identification comes twice, and no D-SACK tells that it arrived", handshake + `
			0.1000 > .P 1:101(100) ack 1 id 0 sum 4 | - -
			0.1001 > .P 1:101(100) ack 1 id 0 sum 4 | - -
			0.1500 < .  1:1(0) ack 101 id 21 | - -`, 1, nil},
	} {
		for name, w := range map[string]wire{"plain": plainWire, "mirrored": mirroredWire} {
			_, rec, _ := play(t, w, parseExchange(t, x.lines), -1, -1)
			if len(rec.records) != 1 {
				t.Fatalf("%s, %s: %d records", x.name, name, len(rec.records))
			}
			r := &rec.records[0]
			if r.Capture.Duplicates != x.copies || x.check != nil && !x.check(r) {
				t.Errorf("%s, %s: %d copies, want %d; %+v %+v %+v", x.name, name, r.Capture.Duplicates, x.copies, r.Open, r.Close, r.Ends[record.Orig])
			}
		}
	}
}
