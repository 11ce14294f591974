package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/report/watch"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// metricsEvery is how often metrics are sent while packets are captured: OpenTelemetry's default.
const metricsEvery = time.Minute

// patienceOfFiles is for how long a file waits for a receiver that takes nothing.
const patienceOfFiles = 5 * time.Second

// OTLPOptions are those of OTLP.
type OTLPOptions struct {
	URL      *url.URL    // of the receiver, to which /v1/logs and the like are added
	Headers  http.Header // sent with every request
	Resource [][2]string // what the receiver is told of who sends, beside the service's name and version
	Version  string
	Live     bool // it is a live capture, which waits for nobody
	Records  schema.Options
	Meter    *Meter // has begun to measure when the run begins
	Memory   int64  // what may be held of what waits, in bytes: MostWaiting at most; that where 0
}

// OTLP is the Output that sends a run to a receiver of OpenTelemetry's protocol, in its JSON by
// HTTP: records as events, findings as events and as spans, what the Meter measures as metrics.
// Whoever finds these only puts them into a queue that is bounded; what has no place there, or what
// the receiver does not take, is counted and told.
type OTLP struct {
	record.LineOutput
	o       OTLPOptions
	began   time.Time
	all     [3]*sending
	hurried context.CancelFunc
	gaveUp  int64 // when the receiver had taken something last, when a file waited for it in vain

	memory  []*memory
	spans   map[string]bool // findings, by id, whose spans were sent
	stopped chan struct{}   // no more metrics by the clock
	quiet   sync.WaitGroup
}

// The kinds of what is sent, in the order in which OTLP has them.
const (
	otlpLogs = iota
	otlpTraces
	otlpMetrics
)

// perQueue is what part of the memory each queue's lines are to take: a queue is now and then moved, and
// of each kind a request is made.
const perQueue = 2 * 3

// MostWaiting is the memory that all takes that waits to be sent, at most.
const MostWaiting = perQueue * queueBytes

// maxSpanned is how many findings are remembered whose spans were sent.
const maxSpanned = 65536

// ParseReceiver reads the URL of a receiver.
func ParseReceiver(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%s is no address of a receiver, as http://127.0.0.1:4318 is", text)
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return nil, errors.New("a scheme, a host, a port and a path alone; OTEL_EXPORTER_OTLP_HEADERS holds what is secret")
	}
	return u, nil
}

// ParsePairs reads a list of names and values as OpenTelemetry has it in the environment:
// a=1,b=2, escaped as in an URL.
func ParsePairs(text string) (all [][2]string, err error) {
	for _, pair := range strings.Split(text, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		name = strings.TrimSpace(name)
		value, err = url.PathUnescape(strings.TrimSpace(value))
		if !ok || name == "" || err != nil || strings.ContainsAny(name+value, "\r\n\x00") {
			return nil, errors.New("not a list as name=value,name=value, escaped as in an URL") // it is not shown: it may be secret
		}
		all = append(all, [2]string{name, value})
	}
	return all, nil
}

// NewOTLP returns an OTLP; Start begins to send.
func NewOTLP(o OTLPOptions) *OTLP {
	x := &OTLP{o: o, began: time.Now(), spans: make(map[string]bool), stopped: make(chan struct{})}
	resource := []attribute{textAttribute("service.name", "tcpwatch"), textAttribute("service.version", o.Version), textAttribute("service.instance.id", newID(16))}
	for _, p := range o.Resource {
		resource = slices.DeleteFunc(resource, func(a attribute) bool { return a.Key == p[0] })
		resource = append(resource, textAttribute(p[0], p[1]))
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConns: 3, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10, TLSHandshakeTimeout: lastRequest}}
	hurry, cancel := context.WithCancel(context.Background())
	x.hurried = cancel
	most := int(cmp.Or(o.Memory, MostWaiting) / perQueue)
	for i, k := range [...]struct {
		path, resources, scopes, items string
		count                          func(lines []byte) uint64
	}{
		otlpLogs:    {"logs", "resourceLogs", "scopeLogs", "logRecords", countLines},
		otlpTraces:  {"traces", "resourceSpans", "scopeSpans", "spans", countLines},
		otlpMetrics: {"metrics", "resourceMetrics", "scopeMetrics", "metrics", countPoints},
	} {
		s := &sending{name: k.path, url: o.URL.JoinPath("v1", k.path).String(), headers: o.Headers, client: client, queue: newQueue(most, k.count),
			over: make(chan struct{}), done: make(chan struct{}), hurry: hurry, pause: firstPause}
		if s.headers == nil {
			s.headers = http.Header{}
		}
		s.before, s.after = envelope(k.resources, k.scopes, k.items, resource, o.Version)
		s.moved.Store(x.began.UnixNano())
		x.all[i] = s
	}
	o.Meter.alsoTell = x.changed
	o.Meter.also = x.families
	return x
}

// Start begins to send.
func (x *OTLP) Start() {
	for _, s := range x.all {
		go s.send()
	}
	if x.o.Live {
		x.quiet.Go(x.measure)
	}
}

// measure sends metrics by the clock.
func (x *OTLP) measure() {
	due := time.NewTicker(metricsEvery)
	defer due.Stop()
	for {
		select {
		case <-due.C:
			x.sendMetrics()
		case <-x.stopped:
			return
		}
	}
}

func (x *OTLP) sendMetrics() {
	if all := x.o.Meter.families(); all != nil {
		x.all[otlpMetrics].putOrDrop(metricLines(all, x.began.UnixNano(), time.Now().UnixNano()))
	}
}

// Needs is records; see record.Output.
func (x *OTLP) Needs() record.Needs { return record.Needs{Conns: true, Digests: true} }

// Part makes events of records; see record.Parallel.
func (x *OTLP) Part() record.Part {
	m := &memory{of: x}
	x.memory = append(x.memory, m)
	return &recordPart{schema.NewAttributes(x.o.Records), m}
}

// Lines takes events that workers made. A live capture never waits; a file does, as long as the
// receiver takes what it is sent. See record.Parallel.
func (x *OTLP) Lines(b []byte) error {
	s := x.all[otlpLogs]
	if x.o.Live {
		s.putOrDrop(b)
		return nil
	}
	began := time.Now().UnixNano()
	s.putPatiently(b, func() time.Duration {
		moved := s.moved.Load()
		if moved == x.gaveUp {
			return 0
		}
		left := patienceOfFiles - time.Since(time.Unix(0, max(moved, began)))
		if left <= 0 {
			x.gaveUp = moved
		}
		return left
	})
	return nil
}

// Tick does nothing; see record.Output.
func (x *OTLP) Tick(*record.Tick) error { return nil }

// changed takes what is new of a finding while the run goes on.
func (x *OTLP) changed(t watch.Told, at int64) {
	if !x.o.Live {
		return // the report has them
	}
	x.all[otlpLogs].putOrDrop(line(nil, findingEvent(&t.Finding, t.Change.String(), at)))
	if t.Change == watch.WasResolved {
		f := t.Finding
		f.Until = max(f.Until, t.Missed)
		x.sendSpans(&f)
	}
}

// sendSpans sends the spans of a finding, once.
func (x *OTLP) sendSpans(f *diagnose.Finding) {
	if x.spans[f.ID] {
		return
	}
	if len(x.spans) < maxSpanned {
		x.spans[f.ID] = true
	}
	ids := make(map[uint64]bool, len(f.Conns))
	for _, id := range f.Conns {
		ids[id] = true
	}
	cited := make(map[uint64]phases, len(ids))
	for _, m := range x.memory {
		m.find(ids, cited)
	}
	x.all[otlpTraces].putOrDrop(findingSpans(nil, f, cited))
}

// Report sends the findings of the report, and what was measured in the end; see report.Reporter.
// The Meter's comes before it.
func (x *OTLP) Report(h *report.Headline, s *report.Summary) error {
	close(x.stopped)
	x.quiet.Wait()
	for _, f := range s.Findings(h) {
		x.all[otlpLogs].putOrDrop(line(nil, findingEvent(&f, "report", h.End)))
		x.sendSpans(&f)
	}
	if e, err := x.runEvent(h, s); err == nil {
		x.all[otlpLogs].putOrDrop(line(nil, e))
	}
	x.sendMetrics()
	return nil
}

// runEvent is the event of the whole run, with which a report is made of its records again.
func (x *OTLP) runEvent(h *report.Headline, s *report.Summary) (*logRecord, error) {
	unnamed := *h
	unnamed.Files = nil
	unnamed.Damaged = nil
	for _, d := range h.Damaged {
		c := *d
		c.File = ""
		unnamed.Damaged = append(unnamed.Damaged, &c)
	}
	if len(x.o.Records.Interfaces) == 0 {
		unnamed.Interface = ""
	}
	stats, err := report.StatsJSON(&unnamed, s)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("%s, %s", say.Plural(h.Packets, "packet"), say.Plural(s.Conns(), "connection"))
	return &logRecord{nano(h.End), nano(h.End), 9, "INFO", schema.RunEvent, anyValue{String: &text}, []attribute{textAttribute(schema.StatsAttribute, string(stats))}}, nil
}

// Finish sends what waits, for a while; see record.Output.
func (x *OTLP) Finish() error {
	late := time.AfterFunc(lastOfAll, x.hurried)
	for _, s := range x.all {
		close(s.over)
	}
	for _, s := range x.all {
		<-s.done
	}
	late.Stop()
	x.hurried()
	return nil
}

// kindsOfOTLP are what people call the kinds.
var kindsOfOTLP = [...]string{otlpLogs: "event", otlpTraces: "span", otlpMetrics: "data point"}

// Told says what was not sent.
func (x *OTLP) Told() (lines []string) {
	for i, s := range x.all {
		_, lost := s.waiting()
		refused, unheard := s.refused.Load(), s.unheard.Load()
		missing := lost + refused + unheard
		if missing == 0 {
			continue
		}
		var why []string
		for _, c := range []struct {
			n    uint64
			what string
		}{{lost, "had no room in the queue"}, {unheard, "got no answer"}, {refused, "were refused"}} {
			if c.n > 0 {
				why = append(why, say.Thousands(c.n)+" "+c.what)
			}
		}
		text := fmt.Sprintf("--otlp: %s of %s not sent: %s", say.Thousands(missing), say.Plural(missing+s.sent.Load(), kindsOfOTLP[i]), strings.Join(why, ", "))
		if t := s.trouble.Load(); t != nil {
			text += "; " + *t
		}
		lines = append(lines, text)
	}
	return lines
}

// families tell what was sent and what was not.
func (x *OTLP) families() []family {
	signal := []label{{"signal", "tcpwatch.otlp.signal"}}
	sent := family{name: "tcpwatch_otlp_sent_total", otel: "tcpwatch.otlp.sent", unit: "{item}", help: "Events, spans and data points of metrics that the receiver of OTLP took.", labels: signal}
	unsent := family{name: "tcpwatch_otlp_unsent_total", otel: "tcpwatch.otlp.unsent", unit: "{item}", help: "Events, spans and data points of metrics that were not sent, by cause.",
		labels: append(slices.Clone(signal), label{"cause", "tcpwatch.cause"})}
	for _, s := range x.all {
		_, lost := s.waiting()
		sent.add(float64(s.sent.Load()), s.name)
		unsent.add(float64(lost), s.name, "queue-full")
		unsent.add(float64(s.refused.Load()), s.name, "refused")
		unsent.add(float64(s.unheard.Load()), s.name, "no-answer")
	}
	return []family{sent, unsent}
}
