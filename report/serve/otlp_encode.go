package serve

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// The JSON of OpenTelemetry's protocol (opentelemetry-proto 1.x: protobuf's JSON, but that ids are
// in hex and that enums are numbers). Numbers of 64 bits are texts.

// attribute is one of a span, an event or a data point.
type attribute struct {
	Key   string   `json:"key"`
	Value anyValue `json:"value"`
}

// anyValue is one of these.
type anyValue struct {
	String *string   `json:"stringValue,omitempty"`
	Int    *string   `json:"intValue,omitempty"`
	Array  *anyArray `json:"arrayValue,omitempty"`
}

type anyArray struct {
	Values []anyValue `json:"values"`
}

func textAttribute(key, value string) attribute {
	return attribute{key, anyValue{String: &value}}
}

func countAttribute[T ~uint64 | ~uint16](key string, n T) attribute {
	text := strconv.FormatUint(uint64(n), 10)
	return attribute{key, anyValue{Int: &text}}
}

func textsAttribute(key string, values []string) attribute {
	a := &anyArray{Values: []anyValue{}}
	for _, v := range values {
		a.Values = append(a.Values, anyValue{String: &v})
	}
	return attribute{key, anyValue{Array: a}}
}

// nano is a time as the protocol has it; none before 1970.
func nano(at int64) string { return strconv.FormatInt(max(at, 0), 10) }

// logRecord is an event.
type logRecord struct {
	Time       string      `json:"timeUnixNano"`
	Observed   string      `json:"observedTimeUnixNano"`
	Severity   int         `json:"severityNumber"`
	Text       string      `json:"severityText"`
	Event      string      `json:"eventName"`
	Body       anyValue    `json:"body"`
	Attributes []attribute `json:"attributes"`
}

// tracedSpan is a span.
type tracedSpan struct {
	Trace      string      `json:"traceId"`
	ID         string      `json:"spanId"`
	Parent     string      `json:"parentSpanId,omitempty"`
	Name       string      `json:"name"`
	Kind       int         `json:"kind"` // 1: internal
	Start      string      `json:"startTimeUnixNano"`
	End        string      `json:"endTimeUnixNano"`
	Attributes []attribute `json:"attributes,omitempty"`
	Status     *status     `json:"status,omitempty"`
}

type status struct {
	Code    int    `json:"code"` // 2: error
	Message string `json:"message,omitempty"`
}

// line appends an object as a line of JSON.
func line(b []byte, object any) []byte {
	text, _ := compact(object) // of such an object it never fails
	return append(append(b, text...), '\n')
}

// newID is a random id of n bytes.
func newID(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// recordPart makes events of records, for one worker; see record.Part.
type recordPart struct {
	attributes *schema.Attributes
	memory     *memory
}

// AppendConn appends the event of a connection: a line.
func (p *recordPart) AppendConn(b []byte, r *record.Record) []byte {
	if !r.Interim {
		p.memory.take(r)
	}
	at := "0"
	if end := r.LastAt(); end.OK {
		at = nano(end.V)
	}
	b = append(append(append(b, `{"timeUnixNano":"`...), at...), `","observedTimeUnixNano":"`...)
	b = append(append(b, at...), `","severityNumber":9,"severityText":"INFO","eventName":"`+schema.ConnEvent+`","body":{"stringValue":"`...)
	b = append(append(b, r.Orig.String()...), ' ')
	b = append(append(b, r.Resp.String()...), `"},"attributes":[`...)
	network := "ipv6"
	if r.Resp.Addr.Is4() {
		network = "ipv4"
	}
	b = append(append(append(b, `{"key":"network.transport","value":{"stringValue":"tcp"}},{"key":"network.type","value":{"stringValue":"`...), network...), `"}},`...)
	return append(p.attributes.AppendConn(b, r), ']', '}', '\n')
}

// AppendEvent does nothing; see record.Part.
func (p *recordPart) AppendEvent(b []byte, _ *record.Event) []byte { return b }

// severityOf is a severity as OpenTelemetry has it: its number and word.
func severityOf(s diagnose.Severity) (int, string) {
	switch s {
	case diagnose.Critical:
		return 17, "ERROR"
	case diagnose.Warning:
		return 13, "WARN"
	case diagnose.Notice:
		return 10, "INFO2"
	}
	return 9, "INFO"
}

// findingAttributes are what an event and a span say of a finding.
func findingAttributes(f *diagnose.Finding) []attribute {
	return []attribute{textAttribute("tcpwatch.finding.id", f.ID), textAttribute("tcpwatch.detector", f.Detector), textAttribute("tcpwatch.severity", f.Severity.String()),
		textAttribute("tcpwatch.confidence", f.Confidence.String()), textAttribute("tcpwatch.title", f.Title), textAttribute("tcpwatch.explanation", f.Explanation),
		textsAttribute("tcpwatch.causes", f.Causes), textAttribute("tcpwatch.advice", strings.Join(f.Advice, " ")),
		textAttribute("tcpwatch.subject", f.Subject.String()), textAttribute("tcpwatch.subject_kind", f.Subject.Kind.String()), countAttribute("tcpwatch.count", f.Count)}
}

// findingEvent is the event of a finding that is open, resolved or, at the end, of the report.
func findingEvent(f *diagnose.Finding, state string, at int64) *logRecord {
	number, text := severityOf(f.Severity)
	return &logRecord{nano(at), nano(at), number, text, "tcpwatch.finding", anyValue{String: &f.Title},
		append(findingAttributes(f), textAttribute("tcpwatch.state", state))}
}

// findingSpans are a finding as a span, the connections that it cites and that are remembered as
// its children, and their phases as theirs.
func findingSpans(b []byte, f *diagnose.Finding, cited map[uint64]phases) []byte {
	root := tracedSpan{Trace: newID(16), ID: newID(8), Name: f.Detector, Kind: 1, Start: nano(f.Since), End: nano(max(f.Until, f.Since)), Attributes: findingAttributes(f)}
	if f.Severity >= diagnose.Warning {
		root.Status = &status{2, f.Title}
	}
	b = line(b, &root)
	for _, id := range f.Conns {
		p := cited[id]
		parent := root.ID
		for i, x := range p.spans {
			s := tracedSpan{Trace: root.Trace, ID: newID(8), Parent: parent, Name: x.name, Kind: 1, Start: nano(x.from), End: nano(x.to)}
			if i == 0 {
				parent = s.ID
				s.Attributes = []attribute{countAttribute("tcpwatch.id", id), textAttribute("source.address", p.orig.Addr.String()), countAttribute("source.port", p.orig.Port),
					textAttribute("destination.address", p.resp.Addr.String()), countAttribute("destination.port", p.resp.Port), textAttribute("network.transport", "tcp")}
			}
			b = line(b, &s)
		}
	}
	return b
}

// metric is a family as the protocol has it.
type metric struct {
	Name      string  `json:"name"`
	Help      string  `json:"description"`
	Unit      string  `json:"unit"`
	Sum       *points `json:"sum,omitempty"`
	Gauge     *points `json:"gauge,omitempty"`
	Histogram *points `json:"histogram,omitempty"`
}

type points struct {
	Points      []point `json:"dataPoints"`
	Temporality int     `json:"aggregationTemporality,omitempty"` // 2: since the start
	Monotonic   bool    `json:"isMonotonic,omitempty"`
}

type point struct {
	Attributes []attribute `json:"attributes"`
	Start      string      `json:"startTimeUnixNano,omitempty"`
	Time       string      `json:"timeUnixNano"`
	Double     *float64    `json:"asDouble,omitempty"`
	Count      string      `json:"count,omitempty"`
	SumOf      *float64    `json:"sum,omitempty"`
	Buckets    []string    `json:"bucketCounts,omitempty"`
	Bounds     []float64   `json:"explicitBounds,omitempty"`
}

// metricLines are families, a line each, since a time and now.
func metricLines(all []family, since, now int64) (b []byte) {
	for _, f := range all {
		var ps []point
		for _, s := range f.series {
			p := point{Attributes: []attribute{}, Start: nano(since), Time: nano(now)}
			for i, l := range f.labels {
				p.Attributes = append(p.Attributes, textAttribute(l.otel, s.values[i]))
			}
			p.Attributes = append(p.Attributes, f.fixed...)
			if f.kind == histogram {
				n := uint64(0)
				for _, c := range s.classes {
					n += c
					p.Buckets = append(p.Buckets, strconv.FormatUint(c, 10))
				}
				for _, bound := range report.FeltBounds {
					p.Bounds = append(p.Bounds, float64(bound)/1e9)
				}
				p.Count, p.SumOf = strconv.FormatUint(n, 10), &s.n
			} else {
				p.Double = &s.n
			}
			ps = append(ps, p)
		}
		if len(ps) == 0 {
			continue
		}
		m := metric{Name: f.otel, Help: f.help, Unit: f.unit}
		switch {
		case f.kind == histogram:
			m.Histogram = &points{ps, 2, false}
		case f.kind == counter:
			m.Sum = &points{ps, 2, true}
		case f.kind == upDown:
			m.Sum = &points{ps, 2, false}
		default:
			m.Gauge = &points{ps, 0, false}
		}
		b = line(b, &m)
	}
	return b
}

// countPoints counts the data points of such lines: receivers count these, too.
func countPoints(lines []byte) uint64 {
	return uint64(bytes.Count(lines, []byte(`"timeUnixNano":`))) // in a text the quotes would be escaped
}

// envelope is what stands around the lines of a request: the resource and the scope.
func envelope(resources, scopes, items string, resource []attribute, version string) (before, after string) {
	r, _ := json.Marshal(resource) // of texts it never fails
	return `{"` + resources + `":[{"resource":{"attributes":` + string(r) + `},"` + scopes + `":[{"scope":{"name":"tcpwatch","version":"` + version + `"},"` + items + `":[`, `]}]}]}`
}
