package report

import (
	"encoding/json"
	"reflect"
	"testing"

	"tcpwatch/tracker/record"
)

// zeroWindows is a connection with a closed window: n episodes of the server,
// the k-th k seconds long, the last one not over.
func zeroWindows(n int) *record.Record {
	r := madeUp(7, "10.0.0.1:50000", "10.0.0.2:443")
	e := &r.Ends[record.Resp]
	for k := range n {
		x := record.ZeroWindowEpisode{Start: testStart + int64(100*k)*oneSecond, Packet: uint64(10 * (k + 1)), Probes: uint32(k), EndedBy: record.ZeroWindowInputEnd}
		if k < n-1 {
			x.End, x.EndPacket, x.EndedBy = x.Start+int64(k+1)*oneSecond, x.Packet+5, record.ZeroWindowUpdate
		}
		e.ZeroWindowList = append(e.ZeroWindowList, x)
	}
	e.ZeroWindows = uint32(n)
	return r
}

func TestZeroWindowListInJSON(t *testing.T) {
	r := zeroWindows(2)
	list := func() []map[string]any {
		var got struct {
			Orig, Resp struct {
				List []map[string]any `json:"zero_window_list"`
			}
		}
		if err := json.Unmarshal([]byte(lineOf(t, JSONOptions{}, r)), &got); err != nil {
			t.Fatal(err)
		}
		if got.Orig.List != nil {
			t.Error("a list of an end that never closed its window")
		}
		return got.Resp.List
	}
	want := []map[string]any{
		{"start": "2023-11-14T22:13:20.000000000Z", "packet": 10.0, "end": "2023-11-14T22:13:21.000000000Z", "end_packet": 15.0, "probes": 0.0, "ended_by": "update"},
		{"start": "2023-11-14T22:15:00.000000000Z", "packet": 20.0, "probes": 1.0, "ended_by": "input-end"},
	}
	if got := list(); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	delete(want[1], "ended_by")
	r.Interim = true
	if got := list(); !reflect.DeepEqual(got, want) {
		t.Errorf("interim: %v, want %v", got, want)
	}
}

func TestZeroWindowWords(t *testing.T) {
	for n, want := range []string{"",
		" (from packet 10 on, still closed when the input ended)",
		" (from packet 10 on for 1 s, opened again by packet 15; from packet 20 on, 1 probe, still closed when the input ended)",
	} {
		if got := (phrases{}).episodes(zeroWindows(n).Ends[record.Resp].ZeroWindowList); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	want := " (the longest: from packet 30 on for 3 s, 2 probes, opened again by packet 35;" +
		" from packet 40 on for 4 s, 3 probes, opened again by packet 45; from packet 50 on, 4 probes, still closed when the input ended)"
	if got := (phrases{}).episodes(zeroWindows(5).Ends[record.Resp].ZeroWindowList); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
