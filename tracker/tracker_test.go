package tracker

import (
	"slices"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// run plays lines through a Tracker with options and returns what was told.
func run(t *testing.T, o Options, w wire, text string) (*recorder, *Tracker) {
	t.Helper()
	rec := &recorder{}
	tr := New(o, rec)
	for i, l := range parseExchange(t, text) {
		tr.Observe(w.segment(l, uint64(i+1)))
	}
	return rec, tr
}

// withWrongSums plays an exchange in which these packets have a wrong TCP checksum: the record of its
// connection, and how many checksums were not asked for.
func withWrongSums(t *testing.T, text string, wrong ...uint64) (r *record.Record, unasked int) {
	t.Helper()
	rec, packet := &recorder{}, uint64(0)
	tr := New(Options{Verify: func() capture.Marks {
		unasked--
		if slices.Contains(wrong, packet) {
			return capture.MarkBadChecksum
		}
		return capture.MarkChecksumOK
	}}, rec)
	for _, l := range parseExchange(t, text) {
		packet++
		unasked++
		tr.Observe(plainWire.segment(l, packet))
	}
	tr.Finish()
	return &rec.records[0], unasked
}

const opened = `
	0.000 > S  0:0(0)       | - -
	0.010 < S. 0:0(0) ack 1 | - -
	0.020 > .  1:1(0) ack 1 | - -
`

const closedByOrig = opened + `
	1.000 > F. 1:1(0) ack 1 | - -
	1.010 < F. 1:1(0) ack 2 | - -
	1.020 > .  2:2(0) ack 2 | - -
`

func TestPortReuse(t *testing.T) {
	// RFC 9293 section 3.6.1: a SYN with a higher number may end TIME-WAIT.
	rec, tr := run(t, Options{}, plainWire, closedByOrig+`
		11.000 > S  5000:5000(0) | - -
		11.010 < S. 90000:90000(0) ack 5001 | - -
		11.020 > .  5001:5001(0) ack 90001 | - -
	`)
	tr.Finish()
	if len(rec.records) != 2 {
		t.Fatalf("%d records", len(rec.records))
	}
	first := rec.records[0]
	if first.TimeWait.EndedBy != record.TimeWaitReuse || first.TimeWait.Until-first.TimeWait.Since != 9990e6 {
		t.Errorf("TIME-WAIT %+v", first.TimeWait)
	}
	if got := rec.records[1]; got.ID != 7 || got.Open.Kind != record.OpenHandshake || got.States != [2]record.State{record.Established, record.Established} {
		t.Errorf("second: %+v", got)
	}
}

func TestStaleSYNInTimeWait(t *testing.T) {
	// The holder answers a SYN with older numbers by its last ACK; the opener's
	// RST belongs to the old connection and must not end the new one.
	rec, tr := run(t, Options{}, plainWire, opened+`
		1.000 < F. 1:1(0) ack 1 | - -
		1.010 > F. 1:1(0) ack 2 | - -
		1.020 < .  2:2(0) ack 2 | - -
		2.000 > S  4000000000:4000000000(0) | - -
		2.010 < .  2:2(0) ack 2 | - -
		2.011 > R  2:2(0) | - -
		2.020 > S  4000000000:4000000000(0) | - -
		2.030 < S. 70000:70000(0) ack 4000000001 | - -
		2.040 > .  4000000001:4000000001(0) ack 70001 | - -
	`)
	tr.Finish()
	if len(rec.records) != 2 {
		t.Fatalf("%d records", len(rec.records))
	}
	old, fresh := rec.records[0], rec.records[1]
	if old.TimeWait.Holder != record.Resp || old.TimeWait.EndedBy != record.TimeWaitReset {
		t.Errorf("TIME-WAIT %+v", old.TimeWait)
	}
	if fresh.Open.Kind != record.OpenHandshake || fresh.Open.SYNs != 2 || fresh.Close.ResetBy != record.NoEnd || !fresh.Open.Felt.OK || fresh.Open.Felt.V != 40e6 {
		t.Errorf("new: %+v %+v", fresh.Open, fresh.Close)
	}
	if fresh.Open.OldConn != old.ID || old.Open.OldConn != 0 {
		t.Errorf("the SYN was answered by #%d, want #%d", fresh.Open.OldConn, old.ID)
	}
}

func TestForgedSYNLeavesTheConnectionAlone(t *testing.T) {
	// RFC 5961 section 4: a SYN on an open connection draws a challenge ACK.
	rec, tr := run(t, Options{}, mirroredWire, opened+`
		1.000 > S  50:50(0) | - -
		1.010 < .  1:1(0) ack 1 | - -
		2.000 > .P 1:11(10) ack 1 | - -
		2.010 < .  1:1(0) ack 11 | - -
		3.000 > F. 11:11(0) ack 1 | - -
		3.010 < F. 1:1(0) ack 12 | - -
		3.020 > .  12:12(0) ack 2 | - -
	`)
	tr.Finish()
	if len(rec.records) != 1 || tr.Stats().Anomalies["SYN in a live connection"] != 1 {
		t.Fatalf("%d records, %v: the SYN was no attempt", len(rec.records), tr.Stats().Anomalies)
	}
	if r := rec.records[0]; r.Close.Kind != record.CloseNormal || r.Open.SYNs != 1 || r.Ends[record.Resp].Packets+r.Ends[record.Orig].Packets != 10 {
		t.Errorf("%v, %d SYNs, %d and %d packets", r.Close.Kind, r.Open.SYNs, r.Ends[record.Orig].Packets, r.Ends[record.Resp].Packets)
	}
}

// A SYN that its sender's other segments do not deny stays an attempt.
func TestSYNOnALiveConnectionIsAnAttempt(t *testing.T) {
	for name, c := range map[string]struct {
		lines string
		kind  record.OpenKind
	}{
		"it comes again": {`
			1.000 > S  50:50(0) | - -
			1.010 < .  1:1(0) ack 1 | - -
			2.000 > S  50:50(0) | - -
			2.010 < .P 1:11(10) ack 1 | - -`, record.OpenNoAnswer},
		"its sender resets the old connection": {`
			1.000 > S  50:50(0) | - -
			1.010 < .  1:1(0) ack 1 | - -
			1.011 > R  1:1(0) | - -`, record.OpenNoAnswer},
		"it is answered": {`
			1.000 > S  50:50(0) | - -
			1.010 < S. 7000:7000(0) ack 51 | - -
			1.020 > .  51:51(0) ack 7001 | - -`, record.OpenHandshake},
	} {
		rec, tr := run(t, Options{}, plainWire, opened+c.lines)
		tr.Finish()
		if n := len(rec.records); n != 2 || rec.records[n-1].Open.Kind != c.kind && rec.records[0].Open.Kind != c.kind {
			t.Errorf("%s: %d records, %v", name, n, rec.records[0].Open.Kind)
		}
	}
}

// Who opens a connection answers the challenge ACK by a RST and sends its SYN again: one
// that was challenged and does neither was not sent by that end. Nor were several, each
// with another number, on a connection that goes on.
func TestSYNThatNobodyStandsByIsNoAttempt(t *testing.T) {
	const challenged = opened + `
		1.000 > S  900000000:900000000(0) | - -
		1.010 < .  1:1(0) ack 1 | - -`
	for name, lines := range map[string]string{
		"nothing more":                challenged,
		"the other end alone goes on": challenged + "\n2.000 < .P 1:11(10) ack 1 | - -",
		"the connection goes quiet":   challenged + "\n2.000 < .P 1:11(10) ack 1 | - -\n2.1 > . 1:1(0) ack 11 | - -",
		"three, one after another": opened + `
			1.000 > S  900000000:900000000(0) | - -
			1.001 > S  800000000:800000000(0) | - -
			1.002 > S  700000000:700000000(0) | - -
			1.010 < .  1:1(0) ack 1 | - -
			2.000 > .P 1:11(10) ack 1 | - -`,
	} {
		for _, w := range []wire{plainWire, mirroredWire} {
			rec, tr := run(t, Options{}, w, lines)
			tr.Tick(w.segment(line{at: 3600}, 0).Time)
			tr.Finish()
			if n := len(rec.records); n != 1 || rec.records[0].Open.Kind != record.OpenHandshake || rec.records[0].Close.Kind != record.CloseOpen {
				t.Errorf("%s: %d records, %v, %v", name, n, rec.records[0].Open.Kind, rec.records[0].Close.Kind)
			}
		}
	}
}

func TestTwoForgedSYNsLeaveTheConnectionAlone(t *testing.T) {
	rec, tr := run(t, Options{}, plainWire, opened+`
		1.000 > S  50:50(0) | - -
		1.010 < .  1:1(0) ack 1 | - -
		1.500 > S  90:90(0) | - -
		1.510 < .  1:1(0) ack 1 | - -
		2.000 > .P 1:11(10) ack 1 | - -
		2.010 < .  1:1(0) ack 11 | - -
		3.000 > F. 11:11(0) ack 1 | - -
		3.010 < F. 1:1(0) ack 12 | - -
		3.020 > .  12:12(0) ack 2 | - -
	`)
	tr.Finish()
	if len(rec.records) != 1 {
		t.Fatalf("%d records", len(rec.records))
	}
	if r := rec.records[0]; r.ID != 1 || r.Close.Kind != record.CloseNormal || r.Ends[record.Orig].Bytes.V != 10 || r.Ends[record.Orig].Packets != 7 {
		t.Errorf("%d: %s, %d packets", r.ID, r.Close.Kind, r.Ends[record.Orig].Packets)
	}
}

func TestFeltTimeFromOneSideAlone(t *testing.T) {
	rec, tr := run(t, Options{}, plainWire, `
		0.000 > S  0:0(0)       | - -
		0.030 > .  1:1(0) ack 1 | - -
		0.031 > .P 1:11(10) ack 1 | - -
	`)
	tr.Finish()
	r := rec.records[0]
	wantSpan(t, "felt", r.Open.Felt, 30)
	if r.Open.Resp.OK || r.Open.Orig.OK || !r.Capture.OneWay || r.Open.Kind != record.OpenHandshake {
		t.Errorf("%+v %+v", r.Open, r.Capture)
	}
}

func TestTimedOutNeedsSilence(t *testing.T) {
	lines := opened + `
		1.0 > .P 1:11(10) ack 1 | - -
		1.2 > .P 1:11(10) ack 1 | - -`
	rec, tr := run(t, Options{}, plainWire, lines)
	tr.Finish()
	if k := rec.records[0].Close.Kind; k != record.CloseOpen {
		t.Errorf("the input ended: %s", k)
	}
	rec, tr = run(t, Options{}, plainWire, lines)
	tr.Tick(1700000100e9)
	tr.Finish()
	if k := rec.records[0].Close.Kind; k != record.CloseTimedOut {
		t.Errorf("silent for 99 s: %s", k)
	}
}

func TestTimeWaitEndsIn2MSL(t *testing.T) {
	rec, tr := run(t, Options{MSL: 30 * second}, plainWire, closedByOrig)
	base := int64(1700000000e9)
	tr.Tick(base + 61*second)
	if len(rec.records) != 0 {
		t.Fatal("handed out before 2MSL had passed since the last ACK")
	}
	tr.Tick(base + 61*second + 20e6)
	if len(rec.records) != 1 {
		t.Fatalf("%d records", len(rec.records))
	}
	r := rec.records[0]
	if r.TimeWait.EndedBy != record.TimeWait2MSL {
		t.Errorf("ended by %q", r.TimeWait.EndedBy)
	}
	last := r.Transitions[len(r.Transitions)-1]
	if last.To != record.Closed || last.Packet != 0 || last.End != record.Orig || last.Time != r.TimeWait.Until {
		t.Errorf("last edge %+v", last)
	}
	if r.States[record.Orig] != record.TimeWait {
		t.Errorf("state %v: states are those after the last packet", r.States[record.Orig])
	}
	if n := tr.Stats().Open; n != 0 {
		t.Errorf("%d connections still held", n)
	}
}

func TestWhatEndedBeforeTheInputDidHasEnded(t *testing.T) {
	// Fewer packets than lie between two ticks, 2MSL and more apart.
	rec, tr := run(t, Options{}, plainWire, closedByOrig)
	later := mirroredWire.segment(line{at: 70, flags: capture.SYN}, 9)
	tr.Observe(later)
	tr.Finish()
	for _, r := range rec.records {
		if r.ID == 1 && (r.TimeWait.EndedBy != record.TimeWait2MSL || r.TimeWait.Until > later.Time) {
			t.Errorf("TIME-WAIT %+v, the input ended at %d", r.TimeWait, later.Time)
		}
	}
	if len(rec.records) != 2 {
		t.Errorf("%d records", len(rec.records))
	}
}

func TestICMPEndsAnAttempt(t *testing.T) {
	rec, tr := run(t, Options{Events: true}, plainWire, `0.000 > S 0:0(0) | - -`)
	tr.Quoted(&capture.Quote{Packet: 2, Time: 1700000000e9 + 5e6, Src: plainWire.ends[record.Orig], Dst: plainWire.ends[record.Resp],
		Seq: plainWire.isn[record.Orig], Type: 3, Code: 13})
	tr.Finish()
	r := rec.records[0]
	if r.Open.Kind != record.OpenUnreachable || r.Open.Answer != (record.Answer{Kind: record.AnswerICMP, Type: 3, Code: 13}) || r.Close.Kind != record.CloseNeverOpened {
		t.Errorf("%+v", r.Open)
	}
	if len(rec.events) != 1 || rec.events[0] != record.EventFailed {
		t.Errorf("events %v", rec.events)
	}
	// "Fragmentation needed" only slows a connection down.
	rec, tr = run(t, Options{}, plainWire, `0.000 > S 0:0(0) | - -`)
	tr.Quoted(&capture.Quote{Packet: 2, Src: plainWire.ends[record.Orig], Dst: plainWire.ends[record.Resp], Seq: plainWire.isn[record.Orig], Type: 3, Code: 4})
	// Numbers that this connection never sent belong to another.
	tr.Quoted(&capture.Quote{Packet: 3, Src: plainWire.ends[record.Orig], Dst: plainWire.ends[record.Resp], Seq: plainWire.isn[record.Orig] + 1<<30, Type: 3, Code: 1})
	tr.Finish()
	if r := rec.records[0]; r.Open.Kind != record.OpenNoAnswer {
		t.Errorf("%+v", r.Open)
	}
	if s := tr.Stats(); s.Quotes != 2 || s.Unmatched != 1 {
		t.Errorf("quotes %d unmatched %d", s.Quotes, s.Unmatched)
	}
}

func TestASteppedClockExpiresNothing(t *testing.T) {
	rec, tr := run(t, Options{}, plainWire, opened+`
		100000000.0 > .P 1:11(10) ack 1 | - -
		1.0 < .  1:1(0) ack 11 | - -
	`)
	tr.Finish()
	if len(rec.records) != 1 || rec.records[0].Capture.TimeWentBack != 1 {
		t.Errorf("%+v", rec.records)
	}
}

func TestWhatLimitsCostIsCounted(t *testing.T) {
	rec, tr := run(t, Options{}, plainWire, opened)
	for i := range uint32(9000) {
		s := plainWire.segment(line{at: 1 + float64(i)/10000, flags: capture.ACK, seq: 11 + i*20, ack: 1, n: 10, ttl: 64}, uint64(i+4))
		tr.Observe(s)
	}
	tr.Finish()
	n := tr.Stats().Limits
	if len(rec.records) != 1 || n["gap bytes forgotten"] == 0 || n["segments in flight taken together"] == 0 {
		t.Errorf("%v", n)
	}
}

func TestInterimRecords(t *testing.T) {
	rec, tr := run(t, Options{Interval: 10 * second}, plainWire, opened+`
		9.0 > .P 1:11(10) ack 1 | - -
		11.0 > .P 11:21(10) ack 1 | - -
		22.0 > .P 21:31(10) ack 1 | - -
	`)
	tr.Tick(1700000022e9)
	if len(rec.records) != 2 || !rec.records[0].Interim || rec.records[0].Ends[record.Orig].Bytes.V != 20 || rec.records[1].Ends[record.Orig].Bytes.V != 30 {
		t.Fatalf("%d records: %+v", len(rec.records), rec.records)
	}
	tr.Finish()
	if r := rec.records[2]; r.Interim || r.Ends[record.Orig].Bytes.V != 30 {
		t.Errorf("last: %+v", r)
	}
	for i := range rec.records {
		if r := &rec.records[i]; r.Revision != uint32(i+1) {
			t.Errorf("record %d has the revision %d", i+1, r.Revision)
		}
	}
}

// That the input ended is nothing that an interim record can tell.
func TestInterimRecordsEndByNothing(t *testing.T) {
	rec, tr := run(t, Options{Interval: second}, plainWire, opened+`
		1.00 > F. 1:1(0) ack 1 | - -
		1.01 < F. 1:1(0) ack 2 | - -
		1.02 > .  2:2(0) ack 2 | - -
		9.00 < F. 1:1(0) ack 2 | - -
	`)
	if len(rec.records) == 0 {
		tr.Tick(1700000010e9)
	}
	snapped := 0
	tr.Snapshot(func(r *record.Record) {
		snapped++
		if r.TimeWait.Holder != record.Orig || r.TimeWait.EndedBy != record.TimeWaitLasts || !r.Unfinished {
			t.Errorf("so far: %+v, unfinished: %t", r.TimeWait, r.Unfinished)
		}
	})
	if snapped != 1 {
		t.Fatalf("%d connections so far", snapped)
	}
	tr.Finish()
	n := len(rec.records)
	if n < 2 {
		t.Fatalf("%d records", n)
	}
	for i, r := range rec.records {
		want := record.TimeWaitLasts
		if i == n-1 {
			want = record.TimeWaitInputEnd
		}
		if r.Interim != (i < n-1) || r.TimeWait.Holder == record.Orig && r.TimeWait.EndedBy != want {
			t.Errorf("record %d: interim %t, %+v", i, r.Interim, r.TimeWait)
		}
	}
	if last := rec.records[n-2]; last.TimeWait.Holder != record.Orig {
		t.Errorf("no interim record in TIME-WAIT: %+v", last.TimeWait)
	}
}

func TestByVLAN(t *testing.T) {
	for _, by := range []bool{false, true} {
		rec := &recorder{}
		tr := New(Options{ByVLAN: by}, rec)
		for i := range 2 {
			tr.Observe(&capture.Segment{Packet: uint64(i + 1), Time: int64(i) * second, Src: endpointAt(1, 9), Dst: endpointAt(2, 80),
				Flags: capture.SYN, Seq: 1, NVLAN: 1, VLAN: [2]uint16{uint16(i)}})
		}
		tr.Finish()
		if want := map[bool]int{false: 1, true: 2}[by]; len(rec.records) != want {
			t.Errorf("by VLAN %v: %d records, want %d", by, len(rec.records), want)
		}
	}
}

func TestObserveDoesNotAllocate(t *testing.T) {
	tr := New(Options{}, &recorder{})
	w := plainWire
	for i, l := range parseExchange(t, opened) {
		tr.Observe(w.segment(l, uint64(i+1)))
	}
	data := w.segment(line{from: record.Orig, flags: capture.ACK, seq: 1, ack: 1, n: 100, win: 10, ttl: 64}, 4)
	ack := w.segment(line{from: record.Resp, flags: capture.ACK, seq: 1, ack: 101, win: 10, ttl: 64}, 5)
	if n := testing.AllocsPerRun(2000, func() {
		tr.Observe(data)
		tr.Observe(ack)
		data.Seq += 100
		ack.Ack += 100
		data.Packet += 2
		ack.Packet += 2
		data.Time += 1e6
		ack.Time += 1e6
	}); n != 0 {
		t.Errorf("%v allocations for two segments", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	tr := New(Options{}, &recorder{})
	const conns = 1000
	segs := make([][2]capture.Segment, conns)
	for i := range segs {
		w := wire{[2]capture.Endpoint{endpointAt(byte(i/250), uint16(10000+i)), endpointAt(255, 80)}, [2]uint32{uint32(i), 7}}
		syn := w.segment(line{flags: capture.SYN}, uint64(i))
		tr.Observe(syn)
		segs[i] = [2]capture.Segment{
			*w.segment(line{from: record.Orig, flags: capture.ACK, seq: 1, ack: 1, n: 100, win: 10, ttl: 64}, 4),
			*w.segment(line{from: record.Resp, flags: capture.ACK, seq: 1, ack: 101, win: 10, ttl: 64}, 5),
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		s := &segs[i/2%conns][i%2]
		tr.Observe(s)
		s.Seq, s.Ack, s.Time = s.Seq+100*uint32(1-i%2), s.Ack+100*uint32(i%2), s.Time+1000
	}
}
