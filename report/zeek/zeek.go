// Package zeek writes connections as Zeek's conn.log, tab-separated or as JSON, for tools that read
// that. What Zeek does not know stands behind its fields under the prefix tcpwatch.
package zeek

import (
	"encoding/hex"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Options of a Log.
type Options struct {
	JSON  bool
	Now   func() time.Time        // the clock of the lines that say when the log was opened and closed
	Local func(capture.Addr) bool // the addresses of this host; nil when they are unknown
}

// Log is the Output of a conn.log. Interim records are not in it: Zeek tells of a connection once.
type Log struct {
	record.LineOutput
	o Options
}

// New returns a Log that writes to w.
func New(w io.Writer, o Options) *Log {
	l := &Log{record.NewLineOutput(w), o}
	if !o.JSON {
		l.W.WriteString(l.head()) // is buffered: Finish or Lines tells the error
	}
	return l
}

// openLayout is how the ASCII writer of Zeek tells when a log was opened (src/logging/writers/ascii/Ascii.cc).
const openLayout = "2006-01-02-15-04-05"

// head are the lines before the first connection, as Zeek's ASCII writer has them.
func (l *Log) head() string {
	var names, types []string
	for _, f := range fields() {
		names, types = append(names, f.name), append(types, f.typ)
	}
	return "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t" + l.o.Now().Format(openLayout) +
		"\n#fields\t" + strings.Join(names, "\t") + "\n#types\t" + strings.Join(types, "\t") + "\n"
}

// Finish writes the last line, and the rest; see record.Output.
func (l *Log) Finish() error {
	if !l.o.JSON {
		l.W.WriteString("#close\t" + l.o.Now().Format(openLayout) + "\n")
	}
	return l.LineOutput.Finish()
}

// Part is a worker's; see record.Parallel.
func (l *Log) Part() record.Part { return &part{fields: fields(), o: &l.o} }

// part makes lines of records.
type part struct {
	fields []field
	o      *Options
}

// AppendEvent appends nothing; see record.Part.
func (p *part) AppendEvent(b []byte, _ *record.Event) []byte { return b }

// AppendConn appends a connection's line; see record.Part.
func (p *part) AppendConn(b []byte, r *record.Record) []byte {
	if r.Interim {
		return b
	}
	if p.o.JSON {
		return p.appendJSON(b, r)
	}
	for i := range p.fields {
		if i > 0 {
			b = append(b, '\t')
		}
		n := len(b)
		if b = p.fields[i].value(b, r, p.o); len(b) == n {
			b = append(b, '-')
		}
	}
	return append(b, '\n')
}

func (p *part) appendJSON(b []byte, r *record.Record) []byte {
	comma := byte('{')
	for i := range p.fields {
		f := &p.fields[i]
		before := len(b)
		b = append(append(append(b, comma, '"'), f.name...), '"', ':')
		n := len(b)
		if f.quoted() {
			b = append(b, '"')
			n++
		}
		if b = f.value(b, r, p.o); len(b) == n {
			b = b[:before]
			continue
		}
		switch {
		case f.quoted():
			b = append(b, '"')
		case f.typ == "bool":
			b = strconv.AppendBool(b[:n], b[n] == 'T')
		}
		comma = ','
	}
	return append(b, '}', '\n')
}

// field is a column: its value is appended to b, nothing where it is unset. No value holds what would
// have to be escaped.
type field struct {
	name, typ string
	value     func(b []byte, r *record.Record, o *Options) []byte
}

// quoted reports whether JSON has the value as a string.
func (f *field) quoted() bool {
	return f.typ == "string" || f.typ == "addr" || f.typ == "enum"
}

// fields are those of Zeek's conn.log (base/protocols/conn/main.zeek), in order, then ours.
func fields() []field {
	return append([]field{
		{"ts", "time", func(b []byte, r *record.Record, _ *Options) []byte { return appendSpan(b, r.Began()) }},
		{"uid", "string", func(b []byte, r *record.Record, _ *Options) []byte { return append(b, uid(r)...) }},
		{"id.orig_h", "addr", func(b []byte, r *record.Record, _ *Options) []byte { return r.Orig.Addr.Netip().AppendTo(b) }},
		{"id.orig_p", "port", func(b []byte, r *record.Record, _ *Options) []byte { return appendCount(b, uint64(r.Orig.Port)) }},
		{"id.resp_h", "addr", func(b []byte, r *record.Record, _ *Options) []byte { return r.Resp.Addr.Netip().AppendTo(b) }},
		{"id.resp_p", "port", func(b []byte, r *record.Record, _ *Options) []byte { return appendCount(b, uint64(r.Resp.Port)) }},
		{"proto", "enum", func(b []byte, _ *record.Record, _ *Options) []byte { return append(b, "tcp"...) }},
		{"service", "string", func(b []byte, r *record.Record, _ *Options) []byte { return append(b, service(r)...) }},
		{"duration", "interval", func(b []byte, r *record.Record, _ *Options) []byte {
			if !lasts(r) {
				return b
			}
			return appendSpan(b, zeeksEnd(r))
		}},
		{"orig_bytes", "count", bytesOf(record.Orig)},
		{"resp_bytes", "count", bytesOf(record.Resp)},
		{"conn_state", "string", func(b []byte, r *record.Record, _ *Options) []byte { return append(b, r.ConnState...) }},
		{"local_orig", "bool", localOf(record.Orig)},
		{"local_resp", "bool", localOf(record.Resp)},
		{"missed_bytes", "count", func(b []byte, r *record.Record, _ *Options) []byte {
			if r.Capture.GivenUpBytes > 0 || r.Ends[record.Orig].SpanUnknown || r.Ends[record.Resp].SpanUnknown {
				return b
			}
			var n uint64
			for e := range r.Ends {
				if r.Ends[e].Packets > 0 { // of an end that was not captured Zeek misses nothing
					n += r.Ends[e].MissingBytes
				}
			}
			return appendCount(b, n)
		}},
		{"history", "string", func(b []byte, r *record.Record, _ *Options) []byte { return append(b, r.History...) }},
		{"orig_pkts", "count", packetsOf(record.Orig)},
		{"orig_ip_bytes", "count", unset}, // the record does not count bytes of headers
		{"resp_pkts", "count", packetsOf(record.Resp)},
		{"resp_ip_bytes", "count", unset},
		{"tunnel_parents", "set[string]", unset}, // Zeek's ids of other logs
	}, ownFields()...)
}

// prefix begins the names of fields that are not Zeek's.
const prefix = "tcpwatch."

func ownFields() []field {
	return []field{
		{prefix + "id", "count", func(b []byte, r *record.Record, _ *Options) []byte { return appendCount(b, r.ID) }},
		{prefix + "uid", "string", func(b []byte, r *record.Record, _ *Options) []byte {
			id := r.Unique()
			return hex.AppendEncode(b, id[:])
		}},
		{prefix + "open_kind", "string", func(b []byte, r *record.Record, _ *Options) []byte { return append(b, r.Open.Kind.String()...) }},
		{prefix + "felt", "interval", func(b []byte, r *record.Record, _ *Options) []byte { return appendSpan(b, r.Open.Felt) }},
		{prefix + "close_kind", "string", func(b []byte, r *record.Record, _ *Options) []byte { return append(b, r.Close.Kind.String()...) }},
		{prefix + "close_first", "string", func(b []byte, r *record.Record, _ *Options) []byte { return append(b, r.Close.First.String()...) }},
		{prefix + "reset_by", "string", func(b []byte, r *record.Record, _ *Options) []byte { return append(b, r.Close.ResetBy.String()...) }},
		{prefix + "reset_cause", "string", func(b []byte, r *record.Record, _ *Options) []byte { return append(b, r.Close.ResetCause.String()...) }},
		{prefix + "time_wait_holder", "string", func(b []byte, r *record.Record, _ *Options) []byte { return append(b, r.TimeWait.Holder.String()...) }},
		{prefix + "orig_state", "string", func(b []byte, r *record.Record, _ *Options) []byte {
			return append(b, r.States[record.Orig].String()...)
		}},
		{prefix + "resp_state", "string", func(b []byte, r *record.Record, _ *Options) []byte {
			return append(b, r.States[record.Resp].String()...)
		}},
		{prefix + "orig_retx", "count", retxOf(record.Orig)},
		{prefix + "resp_retx", "count", retxOf(record.Resp)},
	}
}

func unset(b []byte, _ *record.Record, _ *Options) []byte { return b }

func appendCount(b []byte, n uint64) []byte { return strconv.AppendUint(b, n, 10) }

// appendSpan appends seconds with six digits, as Zeek writes times and intervals.
func appendSpan(b []byte, ns record.Opt[int64]) []byte {
	if !ns.OK {
		return b
	}
	if ns.V < 0 {
		b = append(b, '-')
		ns.V = -ns.V
	}
	us := (uint64(ns.V) + 500) / 1000
	b = append(appendCount(b, us/1e6), '.')
	return append(b, strconv.FormatUint(1e6+us%1e6, 10)[1:]...)
}

// lasts tells that the connection lasted for a time: else Zeek leaves duration and bytes unset.
func lasts(r *record.Record) bool {
	d := r.Lasted()
	return d.OK && d.V > 0
}

// zeeksEnd is how long the connection lasted for Zeek: it is over with the second FIN of those that
// were acknowledged, and the last ACK comes later.
func zeeksEnd(r *record.Record) record.Opt[int64] {
	a, b := r.Close.FINTime[record.Orig], r.Close.FINTime[record.Resp]
	if r.ConnState == "SF" && a.OK && b.OK && r.Capture.Untimed == 0 {
		return record.Some(max(a.V, b.V) - r.Start + r.Capture.Uncovered)
	}
	return r.Lasted()
}

func bytesOf(e record.End) func(b []byte, r *record.Record, o *Options) []byte {
	return func(b []byte, r *record.Record, _ *Options) []byte {
		n := r.Ends[e].Bytes
		if !lasts(r) || !n.OK && r.Ends[e].SpanUnknown {
			return b
		}
		return appendCount(b, n.V)
	}
}

func packetsOf(e record.End) func(b []byte, r *record.Record, o *Options) []byte {
	return func(b []byte, r *record.Record, _ *Options) []byte { return appendCount(b, r.Ends[e].Packets) }
}

// retxOf is how many segments an end sent again, where the capture shows that.
func retxOf(e record.End) func(b []byte, r *record.Record, o *Options) []byte {
	return func(b []byte, r *record.Record, _ *Options) []byte {
		if r.Capture.GivenUpBytes > 0 || r.Capture.OneWay && r.Ends[e].Packets == 0 {
			return b
		}
		return appendCount(b, uint64(r.Ends[e].Retx))
	}
}

func localOf(e record.End) func(b []byte, r *record.Record, o *Options) []byte {
	return func(b []byte, r *record.Record, o *Options) []byte {
		switch {
		case o.Local == nil:
			return b
		case o.Local([2]capture.Endpoint{r.Orig, r.Resp}[e].Addr):
			return append(b, 'T')
		}
		return append(b, 'F')
	}
}

// service is Zeek's name of the protocol.
func service(r *record.Record) string {
	if r.Names == nil {
		return ""
	}
	switch p := r.Names.Proto; p {
	case "tls":
		return "ssl"
	case "h2c":
		return "http2"
	default:
		return p
	}
}

// uid is as long as Zeek's, of the same letters: made of the first 12 bytes of the record's.
func uid(r *record.Record) string {
	id := r.Unique()
	text := new(big.Int).SetBytes(id[:12]).Text(62)
	return "C" + strings.Repeat("0", max(0, 17-len(text))) + text
}
