package sentence

import (
	"cmp"
	"fmt"
	"strconv"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// About says what a connection is about, in a few words: its protocol and the
// name that the client asked for. It is safe to show.
func About(n *record.NamesRecord) string {
	if n == nil {
		return ""
	}
	s := n.Proto
	name := cmp.Or(n.SNI, n.HTTPHost, n.DNSQuery, n.ServerVersion)
	if name == "" {
		name = n.SSH[record.Resp]
	}
	for _, part := range []string{name, versionWords(n), statusWords(n)} {
		if part != "" {
			s += " " + part
		}
	}
	return say.Escape(s)
}

func versionWords(n *record.NamesRecord) string {
	switch n.TLSVersion {
	case "":
		return ""
	case "ssl2", "ssl3":
		return n.TLSVersion
	}
	return "(TLS " + n.TLSVersion + ")"
}

func statusWords(n *record.NamesRecord) string {
	if n.HTTPStatus == 0 {
		return ""
	}
	return strconv.Itoa(int(n.HTTPStatus))
}

// ExchangeSummary tells how long answers took, and how much of it was the
// server's own.
func (p Phrases) ExchangeSummary(r *record.Record) string {
	x := &r.Exchanges
	if x.Timed == 0 {
		return ""
	}
	s := fmt.Sprintf("%s, the first byte of the answer after %s", say.Plural(uint64(x.Timed), "request"), p.Span(x.P50))
	if x.Timed > 1 {
		s += " (median), at most " + p.Span(x.Max)
	}
	if x.Server.OK {
		s = comma(s, p.Span(x.Server.V)+" of it in the server, "+p.Span(x.P50-x.Server.V)+" on the path")
	}
	if x.Repeated > 0 {
		s = comma(s, say.Plural(uint64(x.Repeated), "request")+" retransmitted before the answer")
	}
	return s
}
