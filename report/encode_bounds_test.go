package report

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func FuzzJSONString(f *testing.F) {
	for _, s := range []string{"", "a", "\x00\x1b[31m\"\\\n", "\xff\xfe", "\u202e\u2028", "😀\U000e0001", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := say.AppendJSON(nil, s)
		var got string
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%v in %s", err, b)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); strings.Count(want, "\ufffd") == 0 && got != want {
			t.Errorf("%q comes back as %q", s, got)
		}
		if say.Escape(string(b)) != string(b) {
			t.Errorf("%s is not safe to print", b)
		}
	})
}

func FuzzTables(f *testing.F) {
	f.Add(int64(0), int64(1), uint64(1), "a\x1b", uint8(3))
	f.Add(int64(0), int64(1), uint64(1), "a\u3000b\u202e\ufeff", uint8(3))
	f.Add(int64(math.MinInt64), int64(math.MaxInt64), uint64(math.MaxUint64), "", uint8(255))
	f.Fuzz(func(t *testing.T, start, end int64, n uint64, s string, e uint8) {
		r := recordtest.Full(true)
		r.Start, r.End, r.ID, r.Open.Kind, r.Close.Kind, r.History = start, end, n, record.OpenKind(e), record.CloseKind(e)%record.NCloseKinds, s
		r.TimeWait = record.TimeWaitRecord{Holder: record.End(e % 4), Since: end, Until: start, EndedBy: record.TimeWaitEnd(e)}
		r.Close.FINAcked[0], r.Ends[0].Bytes, r.Open.Felt = record.Some(end), record.Some(n), record.Some(start)
		r.File, r.Interface = int(int32(n)), int(int32(start))
		h := &Headline{Files: []string{s}, Interface: s, Filter: s, Packets: n, Start: start, End: end, Skipped: []Count{{s, n}}}
		out := tablesOf(t, summaryOf(SummaryOptions{}, []*record.Record{r}), h, TableOptions{Width: 60, Reports: ReportNames()})
		for _, l := range strings.Split(out, "\n") {
			if say.Escape(l) != l {
				t.Errorf("not safe to print: %q", l)
			}
		}
	})
}
