package schema

import (
	"strconv"

	"tcpwatch/tracker/record"
)

// nameFields are what the first payload bytes name.
func nameFields() []Field {
	named := hidden{without: names}
	return []Field{
		{"names.proto", Text, "", "application protocol, the outermost, by its first bytes: `tls`, `http`, `h2c`, `ssh`, `smtp`, `postgresql`, `dns`, ...", named, nameAt(func(n *record.NamesRecord) *string { return &n.Proto })},
		{"names.sni", Text, "", "server name in the TLS ClientHello", named, nameAt(func(n *record.NamesRecord) *string { return &n.SNI })},
		{"names.alpn", Text, "", "protocols that the ClientHello offers, separated by commas", named, nameAt(func(n *record.NamesRecord) *string { return &n.ALPN })},
		{"names.alpn_chosen", Text, "", "the one that the ServerHello chooses; TLS 1.3 hides it", named, nameAt(func(n *record.NamesRecord) *string { return &n.ALPNChosen })},
		{"names.tls_version", Text, "", "TLS version that the ServerHello chooses: `1.3`, `1.2`, ..., `ssl3`", named, nameAt(func(n *record.NamesRecord) *string { return &n.TLSVersion })},
		{"names.tls_offered", Text, "", "highest TLS version that the ClientHello offers", named, nameAt(func(n *record.NamesRecord) *string { return &n.TLSOffered })},
		{"names.http_method", Text, "", "method of the first HTTP/1 request", named, nameAt(func(n *record.NamesRecord) *string { return &n.HTTPMethod })},
		{"names.http_host", Text, "", "Host of the first HTTP/1 request", named, nameAt(func(n *record.NamesRecord) *string { return &n.HTTPHost })},
		{"names.http_status", Count, "", "status of the first HTTP/1 response", named, made(func(w *row) Value { return someOf(w.Names.HTTPStatus) }).into(func(r *record.Record, v Value) { namesFor(r).HTTPStatus = uint16(v.n) })},
		{"names.ssh_orig", Text, "", "SSH identification of the originator", named, nameAt(func(n *record.NamesRecord) *string { return &n.SSH[record.Orig] })},
		{"names.ssh_resp", Text, "", "SSH identification of the responder", named, nameAt(func(n *record.NamesRecord) *string { return &n.SSH[record.Resp] })},
		{"names.server_version", Text, "", "version in a MySQL greeting", named, nameAt(func(n *record.NamesRecord) *string { return &n.ServerVersion })},
		{"names.dns_query", Text, "", "first name asked for by DNS over TCP", named, nameAt(func(n *record.NamesRecord) *string { return &n.DNSQuery })},
	}
}

// keyFields are by what each end is known again where another capture point sees other addresses of it.
func keyFields() (all []Field) {
	seen := hidden{perhaps: oneWay | midstream | synUnseen}
	for e, end := range [2][2]string{{"orig", "originator"}, {"resp", "responder"}} {
		all = append(all,
			Field{"key." + end[0] + "_isn", Count, "", "initial sequence number of the " + end[1] + ", as on the wire; with `--anonymize` absent, as all of this group", seen, at(func(r *record.Record) any { return &r.Ends[e].Key.ISN })},
			Field{"key." + end[0] + "_ipid", Count, "", "IPv4 identification of the first SYN or SYN/ACK of the " + end[1] + "; absent when 0", seen, at(func(r *record.Record) any { return &r.Ends[e].Key.IPID })},
			Field{"key." + end[0] + "_digest", Text, "", "64 bits of FNV-1a, in 16 hex digits, of the first 64 payload bytes of the " + end[1] + ", or of all where it sent fewer; absent where one of them was not captured", seen, digestAt(func(r *record.Record) *record.Opt[uint64] { return &r.Ends[e].Key.Digest })})
	}
	return all
}

// digestAt is a digest of the record.
func digestAt(place func(r *record.Record) *record.Opt[uint64]) source {
	return made(func(w *row) Value {
		d := place(w.Record)
		if !d.OK {
			return Value{}
		}
		return Value{kind: digest, n: int64(d.V)}
	}).into(func(r *record.Record, v Value) {
		if d, err := strconv.ParseUint(v.s, 16, 64); err == nil {
			*place(r) = record.Some(d)
		}
	}).evenHidden()
}

// nameAt is a text that the first payload bytes name.
func nameAt(place func(n *record.NamesRecord) *string) source {
	return textFrom(func(w *row) string {
		if w.Names == nil {
			return ""
		}
		return *place(w.Names)
	}, func(r *record.Record) *string { return place(namesFor(r)) })
}

// namesFor are a record's names; where it has none it is given some.
func namesFor(r *record.Record) *record.NamesRecord {
	if r.Names == nil {
		r.Names = new(record.NamesRecord)
	}
	return r.Names
}

// exchangeFields are how long answers took.
func exchangeFields() []Field {
	known := hidden{perhaps: oneWay | gaps}
	timed := hidden{perhaps: oneWay | gaps, without: timedExchanges}
	counted := hidden{perhaps: oneWay | gaps | untimed, without: exchanges}
	return []Field{
		{"exchanges.n", Count, "requests", "requests of the originator that were answered; no other field of this group but `exchanges.left_s` without any", counted, at(func(r *record.Record) any { return &r.Exchanges.N })},
		{"exchanges.timed", Count, "requests", "of those, requests with everything captured up to the answer", counted, at(func(r *record.Record) any { return &r.Exchanges.Timed })},
		{"exchanges.repeated", Count, "requests", "of the timed, requests that were retransmitted before the answer", counted, at(func(r *record.Record) any { return &r.Exchanges.Repeated })},
		{"exchanges.first_s", Seconds, "s", "answer time of the first: last byte of the request to first byte of the answer, the path between capture point and responder included", timed, at(func(r *record.Record) any { return &r.Exchanges.First })},
		{"exchanges.min_s", Seconds, "s", "shortest", timed, at(func(r *record.Record) any { return &r.Exchanges.Min })},
		{"exchanges.p50_s", Seconds, "s", "median, off by at most 6.3 %", timed, at(func(r *record.Record) any { return &r.Exchanges.P50 })},
		{"exchanges.p95_s", Seconds, "s", "95th percentile, off by at most 6.3 %", timed, at(func(r *record.Record) any { return &r.Exchanges.P95 })},
		{"exchanges.max_s", Seconds, "s", "longest", timed, at(func(r *record.Record) any { return &r.Exchanges.Max })},
		{"exchanges.sum_s", Seconds, "s", "all together: how long the originator waited for answers", timed, at(func(r *record.Record) any { return &r.Exchanges.Sum })},
		{"exchanges.server_s", Seconds, "s", "median minus the shortest round trip between capture point and responder: the time in the server; absent where half of the requests or more were retransmitted before the answer", known, at(func(r *record.Record) any { return &r.Exchanges.Server })},
		{"exchanges.think_s", Seconds, "s", "pauses of the originator, all together: last byte of an answer to the next request", timed, at(func(r *record.Record) any { return &r.Exchanges.Think })},
		{"exchanges.left_s", Seconds, "s", "the originator closed, by FIN or RST, when its last request had got no answer: from that request's last byte to then; absent when it had, or when the other end closed first", known, at(func(r *record.Record) any { return &r.Exchanges.Left })},
	}
}
