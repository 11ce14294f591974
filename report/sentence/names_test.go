package sentence

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

func TestAbout(t *testing.T) {
	for _, tt := range []struct {
		n    *record.NamesRecord
		want string
	}{
		{nil, ""},
		{&record.NamesRecord{Proto: "tls", SNI: "a.test", TLSVersion: "1.3"}, "tls a.test (TLS 1.3)"},
		{&record.NamesRecord{Proto: "tls", TLSVersion: "ssl3"}, "tls ssl3"},
		{&record.NamesRecord{Proto: "http", HTTPHost: "a.test:80", HTTPStatus: 404}, "http a.test:80 404"},
		{&record.NamesRecord{Proto: "ssh", SSH: [2]string{"client", "server"}}, "ssh server"},
		{&record.NamesRecord{Proto: "dns", DNSQuery: "a.test"}, "dns a.test"},
		{&record.NamesRecord{Proto: "http", HTTPHost: "\x1b[31m\xff"}, `http \x1b[31m\xff`},
	} {
		if got := About(tt.n); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.n, got, tt.want)
		}
	}
}

func TestExchangeSummary(t *testing.T) {
	r := &record.Record{}
	p := Phrases{}
	if got := p.ExchangeSummary(r); got != "" {
		t.Errorf("nothing timed: %q", got)
	}
	r.Exchanges = record.ExchangesRecord{N: 3, Timed: 2, Repeated: 1, P50: 200 * 1e6, Max: 1e9, Server: record.Some(int64(150e6))}
	for _, part := range []string{"2 requests", "200 ms (median)", "at most 1 s", "150 ms of it in the server", "50 ms on the path", "1 request retransmitted"} {
		if got := p.ExchangeSummary(r); !strings.Contains(got, part) {
			t.Errorf("%q lacks %q", got, part)
		}
	}
}
