package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/report/schema"
)

func TestStatsLine(t *testing.T) {
	records := recordtest.Mixture()
	h := troubled(records)
	var b bytes.Buffer
	j := NewJSONL(&b, schema.Options{})
	if err := j.Report(h, summaryOf(SummaryOptions{}, records)); err != nil {
		t.Fatal(err)
	}
	if err := j.Finish(); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, b.String())
	}
	peaks := got["time_wait_peak"].([]any)
	delete(got, "time_wait_peak")
	delete(got, "run") // see TestStatsAreReadBack
	want := map[string]any{
		"type": "stats", "packets": 330.0, "tcp_segments": 330.0, "conns": 33.0, "evicted": 2.0, "kernel_drops": 17.0, "interface_drops": 0.0,
		"skipped": map[string]any{"not IP": 3.0, "not TCP": 1234.0}, "anomalies": map[string]any{"ack-of-nothing": 4.0, "data-after-fin": 1.0},
		"schema": 1.0, "files": []any{"some.pcap", "evil\x1b[31m.pcap"}, "span_s": 20023.0, "damaged": true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if first := peaks[0].(map[string]any); first["holder"] != "10.0.0.1" || first["peak"] != 9.0 || first["at"] != "2023-11-14T22:13:53.000000000Z" {
		t.Errorf("peaks are %v", peaks)
	}
	b.Reset()
	if err := j.Report(&Headline{}, NewSummary(SummaryOptions{})); err != nil {
		t.Fatal(err)
	}
	if err := j.Finish(); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Contains(got, "drops") || strings.Contains(got, "damaged") || !json.Valid(b.Bytes()) {
		t.Errorf("an empty run says %s", got)
	}
}

func TestCSVEmptyHasHeader(t *testing.T) {
	var b bytes.Buffer
	if err := NewCSV(&b, schema.Options{}).Finish(); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), "type,id,orig_ip,") || strings.Count(b.String(), "\n") != 1 {
		t.Errorf("got %q", b.String())
	}
}
