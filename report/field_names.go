package report

import (
	"tcpwatch/tracker/record"
)

// nameFields are what the first payload bytes name, and how long answers took.
func nameFields() []field {
	named := func(f func(n *record.NamesRecord) string) func(w *row) value {
		return func(w *row) value {
			if w.Names == nil {
				return value{}
			}
			return textOf(f(w.Names))
		}
	}
	fields := []field{
		{"names.proto", "application protocol, the outermost, by its first bytes: `tls`, `http`, `h2c`, `ssh`, `smtp`, `postgresql`, `dns`, ...", named(func(n *record.NamesRecord) string { return n.Proto })},
		{"names.sni", "server name in the TLS ClientHello", named(func(n *record.NamesRecord) string { return n.SNI })},
		{"names.alpn", "protocols that the ClientHello offers, separated by commas", named(func(n *record.NamesRecord) string { return n.ALPN })},
		{"names.alpn_chosen", "the one that the ServerHello takes; TLS 1.3 hides it", named(func(n *record.NamesRecord) string { return n.ALPNChosen })},
		{"names.tls_version", "TLS version that the ServerHello takes: `1.3`, `1.2`, ..., `ssl3`", named(func(n *record.NamesRecord) string { return n.TLSVersion })},
		{"names.tls_offered", "highest TLS version that the ClientHello offers", named(func(n *record.NamesRecord) string { return n.TLSOffered })},
		{"names.http_method", "method of the first HTTP/1 request", named(func(n *record.NamesRecord) string { return n.HTTPMethod })},
		{"names.http_host", "Host of the first HTTP/1 request", named(func(n *record.NamesRecord) string { return n.HTTPHost })},
		{"names.http_status", "status of the first HTTP/1 response", func(w *row) value {
			if w.Names == nil || w.Names.HTTPStatus == 0 {
				return value{}
			}
			return countOf(w.Names.HTTPStatus)
		}},
		{"names.ssh_orig", "SSH identification of the originator", named(func(n *record.NamesRecord) string { return n.SSH[record.Orig] })},
		{"names.ssh_resp", "SSH identification of the responder", named(func(n *record.NamesRecord) string { return n.SSH[record.Resp] })},
		{"names.server_version", "version in a MySQL greeting", named(func(n *record.NamesRecord) string { return n.ServerVersion })},
		{"names.dns_query", "first name asked for by DNS over TCP", named(func(n *record.NamesRecord) string { return n.DNSQuery })},
	}
	return append(fields, exchangeFields()...)
}

func exchangeFields() []field {
	timed := func(f func(x *record.ExchangesRecord) int64) func(w *row) value {
		return func(w *row) value {
			if w.Exchanges.Timed == 0 {
				return value{}
			}
			return secondsOf(f(&w.Exchanges))
		}
	}
	count := func(f func(x *record.ExchangesRecord) uint32) func(w *row) value {
		return func(w *row) value {
			if w.Exchanges.N == 0 {
				return value{}
			}
			return countOf(f(&w.Exchanges))
		}
	}
	return []field{
		{"exchanges.n", "requests of the originator that were answered; no field of this group without any", count(func(x *record.ExchangesRecord) uint32 { return x.N })},
		{"exchanges.timed", "of those, with nothing uncaptured between request and answer", count(func(x *record.ExchangesRecord) uint32 { return x.Timed })},
		{"exchanges.repeated", "of the timed, with the request sent again before the answer", count(func(x *record.ExchangesRecord) uint32 { return x.Repeated })},
		{"exchanges.first_s", "turn-around of the first: last byte of the request to first byte of the answer, the way between tap and responder in it", timed(func(x *record.ExchangesRecord) int64 { return x.First })},
		{"exchanges.min_s", "shortest", timed(func(x *record.ExchangesRecord) int64 { return x.Min })},
		{"exchanges.p50_s", "median, off by at most 6.3 %", timed(func(x *record.ExchangesRecord) int64 { return x.P50 })},
		{"exchanges.p95_s", "95th percentile, off by at most 6.3 %", timed(func(x *record.ExchangesRecord) int64 { return x.P95 })},
		{"exchanges.max_s", "longest", timed(func(x *record.ExchangesRecord) int64 { return x.Max })},
		{"exchanges.sum_s", "all together: how long the originator waited for answers", timed(func(x *record.ExchangesRecord) int64 { return x.Sum })},
		{"exchanges.server_s", "median without the shortest round trip between tap and responder: the server's own part", func(w *row) value { return optSeconds(w.Exchanges.Server) }},
		{"exchanges.think_s", "pauses of the originator, all together: last byte of an answer to the next request", timed(func(x *record.ExchangesRecord) int64 { return x.Think })},
	}
}
