package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// With little memory fewer listeners and subjects are told apart; the others are
// counted all the same, and the report says how many there are places for.
func TestNarrow(t *testing.T) {
	o := SummaryOptions{Detectors: diagnose.Detectors(), Narrow: 8}
	var records []*record.Record
	const n = 5000
	for i := range n {
		r := failing()[0]
		r.ID, r.FirstPacket = uint64(i+1), uint64(i+1)
		r.Resp.Addr = capture.AddrFrom4([]byte{10, 1, byte(i >> 8), byte(i)})
		r.Open.Kind, r.Close.Kind = record.OpenRefused, record.CloseNeverOpened
		records = append(records, r)
	}
	s := summaryOf(o, records)
	if got := sumsOf[*handshakes](s).failed.Len(); got != maxListeners/8 {
		t.Errorf("%d servers with failures, want %d", got, maxListeners/8)
	}
	if got := sumsOf[*handshakes](s).failed.Rest().total() + maxListeners/8; got != n {
		t.Errorf("%d failures, want %d", got, n)
	}
	out := tablesOf(t, s, &Headline{}, TableOptions{Width: 200, Reports: []string{"handshakes", "findings"}})
	for _, want := range []string{"beyond the 2,048 that are kept", "a detector keeps at most 512 subjects"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

// multitude is ten times as many servers and clients as there are places for, each with a connection that
// went well or, with failing, that was refused; and a few of each for which many more fail: the
// addresses and how many.
func multitude(failing bool) (records []*record.Record, worst map[string]uint64) {
	worst = make(map[string]uint64)
	id := uint64(1)
	put := func(client, server string, refused bool) {
		r := recordtest.MadeUp(id, client+":40000", server+":443")
		if refused {
			r = recordtest.NotOpened(r, record.OpenRefused)
		}
		records = append(records, r)
		id += 10
	}
	for i := range 10 * maxHosts / narrowest {
		put(fmt.Sprintf("10.1.%d.%d", i>>8, i&255), fmt.Sprintf("10.2.%d.%d", i>>8, i&255), failing)
	}
	for i, n := range []int{40, 200, 1000} {
		client, server := fmt.Sprintf("10.3.0.%d", i), fmt.Sprintf("10.4.0.%d", i)
		worst[client], worst[server] = uint64(n), uint64(n)
		for range n {
			put(client, server, true)
		}
	}
	return records, worst
}

const narrowest = 64

// Whom most befell is in the tables and in the findings, among ten times as many as there are places for:
// with right numbers where few others failed, else with such as are told to be the least; and the
// same bytes come of any parts of the whole.
func TestTheWorstSurvive(t *testing.T) {
	racetest.TooSlow(t)
	for _, failing := range []bool{false, true} {
		records, worst := multitude(failing)
		var whole *Summary
		var first []byte
		for seed, n := range []int{1, 7, 256} {
			rng := rand.New(rand.NewPCG(uint64(seed), 8))
			rng.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
			o := SummaryOptions{Detectors: diagnose.Detectors(), Narrow: narrowest}
			sum := NewSummary(o)
			for part := range n {
				s := NewSummary(o)
				for i := part; i < len(records); i += n {
					s.Add(records[i])
				}
				sum.Merge(s)
			}
			text, _ := sum.AppendBinary(nil)
			if whole == nil {
				whole, first = sum, text
			}
			if !bytes.Equal(first, text) {
				t.Fatalf("%d parts are another whole", n)
			}
		}
		right := func(what, of string, got uint64, atLeast bool) {
			want := worst[of]
			if got > want || got < want && !(atLeast && failing) || got*128 < want {
				t.Errorf("failing %v: %s of %s: %d, at least: %v; want %d", failing, what, of, got, atLeast, want)
			}
		}
		clients, _ := whole.WorstClients(3)
		listeners, _ := whole.WorstListeners(3)
		hosts := sumsOf[*hosts](whole).list("failed")
		for i := range 3 {
			right("failed attempts", clients[i].Addr.String(), clients[i].Bad, clients[i].AtLeast)
			right("failed attempts at", listeners[i].Addr.String(), listeners[i].Failed, listeners[i].AtLeast)
			right("failed at", capture.Addr(hosts[i].host).String(), hosts[i].failed+hosts[i].missed, hosts[i].lack.Bad)
		}
		found := slices.DeleteFunc(slices.Clone(whole.Findings(&Headline{})), func(f diagnose.Finding) bool { return !strings.HasPrefix(f.Title, "10.4.0.2:443 refused") })
		all := uint64(0)
		for _, n := range worst {
			all += n / 2 // of a client and of a server
		}
		if len(found) != 1 {
			t.Fatalf("failing %v: %d findings of the worst", failing, len(found))
		}
		switch f := &found[0]; {
		case !failing && (f.AtLeast || f.Confidence != diagnose.Proven || f.Count != all):
			t.Errorf("%d of %d, %s: %s", f.Count, all, f.Confidence, f.Title)
		case failing && (!f.AtLeast || f.Confidence != diagnose.Possible || !strings.Contains(f.Title, "at least") || !strings.Contains(f.Explanation, "each number is at least")):
			t.Errorf("%d, %s: %s: %s", f.Count, f.Confidence, f.Title, f.Explanation)
		}
		out := tablesOf(t, whole, &Headline{}, TableOptions{Width: 200, Reports: []string{"handshakes", "clients", "hosts"}})
		if got := strings.Contains(out, "at least: the table is full"); got != failing {
			t.Errorf("failing %v: told that numbers are the least: %v", failing, got)
		}
	}
}
