package main

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tcpwatch/capture/lab/wire"
)

// counter numbers segments, for relays that treat some of them otherwise.
type counter struct {
	mu sync.Mutex
	n  int
}

// next is the number of the next segment, from 1.
func (c *counter) next() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return c.n
}

// of reports whether anything was told by a detector about a way from one place to the other.
func (p *pairTold) way(detector, from, to string) (title string) {
	for _, f := range p.findings {
		if f.ID == detector+":"+from+">"+to {
			return f.Title
		}
	}
	return ""
}

// A path that sends segments on twice is told; a sender that repeats what was lost is none, nor is a capture that
// takes each packet twice.
func TestPairDoubledBetween(t *testing.T) {
	const n, ask, answer = 10, 200, 20000
	for _, x := range []struct {
		name   string
		relay  func(c *counter) func(*wire.Segment) wire.Verdict
		mirror bool
		want   string // of the finding about the way back
	}{
		{"every third twice", func(c *counter) func(*wire.Segment) wire.Verdict {
			return func(seg *wire.Segment) (v wire.Verdict) {
				if seg.Src.Port() == 80 && seg.Length > 0 && c.next()%3 == 0 {
					v.Copies, v.Behind = 1, 2*time.Millisecond
				}
				return v
			}
		}, false, "of the segments from server to client came twice or more often"},
		{"repeats of what was lost", func(c *counter) func(*wire.Segment) wire.Verdict {
			return func(seg *wire.Segment) (v wire.Verdict) {
				v.Drop = seg.Src.Port() == 80 && seg.Length > 0 && c.next()%9 == 0
				return v
			}
		}, false, ""},
		{"each packet captured twice", func(*counter) func(*wire.Segment) wire.Verdict {
			return func(*wire.Segment) (v wire.Verdict) { return v }
		}, true, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newPairScene(t, wire.Relayed, false, x.relay(&counter{}))
			s.serve(ask, answer)
			s.record()
			s.call(n, 2, ask, answer, 0)
			client, server := s.end()
			if x.mirror {
				for i := len(client) - 1; i >= 0; i-- {
					twin := client[i]
					twin.Time += 1500
					client = slices.Insert(client, i+1, twin)
				}
				slices.SortStableFunc(client, func(a, b wire.Frame) int { return int(a.Time - b.Time) })
			}
			told := pairFrames(t, client, server)
			if got := told.way("doubled-between", "server", "client"); !strings.Contains(got, x.want) || x.want == "" && told.found("doubled-between") {
				t.Errorf("told %q; findings %+v", got, told.findings)
			}
			if x.want != "" && (len(told.directions[1].Lost) > 0 || told.way("doubled-between", "client", "server") != "") {
				t.Errorf("lost %v; %+v", told.directions[1].Lost, told.findings)
			}
		})
	}
}

// A path that divides the packets of a connection over two ways of other lengths is told, with the lengths; a path that
// loses segments, which are sent again later, reorders none.
func TestPairReorderedBetween(t *testing.T) {
	const n, ask, answer = 10, 200, 60000
	for _, x := range []struct {
		name  string
		relay func(c *counter) func(*wire.Segment) wire.Verdict
		ways  bool
	}{
		{"two ways", func(c *counter) func(*wire.Segment) wire.Verdict {
			return func(seg *wire.Segment) (v wire.Verdict) {
				if seg.Src.Port() == 80 && c.next()%2 == 0 {
					v.Delay, v.Rewrite = 3*time.Millisecond, &wire.Rewrite{Hops: 2}
				}
				return v
			}
		}, true},
		{"losses", func(c *counter) func(*wire.Segment) wire.Verdict {
			return func(seg *wire.Segment) (v wire.Verdict) {
				v.Drop = seg.Src.Port() == 80 && seg.Length > 0 && c.next()%9 == 0
				return v
			}
		}, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newPairScene(t, wire.Relayed, false, x.relay(&counter{}))
			s.serve(ask, answer)
			s.record()
			s.call(n, 1, ask, answer, 0)
			told := s.told()
			text := tableOf(t, told.files[0], told.files[1])
			if got := told.way("reordered-between", "server", "client"); (got != "") != x.ways {
				t.Fatalf("told %q; %v", got, told.directions[1])
			}
			const ways = "segments of one connection came with TTLs that are less by different numbers of hops (0, 2): they took several ways. Cause: the packets of a connection are divided over ways"
			if strings.Contains(text, ways) != x.ways {
				t.Errorf("two ways are told: %v, in %s", !x.ways, text)
			}
		})
	}
}

// A box that clears the ECN bits of SYNs, or sets them, is told. Where the first SYN was lost and its repeat, which
// offers no ECN, came, nothing was changed.
func TestPairSYNsECN(t *testing.T) {
	const n, ask, answer = 4, 200, 5000
	syn := func(seg *wire.Segment) bool { return seg.Flags&(wire.SYN|wire.ACK) == wire.SYN }
	for _, x := range []struct {
		name  string
		ecn   int // of the client
		relay func(c *counter) func(*wire.Segment) wire.Verdict
		want  string
	}{
		{"cleared", 1, func(*counter) func(*wire.Segment) wire.Verdict {
			return func(seg *wire.Segment) (v wire.Verdict) {
				if syn(seg) {
					v.Rewrite = &wire.Rewrite{Clear: wire.ECE | wire.CWR}
				}
				return v
			}
		}, "syn_ecn_cleared"},
		{"cleared in the answer", 1, func(*counter) func(*wire.Segment) wire.Verdict {
			return func(seg *wire.Segment) (v wire.Verdict) {
				if seg.Flags&wire.SYN != 0 && !syn(seg) {
					v.Rewrite = &wire.Rewrite{Clear: wire.ECE}
				}
				return v
			}
		}, "syn_ack_ecn_cleared"},
		{"set", 0, func(*counter) func(*wire.Segment) wire.Verdict {
			return func(seg *wire.Segment) (v wire.Verdict) {
				if syn(seg) {
					v.Rewrite = &wire.Rewrite{Set: wire.ECE | wire.CWR}
				}
				return v
			}
		}, "syn_ecn_set"},
		{"the first SYN lost", 1, func(c *counter) func(*wire.Segment) wire.Verdict {
			return func(seg *wire.Segment) (v wire.Verdict) {
				v.Drop = syn(seg) && c.next() == 2
				return v
			}
		}, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newPairScene(t, wire.Relayed, false, x.relay(&counter{}))
			s.try(s.net.Client.Sysctl("ipv4/tcp_ecn", x.ecn))
			s.serve(ask, answer)
			s.record()
			s.call(n, 1, ask, answer, 0)
			told := s.told()
			changed := 0
			for _, p := range told.pairs {
				for _, c := range p.Changed {
					if c != x.want {
						t.Errorf("changed: %s", c)
					}
					changed++
				}
			}
			if want := map[bool]int{true: n, false: 0}[x.want != ""]; changed != want || told.found("changed-between") != (want > 0) {
				t.Errorf("%d changed, not %d; %+v", changed, want, told.findings)
			}
			if x.want == "" && told.directions[0].Lost["syn"] != 1 {
				t.Errorf("lost %v", told.directions[0].Lost)
			}
			// Records hold what each SYN offered, too.
			dir := t.TempDir()
			for i, name := range [...]string{"client", "server"} {
				if status := run([]string{"-q", "-r", told.files[i], "--place", name, "-o", "jsonl:" + dir + "/" + name, "-Z", "root"}, &strings.Builder{}, &strings.Builder{}); status != exitDone {
					t.Fatal("status ", status)
				}
			}
			if stored := pairFiles(t, dir+"/client", "--", dir+"/server"); stored.found("changed-between") != (x.want != "") {
				t.Errorf("of records: %+v", stored.findings)
			}
		})
	}
}
