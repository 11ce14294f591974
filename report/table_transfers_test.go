package report

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/record"
)

// transferring are transfers that the sender, the receiver's window and the network held
// up, one that was slow, one of which only one direction was captured, and two long ends.
func transferring() (all []*record.Record) {
	const ms = int64(1e6)
	add := func(orig, resp string, sent uint64, sender, window, network int64) *record.EndRecord {
		r := recordtest.MadeUp(uint64(10*len(all)+1), orig, resp)
		r.Open.Resp, r.Open.Orig = record.Some(ms/2), record.Some(79*ms)
		x := &r.Ends[record.Resp]
		*x = record.EndRecord{Packets: 2 * (sent/1000 + 1), DataSegments: uint32(sent/1000 + 1), Bytes: record.Some(sent), SeenBytes: sent, WireBytes: sent, SenderLimited: (sender + 60_000) * ms,
			WindowLimited: window * ms, NetworkLimited: network * ms, Sending: (sender + window + network) * ms,
			RTT: record.RTTRecord{N: 100, Min: 80 * ms, P95: 120 * ms, Source: record.RTTData}}
		all = append(all, r)
		return x
	}
	add("10.0.0.1:40000", "10.0.0.2:443", 12_345_678, 100, 900, 13_000)
	add("10.0.0.1:40001", "10.0.0.2:443", 1_000_000, 400, 2_100, 500).WindowUsed = 65_535
	add("10.0.0.1:40002", "10.0.0.2:443", 120_000, 9_000, 0, 1_000)
	slow := add("10.0.0.1:40003", "10.0.0.3:443", 500_000, 0, 0, 90_000)
	slow.Retx, slow.LostAfterTap = 40, 40
	add(recordtest.Six1, recordtest.Six2, 700_000, 0, 500, 500).WindowUsed = 65_535
	add("10.0.0.4:40004", "10.0.0.2:443", 99_999, 0, 0, 100)
	all[5].Capture.OneWay = true
	return all
}

func TestTransfersTable(t *testing.T) {
	records := transferring()
	for _, width := range []int{80, 200} {
		got := tablesOf(t, summaryOf(SummaryOptions{}, records), headlineOf(records), TableOptions{Width: width, Reports: []string{"transfers"}})
		recordtest.Golden(t, filepath.Join("testdata", fmt.Sprintf("transfers-%d.txt", width)), got, *update)
	}
}

// The key that sorts chooses also which are kept.
func TestTransfersAreKeptBySort(t *testing.T) {
	records := transferring()
	for _, test := range []struct {
		sort, want string
	}{{"bytes", "12,345,678"}, {"slow", "500,000"}, {"time", "500,000"}, {"lost", "500,000"}, {"id", "12,345,678"}} {
		s := summaryOf(SummaryOptions{Kept: 1, Sort: test.sort}, records)
		got := tablesOf(t, s, headlineOf(records), TableOptions{Width: 200, Reports: []string{"transfers"}, Sort: test.sort})
		if !strings.Contains(got, " "+test.want+" ") || !strings.Contains(got, "and 11 directions more") {
			t.Errorf("--sort %s: %s is not in\n%s", test.sort, test.want, got)
		}
	}
}

// Sums of tables that are printed on demand are kept when they are asked for.
func TestSumsOnDemand(t *testing.T) {
	s := summaryOf(SummaryOptions{OnDemand: []string{}}, transferring())
	var b strings.Builder
	err := WriteTables(&b, s, &Headline{}, TableOptions{Reports: []string{"transfers"}})
	if err == nil || !strings.Contains(err.Error(), `"transfers" was not summed up`) || b.Len() > 0 {
		t.Errorf("%v, %q", err, b.String())
	}
	if s := summaryOf(SummaryOptions{OnDemand: []string{"transfers"}}, transferring()); sumsOf[*transfers](s).first.Offered() != 12 {
		t.Error("no sums of what was asked for")
	}
	for _, table := range AllTables() {
		for _, key := range table.Sorts {
			if table.Name == "transfers" && transferOrders()[key] == nil {
				t.Errorf("%s has no order by %s", table.Name, key)
			}
		}
	}
	if orders := transferOrders(); len(orders) != len(SortKeys("transfers")) || !slices.Contains(SortKeys("transfers"), defaultTransferSort) {
		t.Error("orders and keys differ")
	}
}
