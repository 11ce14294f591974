package report

import (
	"strings"
	"testing"

	"tcpwatch/capture"
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
	sumsOf[*handshakes](s).failed.Trim()
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
