package lab

import (
	"strings"
	"testing"
)

// What was recorded is what must be seen.
func TestRecordedOutcomes(t *testing.T) {
	truths, err := LoadTruths("../../testdata/pcaps")
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]*Truth{}
	for _, truth := range truths {
		byName[truth.Name] = truth
	}
	for _, sc := range Scenarios() {
		truth := byName[sc.Name]
		if truth == nil {
			t.Errorf("%s is not recorded", sc.Name)
			continue
		}
		delete(byName, sc.Name)
		if unmet := sc.Unmet(truth); unmet != "" {
			t.Errorf("%s: %s", sc.Name, unmet)
		}
		if truth.Doc != sc.Doc || truth.Forged != sc.Forged || len(truth.Taps) != len(sc.taps()) {
			t.Errorf("%s was recorded with other words, or other taps", sc.Name)
			continue
		}
		for i, tap := range sc.taps() {
			got := truth.Taps[i]
			want := Tap{File: sc.Name + tap.Suffix + ".pcap", Where: tap.words(), Deaf: sc.Deaf, OneWay: tap.OneWay, Unseen: tap.Unseen}
			if strings.TrimSuffix(got.File, ".gz") != want.File || got.Where != want.Where || got.Deaf != want.Deaf || got.OneWay != want.OneWay || got.Unseen != want.Unseen {
				t.Errorf("%s: recorded at %+v, want %+v", sc.Name, got, want)
			}
		}
	}
	for name := range byName {
		t.Errorf("%s is recorded, and no scenario", name)
	}
}

func TestUnmet(t *testing.T) {
	conn := func(path string) (c TruthConn) {
		orig, resp, _ := strings.Cut(path, " | ")
		for _, s := range strings.Fields(orig) {
			c.Orig = append(c.Orig, StateAt{State: s})
		}
		for _, s := range strings.Fields(resp) {
			c.Resp = append(c.Resp, StateAt{State: s})
		}
		return c
	}
	truth := func(paths ...string) *Truth {
		all := &Truth{Tracing: true}
		for _, p := range paths {
			all.Conns = append(all.Conns, conn(p))
		}
		return all
	}
	counted := truth(closedByClient)
	counted.Counts = []Counts{{End: "orig", Namespace: map[string]int64{"TCPTimeouts": 1}}, {End: "resp"}}
	for _, tt := range []struct {
		name  string
		sc    Scenario
		truth *Truth
		met   bool
	}{
		{"the plain one", Scenario{}, truth(closedByClient), true},
		{"another path", Scenario{}, truth(closedByServer), false},
		{"twice", Scenario{}, truth(closedByClient, closedByClient), false},
		{"none", Scenario{}, truth(), false},
		{"an attempt without a peer", Scenario{Wants: Outcome{failed: 1}}, truth("SYN-SENT CLOSED"), true},
		{"a forged SYN besides", Scenario{}, truth(closedByClient, " | SYN-RECEIVED"), true},
		{"an edge that may come", Scenario{Wants: Outcome{heldLastACK: 2}}, truth(strings.TrimSuffix(heldLastACK, "?"), strings.TrimSuffix(heldLastACK, " CLOSED?")), true},
		{"an edge missing", Scenario{Wants: Outcome{closedByClient: 1}}, truth(strings.TrimSuffix(closedByClient, " CLOSED")), false},
		{"counted", Scenario{Shows: "orig TCPTimeouts"}, counted, true},
		{"not counted", Scenario{Shows: "resp TCPTimeouts"}, counted, false},
		{"no account", Scenario{Shows: "orig TCPTimeouts"}, truth(closedByClient), false},
		{"no tracepoint", Scenario{}, &Truth{}, true},
	} {
		if unmet := tt.sc.Unmet(tt.truth); (unmet == "") != tt.met {
			t.Errorf("%s: unmet %q", tt.name, unmet)
		}
	}
}
