package tracker

import (
	"fmt"
	"testing"

	"tcpwatch/tracker/record"
)

// stampedOpen is an open connection with timestamps whose opener sent 100 bytes.
const stampedOpen = `
	0.000 > S  0:0(0) val 1000            | - -
	0.010 < S. 0:0(0) ack 1 val 5000 ecr 1000 | - -
	0.011 > .  1:1(0) ack 1 val 1011 ecr 5000 | - -
	1.000 > P. 1:101(100) ack 1 val 2000 ecr 5000 | - -
	1.010 < .  1:1(0) ack 101 val 6000 ecr 2000 | - -
`

// A segment is refused for its timestamp (RFC 7323 section 5.3) where its
// receiver's ACK at once stays where it was, and nowhere else.
func TestRefusedByPAWS(t *testing.T) {
	for _, x := range []struct {
		name, lines         string
		paws, again, lost   uint32
		origState, otherEnd record.State
	}{
		{"the ACK stays", `
			2.000 > P. 101:201(100) ack 1 val 900 ecr 6000 | - -
			2.004 < .  1:1(0) ack 101 val 7000 ecr 2000 | - -
			2.300 > P. 101:201(100) ack 1 val 1200 ecr 6000 | - -
			2.304 < .  1:1(0) ack 101 val 7300 ecr 2000 | - -
		`, 2, 1, 0, record.Established, record.Established},
		{"with its FIN: the sender waits, the receiver has not heard", `
			2.000 > F. 101:201(100) ack 1 val 900 ecr 6000 | - -
			2.004 < .  1:1(0) ack 101 val 7000 ecr 2000 | - -
		`, 1, 0, 0, record.FinWait1, record.Established},
		{"an answer to the repeat alone", `
			2.000 > P. 101:201(100) ack 1 val 900 ecr 6000 | - -
			2.300 > P. 101:201(100) ack 1 val 1200 ecr 6000 | - -
			2.304 < .  1:1(0) ack 101 val 7300 ecr 2000 | - -
			2.900 > P. 101:201(100) ack 1 val 1800 ecr 6000 | - -
		`, 1, 1, 1, record.Established, record.Established},
		{"no answer: it may be lost", `
			2.000 > P. 101:201(100) ack 1 val 900 ecr 6000 | - -
			2.300 > P. 101:201(100) ack 1 val 1200 ecr 6000 | - -
		`, 0, 0, 1, record.Established, record.Established},
		{"an answer seconds later", `
			2.000 > P. 101:201(100) ack 1 val 900 ecr 6000 | - -
			4.000 < .  1:1(0) ack 101 val 9000 ecr 2000 | - -
		`, 0, 0, 0, record.Established, record.Established},
		{"taken all the same", `
			2.000 > P. 101:201(100) ack 1 val 900 ecr 6000 | - -
			2.004 < .  1:1(0) ack 201 val 7000 ecr 2000 | - -
		`, 0, 0, 0, record.Established, record.Established},
		{"what overtakes a hole does not raise what is remembered", `
			2.000 > P. 201:301(100) ack 1 val 3000 ecr 6000 | - -
			2.001 > P. 101:201(100) ack 1 val 2999 ecr 6000 | - -
			2.004 < .  1:1(0) ack 101 val 7000 ecr 2000 | - -
			2.005 < .  1:1(0) ack 301 val 7001 ecr 2999 | - -
		`, 0, 0, 0, record.Established, record.Established},
		{"a newer one: the duplicate ACK tells of something else", `
			2.000 > P. 101:201(100) ack 1 val 3000 ecr 6000 | - -
			2.004 < .  1:1(0) ack 101 val 7000 ecr 2000 | - -
		`, 0, 0, 0, record.Established, record.Established},
	} {
		t.Run(x.name, func(t *testing.T) {
			for _, w := range []wire{plainWire, mirroredWire} {
				rec, tr := run(t, Options{}, w, stampedOpen+x.lines)
				tr.Finish()
				r := &rec.records[0]
				if e := &r.Ends[record.Orig]; e.PAWSRefused != x.paws || e.RetxRefused != x.again || e.LostAfterTap != x.lost {
					t.Errorf("%d refused, %d repeats of that, %d lost behind the tap; want %d, %d, %d", e.PAWSRefused, e.RetxRefused, e.LostAfterTap, x.paws, x.again, x.lost)
				}
				if r.States != [2]record.State{x.origState, x.otherEnd} {
					t.Errorf("states %v, want %v and %v", r.States, x.origState, x.otherEnd)
				}
				checkLegal(t, r)
			}
		})
	}
}

// Checksums are asked for where something is sent again, and from then on.
func TestWrongChecksums(t *testing.T) {
	const spoiled = opened + `
		1.000 > P. 1:101(100) ack 1    | - -
		1.010 < .  1:1(0) ack 101      | - -
		1.020 > P. 101:201(100) ack 1  | - -
		1.300 > P. 101:201(100) ack 1  | - -
		1.900 > P. 101:201(100) ack 1  | - -
	`
	const gone = `
		2.000 > P. 201:301(100) ack 1  | - -
		2.010 < .  1:1(0) ack 301      | - -
	`
	for _, x := range []struct {
		name, lines string
		wrong       []uint64 // packets, as the card or the wire left them
		tells, lost uint32
	}{
		{"every copy alike", spoiled, []uint64{6, 7, 8}, 2, 0},
		{"right: they were lost", spoiled, nil, 0, 2},
		{"every packet: the card fills them in", spoiled, []uint64{1, 3, 4, 6, 7, 8}, 0, 2},
		{"new data with a wrong one is taken: an edited capture", spoiled + gone, []uint64{7, 8, 9}, 0, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			r, unasked := withWrongSums(t, x.lines, x.wrong...)
			e := &r.Ends[record.Orig]
			if e.BadChecksums != x.tells || e.LostAfterTap != x.lost || e.Retx != 2 {
				t.Errorf("%d wrong, %d lost, %d sent again; want %d, %d, 2", e.BadChecksums, e.LostAfterTap, e.Retx, x.tells, x.lost)
			}
			if unasked < 3 {
				t.Errorf("all packets but %d were verified", unasked)
			}
		})
	}
}

// Where a capture begins at data with a wrong checksum, its number may be what was changed: that far
// from it lies nothing that the capture missed.
func TestStartsAtAWrongChecksum(t *testing.T) {
	const far, near = "0.000 > . 1:1001(1000) ack 1 | - -\n", "0.000 > . 500001:501001(1000) ack 1 | - -\n"
	const rest = `
		1.010 < .  1:1(0) ack 501001             | - -
		1.020 > .  501001:502001(1000) ack 1     | - -
		1.030 < .  1:1(0) ack 502001             | - -
		%s
	`
	const hole = `1.040 > .  503001:504001(1000) ack 1  | - -
		1.050 < .  1:1(0) ack 504001             | - -`
	for _, x := range []struct {
		name, lines string
		wrong       uint64
		missing     uint64
	}{
		{"right: the capture missed what lies between", far + fmt.Sprintf(rest, ""), 0, 499001 - 1001 + 2000},
		{"wrong: its number says nothing", far + fmt.Sprintf(rest, ""), 1, 0},
		{"wrong, and a hole further on", far + fmt.Sprintf(rest, hole), 1, 1000},
		{"wrong, and nothing follows far off", near + fmt.Sprintf(rest, hole), 1, 1000},
	} {
		t.Run(x.name, func(t *testing.T) {
			r, _ := withWrongSums(t, x.lines, x.wrong)
			if got := r.Ends[record.Orig].MissingBytes + r.Ends[record.Resp].MissingBytes; got != x.missing {
				t.Errorf("%d bytes missing, want %d", got, x.missing)
			}
		})
	}
}

// A SACK block of numbers never sent, in an ACK of all that was sent, tells of no hole.
func TestSACKBlocksOfAllThatCame(t *testing.T) {
	const sent = `
		0.000 > S  0:0(0) sackok 1 | - -
		0.010 < S. 0:0(0) ack 1 sackok 1 | - -
		0.020 > .  1:1(0) ack 1    | - -
		1.000 > .  1:1001(1000) ack 1 | - -
		1.001 > .  1001:2001(1000) ack 1 | - -
		1.020 < .  1:1(0) ack %d sack 2863312531-2863313531 | - -
	`
	for ack, want := range map[int]uint32{1001: 0, 2001: 1} {
		if x := recordOf(t, fmt.Sprintf(sent, ack)).Ends[record.Resp]; x.SACKOutOfRange != 1 || x.SACKAllCame != want {
			t.Errorf("ack %d: %d out of range, %d of all that came; want 1, %d", ack, x.SACKOutOfRange, x.SACKAllCame, want)
		}
	}
}

// A SACK block counts only inside what was sent (RFC 2018, RFC 2883): something on
// the way may rewrite sequence numbers and not those.
func TestSACKBlocksOutOfRange(t *testing.T) {
	const sacked = `
		0.000 > S  0:0(0) sackok 1 | - -
		0.010 < S. 0:0(0) ack 1 sackok 1 | - -
		0.020 > .  1:1(0) ack 1    | - -
		1.000 > .  1:1001(1000) ack 1 | - -
		1.001 > .  1001:2001(1000) ack 1 | - -
		1.002 > .  2001:3001(1000) ack 1 | - -
		1.010 < .  1:1(0) ack 1001 | - -
		1.020 < .  1:1(0) ack 1001 sack %s | - -
		1.300 > .  1001:2001(1000) ack 1 | - -
		1.310 < .  1:1(0) ack 3001 sack %s | - -
	`
	for _, x := range []struct {
		name, hole, done    string
		blocks, out, dsacks uint32
	}{
		{"in range", "2001-3001", "1001-2001", 2, 0, 1},
		{"rewritten", "2863313531-2863314531", "2863312531-2863313531", 2, 2, 0},
		{"far ahead", "100000001-100001001", "100001001-100002001", 2, 2, 0},
		{"far behind", "4000000000-4000001000", "4000000000-4000001000", 2, 2, 0},
		{"of what the capture has missed", "3001-4001", "1001-2001", 2, 0, 1},
		{"the wrong way round", "3001-2001", "1001-2001", 2, 1, 1},
	} {
		t.Run(x.name, func(t *testing.T) {
			rec, tr := run(t, Options{}, plainWire, fmt.Sprintf(sacked, x.hole, x.done))
			tr.Finish()
			r := &rec.records[0]
			if a, b := &r.Ends[record.Orig], &r.Ends[record.Resp]; b.SACKBlocks != x.blocks || b.SACKOutOfRange != x.out || a.DSACKs != x.dsacks || a.RetxSpurious > x.dsacks {
				t.Errorf("%d blocks, %d out of range, %d D-SACKs, %d needless; want %d, %d, %d", b.SACKBlocks, b.SACKOutOfRange, a.DSACKs, a.RetxSpurious, x.blocks, x.out, x.dsacks)
			}
		})
	}
}
