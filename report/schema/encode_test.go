package schema

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
	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/record"
)

// fieldNames are the names of a connection record that were released, in order. They
// are written out here a second time on purpose: names are never changed, and this
// test is what notices. New ones may stand between them.
const fieldNames = `type id orig_ip orig_port resp_ip resp_port first_packet last_packet file file_packet
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

const endFieldNames = `packets bytes seen_bytes wire_bytes missing_bytes retx retx_rto retx_fast retx_tlp retx_other retx_bytes
retx_spurious retx_refused out_of_order reorder_max_s dup_acks lost_before_tap lost_after_tap lost_again dsacks sack_blocks sack_out_of_range paws_refused bad_checksums bad_segments zero_windows zero_window_s zero_window_list silly_windows window_probes open_probes open_probing_s open_echoed
window_full sender_limited_s network_limited_s window_limited_s
rtt_n rtt_min_s rtt_p50_s rtt_p95_s rtt_max_s rtt_min_flying_bytes rtt_max_flying_bytes rtt_smoothed_s rtt_delayed_n rtt_source mss wscale sack timestamps ecn ttl first_byte_s
stuck_bytes stuck_times stuck_shrunk_bytes passed_bytes beyond_unscaled beyond_unscaled_lost within_unscaled within_unscaled_lost hole_bytes hole_s hasty_repeats too_big too_big_mtu stalls stalled_s ect ce time_in.CLOSED_s time_in.LISTEN_s time_in.SYN-SENT_s
time_in.SYN-RECEIVED_s time_in.ESTABLISHED_s time_in.FIN-WAIT-1_s time_in.FIN-WAIT-2_s time_in.CLOSE-WAIT_s
time_in.CLOSING_s time_in.LAST-ACK_s time_in.TIME-WAIT_s`

func namesReleased() []string {
	var names []string
	for _, n := range strings.Fields(fieldNames) {
		if who, ok := strings.CutPrefix(n, "END."); ok {
			for _, e := range strings.Fields(endFieldNames) {
				names = append(names, who+"."+e)
			}
			continue
		}
		names = append(names, n)
	}
	return names
}

func TestFieldNames(t *testing.T) {
	released := namesReleased()
	got := slices.DeleteFunc(allNames(nil), func(n string) bool { return !slices.Contains(released, n) })
	if !slices.Equal(got, released) {
		t.Errorf("fields are\n%v\nwant\n%v", got, released)
	}
	if all := allNames(nil); len(slices.Compact(slices.Sorted(slices.Values(all)))) != len(all) {
		t.Errorf("a name stands twice in %v", all)
	}
}

// allNames are those of the fields, in order, but for those that are left out.
func allNames(out func(f *Field) bool) (all []string) {
	for _, f := range Fields() {
		if out == nil || !out(&f) {
			all = append(all, f.Name)
		}
	}
	return all
}

func fullRecord() *record.Record {
	r := recordtest.Full(false)
	r.Transitions = recordtest.MadeUp(1, "10.0.0.1:1", "10.0.0.2:2").Transitions
	// For these reasons fields are absent.
	r.Capture.OneWay, r.Capture.ScaleUnknown = false, false
	r.Ends[0].MissingBytes, r.Ends[1].MissingBytes = 0, 0
	r.Ends[0].SpanUnknown, r.Ends[1].SpanUnknown = false, false
	return r
}

var manyFiles = Options{
	Files: []string{"a.pcap", "b.pcap"}, Interfaces: []string{"eth0", "eth1"},
	Local: func(capture.Addr) bool { return true },
}

// lineOf is what JSON writes for one record.
func lineOf(o Options, r *record.Record) string { return string(NewJSON(o).AppendConn(nil, r)) }

// csvOf is what CSV writes for some records.
func csvOf(t *testing.T, o Options, records ...*record.Record) [][]string {
	t.Helper()
	c := NewCSV(o)
	b := c.AppendHead(nil)
	for _, r := range records {
		b = c.AppendConn(b, r)
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
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
	full.Capture.GivenUpBytes = 0                                                        // what was sent again
	line := lineOf(manyFiles, full)
	names, _ := flatten(t, line)
	names = slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, rawGroup) })
	flaws := []string{"capture.untimed", "capture.given_up_bytes", "orig.span_unknown", "resp.span_unknown", "capture.one_end",
		"capture.scale_unknown", "capture.startless", "capture.endless"}
	want := allNames(func(f *Field) bool { return slices.Contains(flaws, f.Name) })
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
		line := lineOf(manyFiles, r)
		names, values := flatten(t, line)
		for _, n := range names {
			if strings.HasPrefix(n, rawGroup) {
				continue // which is not for people
			}
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
	r := recordtest.MadeUp(7, "[2001:db8::1]:50000", "10.0.0.2:443")
	r.NVLAN, r.VLANs = 2, [2]uint16{100, 200}
	r.Tunnel, r.TunnelID, r.TunnelPart = capture.TunnelVXLAN, 42, true
	r.Open.Answer = record.Answer{Kind: record.AnswerICMPv6, Type: 1, Code: 4}
	r.Open.SYNCopies = 1
	_, got := flatten(t, lineOf(Options{Files: []string{"one"}}, r))
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
	r := recordtest.MadeUp(7, "10.0.0.1:50000", "10.0.0.2:443")
	r.Capture.OneWay = true
	r.Open = record.OpenRecord{Kind: record.OpenHandshake, SYNs: 1}
	r.Ends[record.Resp] = record.EndRecord{}
	r.States[record.Resp] = record.Unknown
	names, got := flatten(t, lineOf(Options{}, r))
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
	if _, got = flatten(t, lineOf(Options{}, r)); got["open.syns"] != "" {
		t.Errorf("open.syns = %s of a connection whose opening was not seen", got["open.syns"])
	}
}

func TestTransitions(t *testing.T) {
	r := recordtest.MadeUp(7, "10.0.0.1:50000", "10.0.0.2:443")
	var got struct {
		Transitions []map[string]any `json:"transitions"`
	}
	if err := json.Unmarshal([]byte(lineOf(Options{Transitions: true}, r)), &got); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"t": "2023-11-14T22:13:20.700000000Z", "packet": 7.0, "end": "orig", "from": "CLOSED", "to": "SYN-SENT", "proof": "seen"},
		{"t": "2023-11-14T22:14:22.700000000Z", "end": "orig", "from": "TIME-WAIT", "to": "CLOSED", "proof": "expected"},
	}
	if !reflect.DeepEqual(got.Transitions, want) {
		t.Errorf("transitions are %v, want %v", got.Transitions, want)
	}
	if line := lineOf(Options{}, r); strings.Contains(line, "transitions") {
		t.Errorf("transitions without being asked for: %s", line)
	}
}

func TestCSVAgreesWithJSON(t *testing.T) {
	records := append(recordtest.Mixture(), fullRecord())
	records[0].ConnState = `a,"b"` + "\n\x1b"
	rows := csvOf(t, manyFiles, records...)
	flat := allNames(func(f *Field) bool { return f.Type == Objects || f.Detail() })
	if !slices.Equal(rows[0], flat) {
		t.Errorf("header is %v", rows[0])
	}
	for i, r := range records {
		_, values := flatten(t, lineOf(manyFiles, r))
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
		rows := csvOf(t, Options{}, r)
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

func TestEncodingDoesNotAllocate(t *testing.T) {
	o := manyFiles
	o.Transitions = true
	j, c, r, b := NewJSON(o), NewCSV(o), fullRecord(), make([]byte, 0, 1<<16)
	for name, line := range map[string]func([]byte, *record.Record) []byte{"JSON": j.AppendConn, "CSV": c.AppendConn} {
		if n := testing.AllocsPerRun(100, func() { _ = line(b, r) }); n != 0 {
			t.Errorf("%s: %v allocations a record", name, n)
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add(int64(0), int64(1), uint64(1), "a\x1b", uint8(3))
	f.Add(int64(0), int64(1), uint64(1), "a\u3000b\u202e\ufeff", uint8(3))
	f.Add(int64(math.MinInt64), int64(math.MaxInt64), uint64(math.MaxUint64), "", uint8(255))
	f.Fuzz(func(t *testing.T, start, end int64, n uint64, s string, e uint8) {
		r := fullRecord()
		r.Start, r.End, r.ID, r.Open.Kind, r.Close.Kind, r.History = start, end, n, record.OpenKind(e), record.CloseKind(e)%record.NCloseKinds, s
		r.TimeWait = record.TimeWaitRecord{Holder: record.End(e % 4), Since: end, Until: start, EndedBy: record.TimeWaitEnd(e)}
		r.Close.FINAcked[0], r.Ends[0].Bytes, r.Open.Felt = record.Some(end), record.Some(n), record.Some(start)
		r.File, r.Interface = int(int32(n)), int(int32(start))
		if line := lineOf(manyFiles, r); !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	j, r, line := NewJSON(Options{}), recordtest.MadeUp(7, "10.0.0.1:50000", "10.0.0.2:443"), make([]byte, 0, 1<<16)
	b.ReportAllocs()
	for b.Loop() {
		_ = j.AppendConn(line, r)
	}
}

func BenchmarkCSV(b *testing.B) {
	c, r, line := NewCSV(Options{}), recordtest.MadeUp(7, "10.0.0.1:50000", "10.0.0.2:443"), make([]byte, 0, 1<<16)
	b.ReportAllocs()
	for b.Loop() {
		_ = c.AppendConn(line, r)
	}
}

func TestZeroWindowListInJSON(t *testing.T) {
	r := recordtest.ZeroWindows(2)
	list := func() []map[string]any {
		var got struct {
			Orig, Resp struct {
				List []map[string]any `json:"zero_window_list"`
			}
		}
		if err := json.Unmarshal([]byte(lineOf(Options{}, r)), &got); err != nil {
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
