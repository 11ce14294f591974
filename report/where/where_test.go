package where_test

import (
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/report/schema"
	"tcpwatch/report/where"
	"tcpwatch/tracker/record"
)

func made() *record.Record {
	r := &record.Record{ID: 17, Start: 1_000_000_000, End: 3_500_000_000, ConnState: "RSTO"}
	r.Orig = capture.Endpoint{Addr: capture.AddrFrom4([]byte{192, 0, 2, 1}), Port: 40000}
	r.Resp = capture.Endpoint{Addr: capture.AddrFrom4([]byte{192, 0, 2, 2}), Port: 443}
	r.States[record.Orig] = record.Established
	r.Open.Kind, r.Open.SYNs, r.Open.Felt = record.OpenHandshake, 2, record.Some(int64(1_250_000_000))
	r.Close.Kind, r.Close.ResetBy, r.Close.First = record.CloseReset, record.Orig, record.NoEnd
	r.Ends[record.Orig].Retx = 4
	r.Ends[record.Orig].Packets, r.Ends[record.Resp].Packets = 9, 7
	r.Ends[record.Orig].TimeIn[record.FinWait1] = record.Some(int64(2e9))
	r.NVLAN, r.VLANs = 1, [2]uint16{12}
	r.TimeWait.Holder = record.NoEnd
	return r
}

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		expr string
		want bool
	}{
		{`close.kind == "reset" && orig.retx > 3`, true},
		{`close.kind == "reset" and orig.retx > 4`, false},
		{`open.felt_s > 1.2 && open.felt_s < 1.3`, true},
		{`resp_port in [80, 443]`, true},
		{`resp_port in 1..100`, false},
		{`resp_ip startsWith "192.0.2."`, true},
		{`start < "1970-01-01T00:00:02"`, true},
		{`orig.retx + resp.retx == 4`, true},
		{`orig.time_in["FIN-WAIT-1_s"] == 2`, true},
		{`any(link.vlans, # == 12)`, true},
		{`id == 17 and type == "conn"`, true},
		{`orig.packets / resp.packets > 1.2`, true},
		{`let n = orig.packets + resp.packets; n == 16`, true},
		{`close?.kind == "reset"`, true},
		{`conn_state matches "^RST[OR]$"`, true},
		{`duration_s == 2.5`, true},
		{`orig_ip in cidr(192.0.2.0/24)`, true},
		{`orig_ip in cidr( "10.0.0.0/8" , 192.0.2.1)`, true},
		{`orig_ip in cidr(10.0.0.0/8, 2001:db8::/32, ::)`, false},
		{`orig_ip not in cidr(10.0.0.0/8)`, true},
		{`orig_ip in cidr(::/0)`, false}, // of the other family
		{`resp_ip in cidr (192.0.2.2/31) && orig_ip in cidr(192.0.2.0/31)`, true},
		{`any([orig_ip, resp_ip], # in cidr(192.0.2.2/32))`, true},
		{`all([orig_ip, resp_ip], # in cidr(192.0.2.2/32))`, false},
		{`orig_ip in cidr(192.0.2.0/24) && names.sni == "cidr("`, false},
		{`"x" in cidr(0.0.0.0/0) or "::1" in cidr(::/127)`, true},
		{"id == 17 /* cidr( */ && `cidr(` != 'it\\'s cidr(' // cidr(", true},
		// What is absent compares as false, whichever way.
		{`orig.rtt_p50_s > 0.1`, false},
		{`orig.rtt_p50_s <= 0.1`, false},
		{`orig.rtt_p50_s * 2 <= 0.1 + resp.rtt_p50_s`, false},
		{`names.sni == "example.com"`, false},
		{`names.sni != "example.com"`, false},
		{`not (names.sni == "example.com")`, true},
		{`names.sni contains "example"`, false},
		{`names.sni not contains "example"`, true},
		{`len(names.sni) == 0`, false},
		{`time_wait.restarts in [0, 1]`, false},
		{`open.fast_open`, false},
		{`!open.fast_open`, true},
		{`any(link.vlans, # == 13) or resp_state == "CLOSED"`, false},
		// Asking for it.
		{`has(names.sni)`, false},
		{`has(open.felt_s) && !has(orig.rtt_p50_s)`, true},
		{`names.sni == nil`, true},
		{`nil != open.felt_s`, true},
		{`(orig.rtt_p50_s ?? 0.5) > 0.1`, true},
		{`(open.felt_s ?? 0.5) > 1`, true},
		{`has(names.sni) ? names.sni == "x" : resp_port == 443`, true},
		{`1 % (orig.retx - 4) == 0`, false}, // a division by 0
	} {
		e, err := where.Compile(tt.expr)
		if err != nil {
			t.Errorf("%s: %v", tt.expr, err)
			continue
		}
		f := e.Filter(schema.Options{})
		for range 2 {
			if got := f.Match(made()); got != tt.want {
				t.Errorf("%s: %v, %v", tt.expr, got, f.Err())
			}
		}
		if (f.Err() != nil) != strings.Contains(tt.expr, "%") {
			t.Errorf("%s: %v", tt.expr, f.Err())
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, tt := range []struct{ expr, want string }{
		{``, "an empty expression"},
		{`open.felt_s > 20ms`, `20ms is written as a number of seconds, 0.02 (at column 15)`},
		{`orig.bytes > 10M`, `10M is written as a number, 10485760`},
		{`orig_ip == 10.0.0.1`, `an address stands between quotes: "10.0.0.1" (at column 12)`},
		{`resp_ip == 2001:db8::1`, `an address stands between quotes: "2001:db8::1"`},
		{`orig_ip in 10.0.0.1/8`, `10.0.0.1/8 is a prefix: orig_ip in cidr(10.0.0.0/8)`},
		{`orig_ip == "10.0.0.0/8"`, `10.0.0.0/8 is a prefix: orig_ip in cidr(10.0.0.0/8)`},
		{`orig_ip == "10.0.0"`, `orig_ip is never "10.0.0", which is no address`},
		{`orig_ip == "2001:DB8::1"`, `it would be "2001:db8::1"`},
		{`resp == 10.0.0.1:80`, `resp_ip == "10.0.0.1" && resp_port == 80`},
		{`start > 2024-01-01`, `a time stands between quotes and is UTC: "2024-01-01"`},
		{`start > "yesterday"`, `start is a time such as "2026-11-29T12:00:00Z", in UTC, never "yesterday"`},
		{`close.kind == "rest"`, `close.kind is never "rest"; near it: "reset"; known are never-opened, `},
		{`close.kind in ["reset", "nomal"]`, `near it: "normal"`},
		{`close.kind != "Reset"`, `near it: "reset"`},
		{`resp_state == "time_wait"`, `near it: "TIME-WAIT"`},
		{`close.first == "client"`, `near it: "orig"`},
		{`conn_state == "S9"`, `conn_state is never "S9"; it is one of S0, S1, `},
		{`close.kind == reset`, `reset is no field; a word stands between quotes: close.kind == "reset"`},
		{`src_port == 1`, `near it: orig_port`},
		{`port == 80`, `near it: orig_port, resp_port`},
		{`resp_port == 80 & id > 1`, `& is no operator: use &&`},
		{`close.kind == 'reset`, `a quote is not closed`},
		{`close.knd == "reset"`, `unknown field "close.knd"; near it: close.kind`},
		{`kind == "reset"`, `unknown field "kind"; near it: `},
		{`retx > 3`, `unknown field "retx"; near it: orig.retx, resp.retx`},
		{`open.felt > 3`, `unknown field "open.felt"; near it: open.felt_s`},
		{`frobnicate > 3`, `unknown field "frobnicate"; docs/record.md`},
		{`close.kind.x == "reset"`, `string has no field x`},
		{`close == "reset"`, "close is a group of fields; it has close.kind, close.first, close.segments, close.half_close_s, ..."},
		{`has(close)`, "close is a group of fields"},
		{`has(1)`, "has(FIELD) asks whether one field is there"},
		{`has(id, id)`, "has(FIELD) asks whether one field is there"},
		{`nosuch(id) == 3`, `unknown field "nosuch"`},
		{`close.kind > 3`, "stands between a text and a number"},
		{`close.kind == 3`, "stands between a text and a number"},
		{`open.felt_s`, "it gives float64, not true or false"},
		{`id == `, "ends too early"},
		{`$env.x == 1`, `unknown field "$env.x"`},
		{`now() > date("2020-01-01")`, `unknown field "now"`},
		{`__value1 == "x"`, `unknown field "__value1"`},
		{`orig_ip in cidr(10.0.0.0/33)`, `cidr(...) has "10.0.0.0/33": a prefix is written as 10.0.0.0/8, 2001:db8::/32 or 192.0.2.1`},
		{`orig_ip in cidr()`, `cidr(...) has "": a prefix`},
		{`orig_ip in cidr(fe80::1%eth0)`, `cidr(...) has "fe80::1%eth0": a prefix`},
		{`orig_ip in cidr(10.1.2.3/8)`, `cidr(...) has "10.1.2.3/8", with bits behind the prefix: is 10.0.0.0/8 meant?`},
		{`orig_ip in cidr(10.0.0.0/8`, "cidr( has no ) behind it"},
		{`orig_ip == cidr(10.0.0.0/8)`, "cidr(...) stands behind in, as in orig_ip in cidr(10.0.0.0/8)"},
		{`resp_port in cidr(10.0.0.0/8)`, "resp_port is no address, and cidr(...) is for those: orig_ip, resp_ip"},
		{`names.sni in cidr(10.0.0.0/8)`, "names.sni is no address"},
		{`[orig_ip, resp_ip] in cidr(10.0.0.0/8)`, "any([orig_ip, resp_ip], # in cidr(10.0.0.0/8)) asks for either end"},
		{`orig_ipp in cidr(10.0.0.0/8)`, `unknown field "orig_ipp"; near it: orig_ip`},
		{`orig_ip in cdir(10)`, `unknown field "cdir"`},
		{`orig_ip in __net0 && orig_ip in cidr(::)`, `unknown field "__net0"`},
		{`__within(orig_ip, 0)`, `unknown field "__within"`},
		{`orig_ip in cidr(10.0.0.0/8, 2001:db8::/32) && id = 3`, "= compares nothing: use == (at column 50)"},
		{strings.Repeat("id == 1 or ", 1000) + "id == 2", "at most 4096"},
	} {
		_, err := where.Compile(tt.expr)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.expr, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than a line: %v", tt.expr, err)
		}
	}
}

// No expression makes it panic, whatever it is.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{`close.kind == "reset" && orig.retx > 3`, `has(names.sni) ?? id`, `any(link.vlans, # > 3)`,
		`let x = id; x?.y["z"] in 1..3`, `orig_ip in cidr(10.0.0.0/8, ::1) || "" in cidr(::)`, `cidr(::).x + cidr(::/0)`, `{"a": id}.a == 1`, `map(1..9, {# * id}) | sum() > 3`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := where.Compile(text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		e.Filter(schema.Options{}).Match(made())
	})
}

func BenchmarkMatch(b *testing.B) {
	e, err := where.Compile(`close.kind == "reset" && orig.retx > 3`)
	if err != nil {
		b.Fatal(err)
	}
	f, r := e.Filter(schema.Options{}), made()
	for b.Loop() {
		f.Match(r)
	}
}
