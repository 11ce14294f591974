package zeek

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"tcpwatch/capture"
	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/record"
)

func noon() time.Time { return time.Date(2026, 11, 30, 12, 0, 1, 0, time.UTC) }

// logOf is the log of some records.
func logOf(t *testing.T, o Options, records ...*record.Record) string {
	t.Helper()
	o.Now = noon
	var b bytes.Buffer
	l := New(&b, o)
	p := l.Part()
	for _, r := range records {
		if err := l.Lines(p.AppendConn(nil, r)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Finish(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The lines around are those of Zeek's ASCII writer, and the fields those of its conn.log.
func TestText(t *testing.T) {
	r := recordtest.MadeUp(7, "10.0.0.1:50000", "[2001:db8::1]:443")
	r.Names = &record.NamesRecord{Proto: "tls"}
	lone := recordtest.NotOpened(recordtest.MadeUp(9, "10.0.0.1:50001", "10.0.0.2:80"), record.OpenNoAnswer)
	lone.End = lone.Start
	interim := recordtest.MadeUp(11, "10.0.0.1:50002", "10.0.0.2:80")
	interim.Interim = true
	lines := strings.Split(logOf(t, Options{}, r, interim, lone), "\n")
	want := []string{`#separator \x09`, "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tconn", "#open\t2026-11-30-12-00-01",
		"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents" +
			"\ttcpwatch.id\ttcpwatch.uid\ttcpwatch.open_kind\ttcpwatch.felt\ttcpwatch.close_kind\ttcpwatch.close_first\ttcpwatch.reset_by\ttcpwatch.reset_cause\ttcpwatch.time_wait_holder\ttcpwatch.orig_state\ttcpwatch.resp_state\ttcpwatch.orig_retx\ttcpwatch.resp_retx",
		"#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]" +
			"\tcount\tstring\tstring\tinterval\tstring\tstring\tstring\tstring\tstring\tstring\tstring\tcount\tcount",
		"1700000000.700000\t" + uid(r) + "\t10.0.0.1\t50000\t2001:db8::1\t443\ttcp\tssl\t1.002000\t1000\t2000\tSF\t-\t-\t0\tShADadFf\t5\t-\t5\t-\t-" +
			"\t7\t" + fmt.Sprintf("%x", r.Unique()) + "\thandshake\t0.012345\tnormal\torig\t-\t-\torig\tTIME-WAIT\tCLOSED\t0\t0",
		"1700000000.900000\t" + uid(lone) + "\t10.0.0.1\t50001\t10.0.0.2\t80\ttcp\t-\t-\t-\t-\tS0\t-\t-\t0\tS\t5\t-\t5\t-\t-" +
			"\t9\t" + fmt.Sprintf("%x", lone.Unique()) + "\tno-answer\t-\tnever-opened\t-\t-\t-\t-\tSYN-SENT\t-\t0\t0",
		"#close\t2026-11-30-12-00-01", ""}
	for i, line := range lines {
		if i >= len(want) || line != want[i] {
			t.Errorf("line %d is\n%q", i+1, line)
		}
	}
	if len(lines) != len(want) {
		t.Errorf("%d lines, want %d", len(lines), len(want))
	}
	if id := uid(r); len(id) != 18 || id[0] != 'C' || id == uid(lone) {
		t.Error(id)
	}
}

func TestJSON(t *testing.T) {
	r := recordtest.MadeUp(7, "10.0.0.1:50000", "10.0.0.2:443")
	here := r.Orig.Addr
	var got map[string]any
	if err := json.Unmarshal([]byte(logOf(t, Options{JSON: true, Local: func(a capture.Addr) bool { return a == here }}, r)), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"ts": 1700000000.7, "id.orig_h": "10.0.0.1", "id.orig_p": 50000.0, "proto": "tcp", "duration": 1.002,
		"local_orig": true, "local_resp": false, "conn_state": "SF", "tcpwatch.felt": 0.012345, "tcpwatch.close_first": "orig"} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	for _, name := range []string{"service", "orig_ip_bytes", "tunnel_parents", "tcpwatch.reset_by"} {
		if v, ok := got[name]; ok {
			t.Errorf("%s is %v, and not set", name, v)
		}
	}
}
