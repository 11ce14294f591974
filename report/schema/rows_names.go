package schema

import "tcpwatch/tracker/record"

// nameFields are what the first payload bytes name.
func nameFields() []Field {
	named := func(get func(n *record.NamesRecord) Value) func(w *row) Value {
		return func(w *row) Value {
			if w.Names == nil {
				return Value{}
			}
			return get(w.Names)
		}
	}
	none := hidden{}
	return []Field{
		{"names.proto", Text, "", "application protocol, the outermost, by its first bytes: `tls`, `http`, `h2c`, `ssh`, `smtp`, `postgresql`, `dns`, ...", none, named(func(n *record.NamesRecord) Value { return textOf(n.Proto) })},
		{"names.sni", Text, "", "server name in the TLS ClientHello", none, named(func(n *record.NamesRecord) Value { return textOf(n.SNI) })},
		{"names.alpn", Text, "", "protocols that the ClientHello offers, separated by commas", none, named(func(n *record.NamesRecord) Value { return textOf(n.ALPN) })},
		{"names.alpn_chosen", Text, "", "the one that the ServerHello chooses; TLS 1.3 hides it", none, named(func(n *record.NamesRecord) Value { return textOf(n.ALPNChosen) })},
		{"names.tls_version", Text, "", "TLS version that the ServerHello chooses: `1.3`, `1.2`, ..., `ssl3`", none, named(func(n *record.NamesRecord) Value { return textOf(n.TLSVersion) })},
		{"names.tls_offered", Text, "", "highest TLS version that the ClientHello offers", none, named(func(n *record.NamesRecord) Value { return textOf(n.TLSOffered) })},
		{"names.http_method", Text, "", "method of the first HTTP/1 request", none, named(func(n *record.NamesRecord) Value { return textOf(n.HTTPMethod) })},
		{"names.http_host", Text, "", "Host of the first HTTP/1 request", none, named(func(n *record.NamesRecord) Value { return textOf(n.HTTPHost) })},
		{"names.http_status", Count, "", "status of the first HTTP/1 response", none, named(func(n *record.NamesRecord) Value { return someOf(n.HTTPStatus) })},
		{"names.ssh_orig", Text, "", "SSH identification of the originator", none, named(func(n *record.NamesRecord) Value { return textOf(n.SSH[record.Orig]) })},
		{"names.ssh_resp", Text, "", "SSH identification of the responder", none, named(func(n *record.NamesRecord) Value { return textOf(n.SSH[record.Resp]) })},
		{"names.server_version", Text, "", "version in a MySQL greeting", none, named(func(n *record.NamesRecord) Value { return textOf(n.ServerVersion) })},
		{"names.dns_query", Text, "", "first name asked for by DNS over TCP", none, named(func(n *record.NamesRecord) Value { return textOf(n.DNSQuery) })},
	}
}

// exchangeFields are how long answers took.
func exchangeFields() []Field {
	count := func(get func(x *record.ExchangesRecord) uint32) func(w *row) Value {
		return func(w *row) Value {
			if w.Exchanges.N == 0 {
				return Value{}
			}
			return countOf(get(&w.Exchanges))
		}
	}
	timed := func(get func(x *record.ExchangesRecord) int64) func(w *row) Value {
		return func(w *row) Value {
			if w.Exchanges.Timed == 0 {
				return Value{}
			}
			return secondsOf(get(&w.Exchanges))
		}
	}
	known := hidden{perhaps: oneWay | gaps}
	counted := hidden{perhaps: oneWay | gaps | untimed}
	return []Field{
		{"exchanges.n", Count, "requests", "requests of the originator that were answered; no other field of this group but `exchanges.left_s` without any", counted, count(func(x *record.ExchangesRecord) uint32 { return x.N })},
		{"exchanges.timed", Count, "requests", "of those, requests with everything captured up to the answer", counted, count(func(x *record.ExchangesRecord) uint32 { return x.Timed })},
		{"exchanges.repeated", Count, "requests", "of the timed, requests that were retransmitted before the answer", counted, count(func(x *record.ExchangesRecord) uint32 { return x.Repeated })},
		{"exchanges.first_s", Seconds, "s", "answer time of the first: last byte of the request to first byte of the answer, the path between capture point and responder included", known, timed(func(x *record.ExchangesRecord) int64 { return x.First })},
		{"exchanges.min_s", Seconds, "s", "shortest", known, timed(func(x *record.ExchangesRecord) int64 { return x.Min })},
		{"exchanges.p50_s", Seconds, "s", "median, off by at most 6.3 %", known, timed(func(x *record.ExchangesRecord) int64 { return x.P50 })},
		{"exchanges.p95_s", Seconds, "s", "95th percentile, off by at most 6.3 %", known, timed(func(x *record.ExchangesRecord) int64 { return x.P95 })},
		{"exchanges.max_s", Seconds, "s", "longest", known, timed(func(x *record.ExchangesRecord) int64 { return x.Max })},
		{"exchanges.sum_s", Seconds, "s", "all together: how long the originator waited for answers", known, timed(func(x *record.ExchangesRecord) int64 { return x.Sum })},
		{"exchanges.server_s", Seconds, "s", "median minus the shortest round trip between capture point and responder: the time in the server; absent where half of the requests or more were retransmitted before the answer", known, func(w *row) Value { return optSeconds(w.Exchanges.Server) }},
		{"exchanges.think_s", Seconds, "s", "pauses of the originator, all together: last byte of an answer to the next request", known, timed(func(x *record.ExchangesRecord) int64 { return x.Think })},
		{"exchanges.left_s", Seconds, "s", "the originator closed, by FIN or RST, when its last request had got no answer: from that request's last byte to then; absent when it had, or when the other end closed first", known, func(w *row) Value { return optSeconds(w.Exchanges.Left) }},
	}
}
