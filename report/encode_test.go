package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// schema is every name of a connection record that this version writes, in
// order. It is written out here a second time on purpose: names are never
// changed, and this test is what notices.
const schema = `type id orig_ip orig_port resp_ip resp_port first_packet last_packet file file_packet
start end duration_s orig_state resp_state community_id local link.interface link.vlans tunnel.kind tunnel.id tunnel.other_kind tunnel.other_id
final conn_state history
open.kind open.fast_open open.syns open.syns_copied open.syn_acks open.syn_acks_copied open.felt_s open.last_syn_s open.resp_s open.orig_s open.old_id
open.syns_again_s open.acks_ignored open.answer
close.kind close.first close.segments close.half_close_s close.bytes_after_fin close.reset_by close.reset_in
close.reset_cause close.reset_odd close.fins_orig close.fins_copied_orig close.fins_resp close.fins_copied_resp close.rsts_orig close.rsts_resp close.rsts_ignored
time_wait.holder time_wait.since time_wait.until time_wait.ended_by time_wait.restarts
keepalive.orig.probes keepalive.orig.answered keepalive.orig.unanswered keepalive.orig.idle_s keepalive.orig.interval_s
keepalive.resp.probes keepalive.resp.answered keepalive.resp.unanswered keepalive.resp.idle_s keepalive.resp.interval_s
keepalive.outcome rest.longest_s rest.outcome rest.last_s rest.by rest.packet rest.tries END.orig END.resp
names.proto names.sni names.alpn names.alpn_chosen names.tls_version names.tls_offered
names.http_method names.http_host names.http_status names.ssh_orig names.ssh_resp names.server_version names.dns_query
exchanges.n exchanges.timed exchanges.repeated exchanges.first_s exchanges.min_s exchanges.p50_s exchanges.p95_s
exchanges.max_s exchanges.sum_s exchanges.server_s exchanges.think_s
capture.midstream capture.forgotten capture.tap capture.one_way capture.truncated capture.duplicates capture.missing_bytes capture.given_up_bytes capture.offload capture.time_went_back capture.untimed capture.stepped_s capture.uncovered_s capture.unknown`

const endSchema = `packets bytes seen_bytes wire_bytes missing_bytes retx retx_rto retx_fast retx_tlp retx_other retx_bytes
retx_spurious retx_refused out_of_order reorder_max_s dup_acks lost_before_tap lost_after_tap dsacks sack_blocks sack_out_of_range paws_refused bad_checksums zero_windows zero_window_s zero_window_list silly_windows window_probes
window_full sender_limited_s network_limited_s window_limited_s
rtt_n rtt_min_s rtt_p50_s rtt_p95_s rtt_max_s rtt_smoothed_s rtt_delayed_n rtt_source mss wscale sack timestamps ecn ttl first_byte_s
stuck_bytes stuck_times stuck_shrunk_bytes passed_bytes hole_bytes hole_s hasty_repeats too_big too_big_mtu stalls stalled_s ect ce time_in.CLOSED_s time_in.LISTEN_s time_in.SYN-SENT_s
time_in.SYN-RECEIVED_s time_in.ESTABLISHED_s time_in.FIN-WAIT-1_s time_in.FIN-WAIT-2_s time_in.CLOSE-WAIT_s
time_in.CLOSING_s time_in.LAST-ACK_s time_in.TIME-WAIT_s`

func schemaNames() []string {
	var names []string
	for _, n := range strings.Fields(schema) {
		if who, ok := strings.CutPrefix(n, "END."); ok {
			for _, e := range strings.Fields(endSchema) {
				names = append(names, who+"."+e)
			}
			continue
		}
		names = append(names, n)
	}
	return names
}

func TestFieldNames(t *testing.T) {
	var got []string
	for _, f := range recordFields() {
		got = append(got, f.name)
	}
	if want := schemaNames(); !slices.Equal(got, want) {
		t.Errorf("fields are\n%v\nwant\n%v", got, want)
	}
}

func fullRecord() *record.Record {
	r := new(record.Record)
	fillAll(reflect.ValueOf(r).Elem())
	r.Transitions = madeUp(1, "10.0.0.1:1", "10.0.0.2:2").Transitions
	// For these reasons fields are absent.
	r.Capture.OneWay, r.Capture.ScaleUnknown = false, false
	r.Ends[0].MissingBytes, r.Ends[1].MissingBytes = 0, 0
	r.Ends[0].SpanUnknown, r.Ends[1].SpanUnknown = false, false
	return r
}

var manyFiles = JSONOptions{
	Files: []string{"a.pcap", "b.pcap"}, Interfaces: []string{"eth0", "eth1"},
	Local: func(*record.Record) record.End { return record.Both },
}

// lineOf is what JSONL writes for one record.
func lineOf(t *testing.T, o JSONOptions, r *record.Record) string {
	t.Helper()
	var b bytes.Buffer
	j := NewJSONL(&b, o)
	if err := j.Conn(r); err != nil {
		t.Fatal(err)
	}
	if err := j.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// flatten lists the names in a JSON object in order, and their values.
func flatten(t *testing.T, line string) (names []string, values map[string]string) {
	t.Helper()
	values = make(map[string]string)
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	var walk func(prefix string)
	walk = func(prefix string) {
		for d.More() {
			key, err := d.Token()
			if err != nil {
				t.Fatalf("%v in %s", err, line)
			}
			name := prefix + key.(string)
			v, err := d.Token()
			if err != nil {
				t.Fatalf("%v in %s", err, line)
			}
			if _, ok := values[name]; ok {
				t.Errorf("%s comes twice in %s", name, line)
			}
			switch v {
			case json.Delim('{'):
				walk(name + ".")
				continue
			case json.Delim('['):
				var items []string
				for d.More() {
					var item any
					if err := d.Decode(&item); err != nil {
						t.Fatal(err)
					}
					items = append(items, fmt.Sprint(item))
				}
				if _, err := d.Token(); err != nil {
					t.Fatal(err)
				}
				v = strings.Join(items, " ")
			}
			names = append(names, name)
			values[name] = fmt.Sprint(v)
		}
		if _, err := d.Token(); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
	}
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		t.Fatalf("no object: %s", line)
	}
	walk("")
	if _, err := d.Token(); err != io.EOF {
		t.Errorf("more than one value on a line: %s", line)
	}
	return names, values
}

func TestJSONHasEveryField(t *testing.T) {
	full := fullRecord()
	full.Capture.Untimed, full.Capture.Startless, full.Capture.Endless = 0, false, false // which leaves out all times
	line := lineOf(t, manyFiles, full)
	names, _ := flatten(t, line)
	want := slices.DeleteFunc(schemaNames(), func(n string) bool { return n == "capture.untimed" })
	for _, n := range want {
		if !slices.Contains(names, n) {
			t.Errorf("%s is missing", n)
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("order is\n%v\nwant\n%v", names, want)
	}
}

// A record of packets without a time has none, and no span.
func TestJSONWithoutTimes(t *testing.T) {
	r := fullRecord()
	r.Capture.Startless, r.Capture.Endless = true, true
	for _, clean := range []bool{false, true} {
		if r.Capture.OneWay = !clean; clean {
			r.Capture.Duplicates, r.Capture.TimeWentBack, r.Capture.Midstream = 0, 0, false
		}
		line := lineOf(t, manyFiles, r)
		names, values := flatten(t, line)
		for _, n := range names {
			timed := strings.HasSuffix(n, "_s") && n != "capture.stepped_s" && n != "capture.uncovered_s"
			if timed || n == "start" || n == "end" || strings.HasPrefix(values[n], "19") || strings.Contains(n, "_list") {
				t.Errorf("%s is %s", n, values[n])
			}
		}
		if values["capture.untimed"] != "1" || !strings.Contains(values["capture.unknown"], "no-time") {
			t.Errorf("nothing says that times are not known: %s", line)
		}
	}
}

func TestJSONValues(t *testing.T) {
	r := madeUp(7, "[2001:db8::1]:50000", "10.0.0.2:443")
	r.NVLAN, r.VLANs = 2, [2]uint16{100, 200}
	r.Tunnel, r.TunnelID, r.TunnelPart = capture.TunnelVXLAN, 42, true
	r.Open.Answer = record.Answer{Kind: record.AnswerICMPv6, Type: 1, Code: 4}
	r.Open.SYNCopies = 1
	_, got := flatten(t, lineOf(t, JSONOptions{Files: []string{"one"}}, r))
	for name, want := range map[string]string{
		"type": "conn", "id": "7", "orig_ip": "2001:db8::1", "orig_port": "50000", "resp_ip": "10.0.0.2",
		"start": "2023-11-14T22:13:20.700000000Z", "end": "2023-11-14T22:13:22.700000000Z", "duration_s": "2",
		"orig_state": "TIME-WAIT", "link.vlans": "100 200", "tunnel.kind": "vxlan", "tunnel.id": "42",
		"open.felt_s": "0.012345", "open.resp_s": "0.012", "open.orig_s": "0.000345", "open.answer": "icmp6:1/4", "open.syns": "2", "open.syns_copied": "1",
		"close.kind": "normal", "close.first": "orig", "close.segments": "4", "close.rsts_resp": "0",
		"time_wait.until": "2023-11-14T22:14:22.700000000Z", "orig.bytes": "1000", "orig.time_in.ESTABLISHED_s": "1",
		"orig.rtt_n": "2", "orig.retx": "0", "capture.one_way": "false",
		"file": "", "final": "", "close.reset_by": "", "close.reset_in": "", "keepalive.outcome": "", "keepalive.orig.probes": "", "local": "", "open.fast_open": "",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

func TestUnknownIsAbsent(t *testing.T) {
	r := madeUp(7, "10.0.0.1:50000", "10.0.0.2:443")
	r.Capture.OneWay = true
	r.Open = record.OpenRecord{Kind: record.OpenHandshake, SYNs: 1}
	r.Ends[record.Resp] = record.EndRecord{}
	r.States[record.Resp] = record.Unknown
	names, got := flatten(t, lineOf(t, JSONOptions{}, r))
	for _, n := range names {
		if strings.HasPrefix(n, "resp.") && n != "resp.packets" {
			t.Errorf("%s = %s of an end that was never captured", n, got[n])
		}
	}
	for _, n := range []string{"resp_state", "open.syn_acks", "open.felt_s", "close.fins_resp", "close.rsts_resp"} {
		if v, ok := got[n]; ok {
			t.Errorf("%s = %s can't be known", n, v)
		}
	}
	r.Capture.Midstream = true
	r.Open = record.OpenRecord{Kind: record.OpenMidstream}
	if _, got = flatten(t, lineOf(t, JSONOptions{}, r)); got["open.syns"] != "" {
		t.Errorf("open.syns = %s of a connection whose opening was not seen", got["open.syns"])
	}
}

func TestTransitions(t *testing.T) {
	r := madeUp(7, "10.0.0.1:50000", "10.0.0.2:443")
	var got struct {
		Transitions []map[string]any `json:"transitions"`
	}
	if err := json.Unmarshal([]byte(lineOf(t, JSONOptions{Transitions: true}, r)), &got); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"t": "2023-11-14T22:13:20.700000000Z", "packet": 7.0, "end": "orig", "from": "CLOSED", "to": "SYN-SENT", "proof": "seen"},
		{"t": "2023-11-14T22:14:22.700000000Z", "end": "orig", "from": "TIME-WAIT", "to": "CLOSED", "proof": "expected"},
	}
	if !reflect.DeepEqual(got.Transitions, want) {
		t.Errorf("transitions are %v, want %v", got.Transitions, want)
	}
	if line := lineOf(t, JSONOptions{}, r); strings.Contains(line, "transitions") {
		t.Errorf("transitions without being asked for: %s", line)
	}
}

func TestCSVAgreesWithJSON(t *testing.T) {
	records := append(mixture(), fullRecord())
	records[0].ConnState = `a,"b"` + "\n\x1b"
	var b bytes.Buffer
	c := NewCSV(&b, manyFiles)
	for _, r := range records {
		if err := c.Conn(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	flat := slices.DeleteFunc(schemaNames(), func(n string) bool { return strings.HasSuffix(n, "_list") })
	if !slices.Equal(rows[0], flat) {
		t.Errorf("header is %v", rows[0])
	}
	for i, r := range records {
		_, values := flatten(t, lineOf(t, manyFiles, r))
		for n, name := range rows[0] {
			want := values[name]
			if i == 0 && name == "conn_state" {
				want = `a,"b"\n\x1b`
			}
			if rows[i+1][n] != want {
				t.Errorf("record %d: %s is %q in CSV, %q in JSON", i, name, rows[i+1][n], want)
			}
		}
	}
}

// What a client said is no formula for the spreadsheet that opens the file.
func TestCSVHoldsNoFormula(t *testing.T) {
	for _, s := range []string{"=1+1", "+1", "-1", "@SUM(A1)"} {
		r := fullRecord()
		r.Names = &record.NamesRecord{Proto: s, SNI: s, HTTPHost: s, DNSQuery: s, ServerVersion: s, SSH: [2]string{s, s}}
		var b bytes.Buffer
		c := NewCSV(&b, JSONOptions{})
		if err := c.Conn(r); err != nil {
			t.Fatal(err)
		}
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&b).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		named := 0
		for n, name := range rows[0] {
			if rows[1][n] == s {
				t.Errorf("%s is %s", name, s)
			}
			if rows[1][n] == "'"+s {
				named++
			}
		}
		if named != 7 {
			t.Errorf("%s is told by %d names", s, named)
		}
	}
}

func TestCSVEmptyHasHeader(t *testing.T) {
	var b bytes.Buffer
	if err := NewCSV(&b, JSONOptions{}).Flush(); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), "type,id,orig_ip,") || strings.Count(b.String(), "\n") != 1 {
		t.Errorf("got %q", b.String())
	}
}

func TestStatsLine(t *testing.T) {
	records := mixture()
	h := troubled(records)
	var b bytes.Buffer
	j := NewJSONL(&b, JSONOptions{})
	if err := j.Stats(h, summaryOf(SummaryOptions{}, records)); err != nil {
		t.Fatal(err)
	}
	if err := j.Flush(); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, b.String())
	}
	peaks := got["time_wait_peak"].([]any)
	delete(got, "time_wait_peak")
	want := map[string]any{
		"type": "stats", "packets": 330.0, "tcp_segments": 330.0, "conns": 33.0, "evicted": 2.0, "kernel_drops": 17.0, "interface_drops": 0.0,
		"skipped": map[string]any{"not IP": 3.0, "not TCP": 1234.0}, "anomalies": map[string]any{"ack-of-nothing": 4.0, "data-after-fin": 1.0},
		"files": []any{"some.pcap", "evil\x1b[31m.pcap"}, "span_s": 20023.0, "damaged": true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if first := peaks[0].(map[string]any); first["holder"] != "10.0.0.1" || first["peak"] != 9.0 || first["at"] != "2023-11-14T22:13:53.000000000Z" {
		t.Errorf("peaks are %v", peaks)
	}
	b.Reset()
	if err := j.Stats(&Headline{}, nil); err != nil {
		t.Fatal(err)
	}
	if err := j.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Contains(got, "drops") || strings.Contains(got, "damaged") || !json.Valid(b.Bytes()) {
		t.Errorf("an empty run without a summary says %s", got)
	}
}

func TestSeconds(t *testing.T) {
	for ns, want := range map[int64]string{0: "0", 1: "0.000000001", 1e9: "1", 1003000000: "1.003", -5e8: "-0.5", math.MaxInt64: "9223372036.854775807"} {
		if got := string(appendSeconds(nil, ns)); got != want {
			t.Errorf("%d ns are %s s, want %s", ns, got, want)
		}
	}
}

// The examples are those of the Community ID specification's baseline for TCP.
func TestCommunityID(t *testing.T) {
	for _, test := range []struct{ a, b, want string }{
		{"128.232.110.120:34855", "66.35.250.204:80", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"66.35.250.204:80", "128.232.110.120:34855", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
	} {
		if got := string(appendCommunityID(nil, end(test.a), end(test.b))); got != test.want {
			t.Errorf("%s %s is %s, want %s", test.a, test.b, got, test.want)
		}
	}
}

// An ignored RST has a sender and no cause, unless it came after the close.
func TestIgnoredRSTOnTheRecord(t *testing.T) {
	for _, tc := range []struct {
		name  string
		close record.CloseRecord
		by    record.End
		cause record.ResetCause
	}{
		{"none", record.CloseRecord{ResetBy: record.NoEnd}, record.NoEnd, 0},
		{"ignored alone", record.CloseRecord{ResetBy: record.NoEnd, Ignored: record.IgnoredRST{By: record.Resp, Packet: 7}}, record.Resp, 0},
		{"ignored after the close", record.CloseRecord{ResetBy: record.NoEnd, Ignored: record.IgnoredRST{By: record.Resp, Packet: 7, Done: true}}, record.Resp, record.ResetAfterClose},
		{"ignored, then one that counts", record.CloseRecord{ResetBy: record.Orig, ResetCause: record.ResetAbort, Ignored: record.IgnoredRST{By: record.Resp, Packet: 7}}, record.Orig, record.ResetAbort},
	} {
		w := &row{Record: &record.Record{Close: tc.close}}
		if by, cause := resetterTold(w), causeTold(w); by != tc.by || cause != tc.cause {
			t.Errorf("%s: by %v, cause %v; want %v, %v", tc.name, by, cause, tc.by, tc.cause)
		}
	}
}
