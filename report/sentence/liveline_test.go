package sentence

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func TestLiveLine(t *testing.T) {
	tests := []struct {
		name  string
		kind  record.EventKind
		edit  func(r *record.Record)
		width int
		want  string
	}{
		{"open", record.EventOpened, nil, 80,
			"22:13:21.000 open   #12 10.0.0.1:40000 -> 10.0.0.2:80  320 µs"},
		{"SYN lost", record.EventOpened, func(r *record.Record) {
			r.Open.SYNs = 2
			r.Open.Felt = record.Some(int64(1_003_000_000))
		}, 0,
			"22:13:21.000 open   #12 10.0.0.1:40000 -> 10.0.0.2:80  1.003 s, 2 SYNs, the first SYN was lost, or its answer"},
		{"SYN lost, 80 columns", record.EventOpened, func(r *record.Record) {
			r.Open.SYNs = 2
			r.Open.Felt = record.Some(int64(1_003_000_000))
		}, 80,
			"22:13:21.000 open   #12 10.0.0.1:40000 -> 10.0.0.2:80  1.003 s, 2 SYNs"},
		{"SYN/ACK lost", record.EventOpened, func(r *record.Record) {
			r.Open.SYNs, r.Open.SYNACKs = 2, 2
		}, 0,
			"22:13:21.000 open   #12 10.0.0.1:40000 -> 10.0.0.2:80  320 µs, 2 SYNs, 2 SYN/ACKs, a SYN/ACK or its ACK was lost or late"},
		{"SYN/ACK late", record.EventOpened, func(r *record.Record) {
			r.Open.SYNs, r.Open.SYNACKs, r.Open.SYNAnswered, r.Open.SYNACKLate = 2, 2, true, 1e9
		}, 0,
			"22:13:21.000 open   #12 10.0.0.1:40000 -> 10.0.0.2:80  320 µs, 2 SYNs, 2 SYN/ACKs, the answers came late"},
		{"midstream", record.EventOpened, func(r *record.Record) {
			r.Open = record.OpenRecord{Kind: record.OpenMidstream}
		}, 0,
			"22:13:21.000 open   #12 10.0.0.1:40000 -> 10.0.0.2:80  was open before the capture began"},
		{"refused", record.EventFailed, func(r *record.Record) {
			r.Open = record.OpenRecord{Kind: record.OpenRefused, SYNs: 1, Waited: record.Some(int64(90_000))}
		}, 80,
			"22:13:21.000 failed #12 10.0.0.1:40000 -> 10.0.0.2:80  refused after 90 µs"},
		{"prohibited", record.EventFailed, func(r *record.Record) {
			r.Open = record.OpenRecord{Kind: record.OpenUnreachable, SYNs: 1, Waited: record.Some(int64(3_000_000)),
				Answer: record.Answer{Kind: record.AnswerICMP, Type: 3, Code: 13, From: recordtest.Endpoint("10.0.0.254:0").Addr}}
		}, 0,
			"22:13:21.000 failed #12 10.0.0.1:40000 -> 10.0.0.2:80  unreachable after 3 ms, ICMP 3/13 (administratively prohibited) from 10.0.0.254"},
		{"no answer", record.EventFailed, func(r *record.Record) {
			r.Open = record.OpenRecord{Kind: record.OpenNoAnswer, SYNs: 6, Waited: record.Some(int64(131e9))}
		}, 0,
			"22:13:21.000 failed #12 10.0.0.1:40000 -> 10.0.0.2:80  no answer after 2 min 11 s, 6 SYNs"},
		{"half-open", record.EventFailed, func(r *record.Record) {
			r.Open = record.OpenRecord{Kind: record.OpenHalfOpen, SYNs: 1, SYNACKs: 6}
		}, 0,
			"22:13:21.000 failed #12 10.0.0.1:40000 -> 10.0.0.2:80  half-open, 6 SYN/ACKs"},
		{"closed", record.EventClosed, func(r *record.Record) {
			r.Close = record.CloseRecord{Kind: record.CloseNormal, First: record.Orig, Segments: 3, ResetBy: record.NoEnd}
			r.TimeWait = record.TimeWaitRecord{Holder: record.Orig, Since: recordtest.Start, Until: recordtest.Start + 60e9}
		}, 80,
			"22:13:21.000 closed #12 10.0.0.1:40000 -> 10.0.0.2:80  by client, 1 s, TIME-WAIT"},
		{"closed at once", record.EventClosed, func(r *record.Record) {
			r.Close = record.CloseRecord{Kind: record.CloseNormal, First: record.Both, Segments: 4, ResetBy: record.NoEnd}
			r.TimeWait = record.TimeWaitRecord{Holder: record.Both, Since: recordtest.Start}
		}, 0,
			"22:13:21.000 closed #12 10.0.0.1:40000 -> 10.0.0.2:80  by both ends, 1 s, TIME-WAIT"},
		{"reset", record.EventReset, func(r *record.Record) {
			r.Close = record.CloseRecord{Kind: record.CloseReset, First: record.NoEnd, ResetBy: record.Resp,
				ResetIn: record.CloseWait, ResetCause: record.ResetUnreadData}
		}, 0,
			"22:13:21.000 reset  #12 10.0.0.1:40000 -> 10.0.0.2:80  by server, in CLOSE-WAIT, in answer to data, not read or aborted"},
		{"timeout", record.EventTimedOut, func(r *record.Record) { r.Close.Kind = record.CloseTimedOut }, 0,
			"22:13:21.000 timeout #12 10.0.0.1:40000 -> 10.0.0.2:80  client ESTABLISHED, server ESTABLISHED, data was retransmitted and never acknowledged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := *recordtest.Opened()
			if tt.edit != nil {
				tt.edit(&r)
			}
			got := LiveLine(&record.Event{Kind: tt.kind, Time: recordtest.Start + 1e9, Record: &r}, LiveLineOptions{Width: tt.width})
			if got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// The widest IPv4 connection still fits 80 columns, whatever is said about it.
func TestLiveLineFits(t *testing.T) {
	wide := func(r *record.Record) {
		r.ID = 123456789
		r.Orig, r.Resp = recordtest.Endpoint("255.255.255.255:65535"), recordtest.Endpoint("255.255.255.254:65535")
	}
	for kind := record.EventOpened; kind <= record.EventTimedOut; kind++ {
		for _, open := range []record.OpenKind{record.OpenHandshake, record.OpenSimultaneous, record.OpenRefused, record.OpenUnreachable,
			record.OpenNoAnswer, record.OpenHalfOpen, record.OpenAborted, record.OpenMidstream} {
			r := *recordtest.Opened()
			wide(&r)
			r.Open = record.OpenRecord{Kind: open, SYNs: 11, SYNACKs: 6, Felt: record.Some(int64(131e9)), Waited: record.Some(int64(131e9)),
				Answer: record.Answer{Kind: record.AnswerICMP, Type: 3, Code: 12, From: r.Orig.Addr}}
			r.Close = record.CloseRecord{Kind: record.CloseHalfClosed, First: record.Both, Segments: 4, ResetBy: record.Resp,
				ResetIn: record.SynReceived, ResetCause: record.ResetRefused}
			r.TimeWait = record.TimeWaitRecord{Holder: record.Both, Since: recordtest.Start, Until: recordtest.Start + 60e9}
			got := LiveLine(&record.Event{Kind: kind, Time: recordtest.Start, Record: &r}, LiveLineOptions{Width: 80, ASCII: true})
			for _, line := range strings.Split(got, "\n") {
				if len(line) > 80 {
					t.Errorf("%d columns: %q", len(line), line)
				}
			}
		}
	}
}

func TestLiveLineIPv6IsNotCut(t *testing.T) {
	r := *recordtest.Opened()
	for i := range r.Orig.Addr {
		r.Orig.Addr[i], r.Resp.Addr[i] = 0xfd, 0xfe
	}
	got := LiveLine(&record.Event{Time: recordtest.Start, Record: &r}, LiveLineOptions{Width: 80})
	for _, part := range []string{r.Orig.String(), r.Resp.String(), "320 µs"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q lacks %s", got, part)
		}
	}
}

func TestLiveLineLocation(t *testing.T) {
	r := *recordtest.Opened()
	got := LiveLine(&record.Event{Time: recordtest.Start, Record: &r}, LiveLineOptions{Clock: say.Clock{In: time.FixedZone("x", 3600)}})
	if !strings.HasPrefix(got, "23:13:20.000 ") {
		t.Errorf("not in the time zone asked for: %s", got)
	}
}

func TestLiveLineEscapes(t *testing.T) {
	r := *recordtest.Opened()
	r.History = "\x1b[31mred\u202e\n"
	r.Names = &record.NamesRecord{Proto: "tls", SNI: "\x07\xff\u3000"}
	for kind := record.EventOpened; kind <= record.EventTimedOut; kind++ {
		got := LiveLine(&record.Event{Kind: kind, Time: recordtest.Start, Record: &r}, LiveLineOptions{})
		for _, c := range got {
			if !unicode.IsPrint(c) {
				t.Errorf("%q holds %q", got, c)
			}
		}
	}
}

func TestHalfClosed(t *testing.T) {
	for _, x := range []struct {
		fins   [2]uint32
		oneWay bool
		want   string
	}{
		{[2]uint32{0, 1}, false, "by one end only: the FIN of the server was acknowledged, the client never sent its own"},
		{[2]uint32{1, 1}, false, "by one end only: the FIN of the server was acknowledged, the other one was not"},
		{[2]uint32{1, 0}, true, "first by the server, whose FIN was not captured; the last ACK is unknown: only one direction was captured"},
	} {
		r := *recordtest.Opened()
		r.Close.FINs, r.Capture.OneWay = x.fins, x.oneWay
		r.Close.FINAcked[record.Resp] = record.Some(recordtest.Start)
		if got := halfClosed(&r); got != x.want {
			t.Errorf("got %q, want %q", got, x.want)
		}
	}
}
