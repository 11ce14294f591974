package tracker

import (
	"fmt"
	"slices"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/tracker/record"
)

// stages are the beginnings of connections in the order in which a full table
// gives them up, those of the same worth side by side.
var stages = []struct{ name, worth, lines string }{
	{"RSTs of an unseen connection", "stray", "0 < R  1:1(0) | - -"},
	{"closed by a RST", "closed", opened + "1 < R. 1:1(0) ack 1 | - -"},
	{"a SYN", "cheap", "0 > S  0:0(0) | - -"},
	{"a SYN and its SYN/ACK", "cheap", "0 > S  0:0(0) | - -\n 0.01 < S. 0:0(0) ack 1 | - -"},
	{"a forged ACK", "cheap", "0 > .  1:1(0) ack 1 | - -"},
	{"forged data", "cheap", "0 > P. 1:11(10) ack 1 | - -"},
	{"a forged FIN", "cheap", "0 > F. 1:1(0) ack 1 | - -"},
	{"in TIME-WAIT", "time-wait", closedByOrig},
	{"several segments of one end", "one end", "0 > . 1:1(0) ack 1 | - -\n 0.01 > P. 1:11(10) ack 1 | - -\n 0.02 > P. 11:21(10) ack 1 | - -"},
	{"closing", "closing", opened + "1 > F. 1:1(0) ack 1 | - -"},
	{"opened, without data", "established", opened},
	{"begun before the capture", "established", "0 > P. 1:11(10) ack 1 | - -\n 0.01 < P. 1:11(10) ack 11 | - -"},
	{"opened, with data both ways", "carrying", opened + "0.1 > P. 1:11(10) ack 1 | - -\n 0.11 < P. 1:11(10) ack 11 | - -"},
}

// observeStages observes connections, each as far as its stage says, the last stage
// first, by trackers that share the shards. The k-th of a stage is a second older
// than the one after it. It returns which stage and number a record is of.
func observeStages(t *testing.T, trackers []*Tracker, each int) map[uint64][2]int {
	of := map[uint64][2]int{}
	type at struct {
		s        *capture.Segment
		stage, k int
	}
	var all []at
	for n := len(stages) - 1; n >= 0; n-- {
		for k := range each {
			w := plainWire
			w.ends[record.Orig].Port = uint16(1000 + n*each + k)
			for _, l := range parseExchange(t, stages[n].lines) {
				l.at += float64(3 * k)
				all = append(all, at{w.segment(l, 0), n, k})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b at) int { return int(a.s.Time - b.s.Time) })
	first := map[[2]int]bool{}
	for i, a := range all {
		a.s.Packet = uint64(i + 1)
		if x := [2]int{a.stage, a.k}; !first[x] {
			first[x], of[a.s.Packet] = true, x
		}
		for n, tr := range trackers {
			tr.Pass(a.s.Time)
			if h := tr.Hash(a.s); int(record.ShardOf(h))*len(trackers)/record.NShards == n {
				tr.ObserveHashed(a.s, h)
			}
		}
	}
	return of
}

// What goes first when the table is full is what anybody can make with one packet
// and a forged address, and of the same worth what is oldest; how connections are
// divided among trackers does not matter.
func TestAFullTableGivesUpByWorthThenTime(t *testing.T) {
	racetest.TooSlow(t)
	const each = 4
	for most := range each * len(stages) {
		var want []string
		for _, parts := range []int{1, 2, 3, 256} {
			rec := &recorder{}
			var trackers []*Tracker
			for range parts {
				trackers = append(trackers, New(Options{MaxConns: max(most, 1)}, rec))
			}
			of := observeStages(t, trackers, each)
			for _, tr := range trackers {
				tr.Advance(0)
			}
			MakeRoom(trackers...)
			for _, tr := range trackers {
				tr.HandOut()
			}
			var gone []string
			left, evicted := map[string]int{}, map[string]int{}
			for _, r := range rec.records {
				x := of[r.ID]
				gone = append(gone, fmt.Sprint(stages[x[0]].name, x[1]))
				evicted[stages[x[0]].worth] = max(evicted[stages[x[0]].worth], x[1]+1)
				left[stages[x[0]].worth]++
			}
			slices.Sort(gone)
			if len(gone) != each*len(stages)-max(most, 1) {
				t.Fatalf("%d allowed, %d trackers: %d dropped", most, parts, len(gone))
			}
			if parts == 1 {
				want = gone
			} else if !slices.Equal(gone, want) {
				t.Fatalf("%d allowed, %d trackers: %v dropped, %v by one", most, parts, gone, want)
			}
			started := ""
			for _, s := range stages {
				whole := 0
				for _, o := range stages {
					if o.worth == s.worth {
						whole += each
					}
				}
				n := left[s.worth]
				if n > 0 && started != "" && started != s.worth {
					t.Errorf("%d allowed: %q goes while %q is left", most, s.worth, started)
				}
				if n < whole {
					started = s.worth
				}
				// The oldest of a worth go: whose number is lower.
				if kinds := whole / each; evicted[s.worth] > n/kinds+2 {
					t.Errorf("%d allowed: of %q %d go, and number %d is among them", most, s.worth, n, evicted[s.worth])
				}
			}
		}
	}
}

// Addresses chosen so that all connections are in one shard evict nobody, as long
// as the table has room.
func TestAddressesChosenAgainstTheShardHash(t *testing.T) {
	rec := &recorder{}
	tr := New(Options{MaxConns: 4096}, rec)
	n := 0
	for i := 0; n < 2000; i++ {
		e := capture.Endpoint{Addr: capture.AddrFrom4([]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), Port: 1024}
		s := capture.Segment{Packet: uint64(n + 1), Time: int64(n) * 1e6, Src: e, Dst: endpointAt(2, 80), Flags: capture.SYN, Seq: 1}
		if h := tr.Hash(&s); record.ShardOf(h) == 7 {
			tr.ObserveHashed(&s, h)
			n++
		}
	}
	tr.Tick(tr.clock.last)
	if len(rec.records) != 0 || tr.Held() != n || tr.Stats().Evicted != 0 {
		t.Errorf("%d records, %d held, %d evicted", len(rec.records), tr.Held(), tr.Stats().Evicted)
	}
}

// What the table dropped tells what was seen of it, and of what was still to
// come nothing; what goes on after that may be what was dropped.
func TestWhatWasEvicted(t *testing.T) {
	for _, tt := range []struct {
		name, lines string
		open        record.OpenKind
		close       record.CloseKind
	}{
		{"SYN", "0 > S 0:0(0) | - -", record.OpenUnknown, record.CloseEvicted},
		{"repeated SYN", "0 > S 0:0(0) | - -\n 1 > S 0:0(0) | - -", record.OpenUnknown, record.CloseEvicted},
		{"SYN/ACK", "0 > S 0:0(0) | - -\n 0.1 < S. 0:0(0) ack 1 | - -", record.OpenUnknown, record.CloseEvicted},
		{"refused", "0 > S 0:0(0) | - -\n 0.1 < R. 0:0(0) ack 1 | - -", record.OpenRefused, record.CloseNeverOpened},
		{"open", opened, record.OpenHandshake, record.CloseEvicted},
		{"FIN", opened + "1 > F. 1:1(0) ack 1 | - -", record.OpenHandshake, record.CloseEvicted},
		{"half-closed", opened + "1 > F. 1:1(0) ack 1 | - -\n 1.1 < . 1:1(0) ack 2 | - -", record.OpenHandshake, record.CloseEvicted},
		{"data repeated", opened + "0.1 > P. 1:11(10) ack 1 | - -\n 0.3 > P. 1:11(10) ack 1 | - -", record.OpenHandshake, record.CloseEvicted},
		{"TIME-WAIT", closedByOrig, record.OpenHandshake, record.CloseNormal},
		{"reset", opened + "1 < R. 1:1(0) ack 1 | - -", record.OpenHandshake, record.CloseReset},
		{"begun before", "0 > P. 1:11(10) ack 1 | - -\n 0.1 < . 1:1(0) ack 11 | - -", record.OpenMidstream, record.CloseEvicted},
	} {
		rec, tr := run(t, Options{MaxConns: 1}, plainWire, tt.lines)
		w := plainWire
		w.ends[record.Orig].Port++
		for i, l := range parseExchange(t, stages[len(stages)-1].lines) {
			l.at += 60.85 // data was sent 60 s ago, and TIME-WAIT is not over
			tr.Observe(w.segment(l, uint64(100+i)))
		}
		tr.Tick(tr.clock.last)
		if len(rec.records) != 1 {
			t.Fatalf("%s: %d records", tt.name, len(rec.records))
		}
		r := rec.records[0]
		if r.ID != 1 || r.Open.Kind != tt.open || r.Close.Kind != tt.close || r.Unfinished || r.Capture.Forgotten {
			t.Errorf("%s: open %v, close %v, %+v", tt.name, r.Open.Kind, r.Close.Kind, r.Capture)
		}
		// A segment without SYN may belong to it; a SYN begins another.
		for i, lines := range []string{"200 > P. 11:21(10) ack 1 | - -", "200 < S. 0:0(0) ack 1 | - -", "200 > S 77:77(0) | - -"} {
			w := plainWire
			w.ends[record.Orig].Port += uint16(2 + i)
			tr.Observe(w.segment(parseExchange(t, lines)[0], uint64(200+i)))
		}
		tr.Finish()
		for _, r := range rec.records[1:] {
			if want := r.ID == 200 || r.ID == 201; r.Capture.Forgotten != want {
				t.Errorf("%s: connection %d forgotten %v", tt.name, r.ID, r.Capture.Forgotten)
			}
		}
	}
}
