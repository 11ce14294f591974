package serve

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tcpwatch/internal/racetest"
	"tcpwatch/internal/recordtest"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// receiver is one of tests: it keeps what it is sent.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	bodies  map[string][]any // by path
	headers http.Header
	answer  func(w http.ResponseWriter, r *http.Request) bool // false: as usual
}

func newReceiver(t *testing.T, answer func(w http.ResponseWriter, r *http.Request) bool) *receiver {
	x := &receiver{bodies: map[string][]any{}, answer: answer}
	x.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if x.answer != nil && x.answer(w, r) {
			return
		}
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		var body any
		if err := json.NewDecoder(z).Decode(&body); err != nil {
			t.Error(err)
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		x.bodies[r.URL.Path], x.headers = append(x.bodies[r.URL.Path], body), r.Header.Clone()
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"partialSuccess":{}}`)
	}))
	t.Cleanup(x.Close)
	return x
}

// all are the objects of a name anywhere in what came at a path.
func (x *receiver) all(path, name string) (found []map[string]any) {
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for k, e := range v {
				if list, ok := e.([]any); ok && k == name {
					for _, o := range list {
						found = append(found, o.(map[string]any))
					}
				}
				walk(e)
			}
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, b := range x.bodies[path] {
		walk(b)
	}
	return found
}

// attributeOf is an attribute's value, as text.
func attributeOf(o map[string]any, key string) string {
	list, _ := o["attributes"].([]any)
	for _, a := range list {
		if a := a.(map[string]any); a["key"] == key {
			for _, v := range a["value"].(map[string]any) {
				return fmt.Sprint(v)
			}
		}
	}
	return ""
}

// sender is an OTLP of tests that sends to an address.
func sender(t *testing.T, address string, live bool) *OTLP {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	m := newMeter()
	m.Start()
	x := NewOTLP(OTLPOptions{URL: u, Headers: http.Header{"Api-Key": {"secret"}}, Resource: [][2]string{{"host.name", "h"}}, Version: "1.2.3", Live: live, Meter: m})
	for _, s := range x.all {
		s.pause = time.Millisecond
	}
	return x
}

// finish ends a run of these records.
func (x *OTLP) finish(t *testing.T, records []*record.Record) {
	t.Helper()
	v := measuredView(records, true, nil)
	if !x.o.Live { // else what is found comes while the run goes on, too
		x.o.Meter.View(v)
	}
	for _, err := range []error{x.o.Meter.Report(v.Headline, v.All), x.Report(v.Headline, v.All), x.Finish()} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A receiver gets each record as an event, each finding as an event and as a span with connections and
// their phases below it, and all metrics.
func TestOTLP(t *testing.T) {
	r := newReceiver(t, nil)
	x := sender(t, r.URL+"/base", false)
	part := x.Part()
	x.Start()
	records := recordtest.Mixture()
	for _, c := range records {
		if err := x.Lines(part.AppendConn(nil, c)); err != nil {
			t.Fatal(err)
		}
	}
	x.finish(t, records)
	if told := x.Told(); told != nil {
		t.Error(told)
	}
	if got := r.headers; got.Get("Api-Key") != "secret" || got.Get("Content-Type") != "application/json" {
		t.Error(got)
	}
	findings := measuredView(records, true, nil).Final
	events := map[string][]map[string]any{}
	for _, e := range r.all("/base/v1/logs", "logRecords") {
		events[e["eventName"].(string)] = append(events[e["eventName"].(string)], e)
	}
	if n := len(events["tcpwatch.connection"]); n != len(records) || n == 0 {
		t.Errorf("%d events of connections, want %d", n, len(records))
	}
	for i, e := range events["tcpwatch.connection"] {
		c := records[i]
		if attributeOf(e, "tcpwatch.id") != strconv.FormatUint(c.ID, 10) || attributeOf(e, "destination.address") != c.Resp.Addr.String() ||
			attributeOf(e, "tcpwatch.close.kind") != c.Close.Kind.String() || attributeOf(e, "network.transport") != "tcp" {
			t.Errorf("%d: %v", i, e)
		}
	}
	if n := len(events["tcpwatch.finding"]); n != len(findings) || n == 0 {
		t.Errorf("%d events of findings, want %d", n, len(findings))
	}
	if run := events["tcpwatch.run"]; len(run) != 1 || !strings.HasPrefix(attributeOf(run[0], "tcpwatch.stats"), `{"type":"stats",`) {
		t.Errorf("the end of the run: %v", run)
	}
	spans := r.all("/base/v1/traces", "spans")
	byID, roots, below := map[string]map[string]any{}, 0, map[string]int{}
	for _, s := range spans {
		byID[s["spanId"].(string)] = s
	}
	for _, s := range spans {
		parent, _ := s["parentSpanId"].(string)
		if parent == "" {
			f := findings[slices.IndexFunc(findings, func(f diagnose.Finding) bool { return f.ID == attributeOf(s, "tcpwatch.finding.id") })]
			if roots++; s["name"] != f.Detector || s["startTimeUnixNano"] != strconv.FormatInt(f.Since, 10) {
				t.Errorf("%v", s)
			}
			continue
		}
		below[s["name"].(string)]++
		if p := byID[parent]; p == nil || p["traceId"] != s["traceId"] {
			t.Errorf("%v has no parent in its trace", s)
		} else if s["name"] != "connection" && (s["startTimeUnixNano"].(string) < p["startTimeUnixNano"].(string) || s["endTimeUnixNano"].(string) > p["endTimeUnixNano"].(string)) {
			t.Errorf("%v lies outside %v", s, p)
		}
	}
	if roots != len(findings) || below["connection"] == 0 || below["opening"] == 0 || below["established"] == 0 || below["closing"] == 0 || below["time-wait"] == 0 {
		t.Errorf("%d spans of findings, want %d; below them %v", roots, len(findings), below)
	}
	names := map[string]bool{}
	for _, m := range r.all("/base/v1/metrics", "metrics") {
		names[m["name"].(string)] = true
	}
	for _, want := range []string{"system.network.connection.count", "tcpwatch.connection.opened", "tcpwatch.handshake.duration", "process.cpu.time", "tcpwatch.otlp.sent"} {
		if !names[want] {
			t.Errorf("no metric %s in %v", want, names)
		}
	}
}

// Whatever the receiver does, nothing that captures waits for it, and what was not sent is counted and
// told: nothing is lost without a word.
func TestOTLPNeverDelays(t *testing.T) {
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	hang := make(chan struct{})
	for _, c := range []struct {
		name    string
		address string
		answer  func(w http.ResponseWriter, r *http.Request) bool
		want    string
	}{
		{"dead", "http://" + dead.Addr().String(), nil, "got no answer; connection refused"},
		{"refuses", "", func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(http.StatusBadRequest); return true }, "were refused; it answers 400"},
		{"asks to come again for ever", "", func(w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}, "got no answer; it answers 503"},
		{"hangs", "", func(w http.ResponseWriter, r *http.Request) bool {
			select {
			case <-hang:
			case <-r.Context().Done():
			}
			return true
		}, "got no answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.address == "" {
				c.address = newReceiver(t, c.answer).URL
			}
			if c.name == "hangs" {
				t.Cleanup(func() { close(hang) }) // before the receiver closes
			}
			x := sender(t, c.address, true)
			part := x.Part()
			x.Start()
			one := part.AppendConn(nil, recordtest.Mixture()[0])
			n := 4 * queueBytes / len(one) // more than there is room for
			longest := time.Duration(0)
			for range n {
				began := time.Now()
				x.Lines(one)
				longest = max(longest, time.Since(began))
			}
			if longest > 2*time.Second { // of a machine that is busy; a request takes longer
				t.Errorf("a record waited for %v", longest)
			}
			began := time.Now()
			x.finish(t, recordtest.Mixture())
			if d := time.Since(began); d > lastOfAll/2 {
				t.Errorf("the end took %v", d)
			}
			told := strings.Join(x.Told(), "\n")
			if !strings.Contains(told, c.want) || !strings.Contains(told, "events not sent") {
				t.Errorf("told %q, want %q", told, c.want)
			}
			s := x.all[otlpLogs]
			_, lost := s.waiting()
			events := uint64(n + len(measuredView(recordtest.Mixture(), true, nil).Final) + 1) // and one of the run
			if got := lost + s.refused.Load() + s.unheard.Load(); got != events || s.sent.Load() != 0 {
				t.Errorf("%d of %d events are counted as not sent, %d as sent", got, events, s.sent.Load())
			}
		})
	}
}

// A receiver that asks to be sent it again is, and what it says that it refused is counted.
func TestOTLPIsSentAgain(t *testing.T) {
	var mu sync.Mutex
	asked := map[string]int{}
	r := newReceiver(t, func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		asked[r.URL.Path]++
		switch {
		case asked[r.URL.Path] < 3:
			w.WriteHeader([]int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable}[asked[r.URL.Path]])
		case r.URL.Path == "/v1/logs":
			io.WriteString(w, `{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"no"}}`)
		default:
			return false
		}
		return true
	})
	x := sender(t, r.URL, true)
	x.Part()
	x.Start()
	x.finish(t, recordtest.Mixture())
	if told := x.Told(); len(told) != 1 || !strings.Contains(told[0], "--otlp: 2 of ") || !strings.Contains(told[0], "2 were refused") {
		t.Error(told)
	}
	if len(r.all("/v1/traces", "spans")) == 0 {
		t.Error("no spans")
	}
}

// What a receiver of metrics says that it refused are data points, as what was sent is counted in.
func TestOTLPRefusesDataPoints(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v1/metrics" {
			io.WriteString(w, `{"partialSuccess":{"rejectedDataPoints":"60"}}`)
		}
		return r.URL.Path == "/v1/metrics"
	})
	x := sender(t, r.URL, false)
	x.Part()
	x.Start()
	x.finish(t, recordtest.Mixture())
	points := uint64(0)
	for _, f := range x.o.Meter.families() {
		points += uint64(len(f.series))
	}
	s := x.all[otlpMetrics]
	want := fmt.Sprintf("--otlp: 60 of %d data points not sent: 60 were refused", points)
	if told := x.Told(); s.refused.Load() != 60 || s.sent.Load() != points-60 || len(told) != 1 || told[0] != want {
		t.Errorf("%d refused, %d sent, %q; want %q", s.refused.Load(), s.sent.Load(), told, want)
	}
}

// With less memory the queues are shorter.
func TestOTLPWithLittleMemory(t *testing.T) {
	m := newMeter()
	for memory, want := range map[int64]int{0: queueBytes, 12 << 20: 2 << 20} {
		x := NewOTLP(OTLPOptions{URL: &url.URL{Scheme: "http", Host: "127.0.0.1:9"}, Meter: m, Memory: memory})
		for _, s := range x.all {
			if s.most != want {
				t.Errorf("%d bytes: a queue of %d, want %d", memory, s.most, want)
			}
		}
	}
}

// A metric that is added up over its series is a sum that may go down, with what OpenTelemetry wants to be told of each.
func TestUpDownCounter(t *testing.T) {
	f := stateFamily(&report.Standing{})
	var got metric
	if err := json.Unmarshal(metricLines([]family{f}, 1, 2), &got); err != nil {
		t.Fatal(err)
	}
	if got.Sum == nil || got.Sum.Monotonic || got.Sum.Temporality != 2 || len(got.Sum.Points) != len(f.series) {
		t.Fatalf("%+v", got)
	}
	for _, p := range got.Sum.Points {
		if n := len(p.Attributes); n != 3 || p.Attributes[2].Key != "network.transport" || *p.Attributes[2].Value.String != "tcp" {
			t.Errorf("%+v", p.Attributes)
		}
	}
}

// A file waits for a receiver that is slow, so that it gets all; not for one that is dead.
func TestOTLPOfAFileWaits(t *testing.T) {
	r := newReceiver(t, func(http.ResponseWriter, *http.Request) bool { time.Sleep(5 * time.Millisecond); return false })
	x := sender(t, r.URL, false)
	x.all[otlpLogs].most = 1 << 20
	part := x.Part()
	x.Start()
	one := part.AppendConn(nil, recordtest.Mixture()[0])
	n := 8 << 20 / len(one)
	for range n {
		x.Lines(one)
	}
	x.finish(t, nil)
	if got := len(r.all("/v1/logs", "logRecords")); got < n || x.Told() != nil {
		t.Errorf("%d events of %d; %v", got, n, x.Told())
	}
}

// What the environment holds is read as OpenTelemetry has it.
func TestParsePairs(t *testing.T) {
	got, err := ParsePairs("api-key=a%20b, x = 1=2 ,")
	if err != nil || !slices.Equal(got, [][2]string{{"api-key", "a b"}, {"x", "1=2"}}) {
		t.Error(got, err)
	}
	for _, wrong := range []string{"secret", "=secret", "secret=%zz", "secret=b%0d%0aHost:x"} {
		if _, err := ParsePairs(wrong); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	for _, wrong := range []string{"127.0.0.1:4318", "ftp://x", "http://u:p@x", "http://x?a=b", ""} {
		if u, err := ParseReceiver(wrong); err == nil {
			t.Errorf("%q: %v", wrong, u)
		}
	}
}

// Of more connections than are remembered, those that showed a trouble first are, as findings cite
// them, and those that ended last.
func TestMemoryOfConnections(t *testing.T) {
	racetest.TooSlow(t)
	x := &OTLP{}
	for range 2 {
		x.Part()
	}
	const all = 3 * (remembered + troubled)
	for i := range uint64(all) {
		r := recordtest.Mixture()[0]
		if r.ID = i; i%2 == 0 {
			r.Ends[0].Retx = 1
		} else {
			r.Ends, r.Close.Kind, r.Open.SYNs, r.Open.SYNACKs, r.KeepaliveOutcome = [2]record.EndRecord{}, record.CloseNormal, 1, 1, record.KeepaliveNone
		}
		x.memory[i/2%2].take(r)
	}
	found := map[uint64]phases{}
	for _, m := range x.memory {
		if len(m.first) > troubled/2 || len(m.ring) > remembered/2 {
			t.Fatal(len(m.first), len(m.ring))
		}
		m.find(map[uint64]bool{0: true, 2: true, 3: true, troubled: true, all - 1: true, all - 2: true}, found)
	}
	for id, want := range map[uint64]bool{0: true, 2: true, 3: false, troubled: true, all - 1: true, all - 2: true} {
		if _, ok := found[id]; ok != want {
			t.Errorf("%d: remembered %t, want %t", id, ok, want)
		}
	}
}

// What the input's end cut short is no trouble, what was reset or sent again is.
func TestHadTrouble(t *testing.T) {
	again := recordtest.MadeUp(1, "10.0.0.1:40000", "10.0.0.2:80")
	again.Ends[record.Resp].Retx = 1
	for _, x := range []struct {
		name string
		r    *record.Record
		want bool
	}{
		{"closed well", recordtest.MadeUp(1, "10.0.0.1:40000", "10.0.0.2:80"), false},
		{"still open", recordtest.CutShort(recordtest.Opened(), 1e9), false},
		{"reset", recordtest.BadlyClosed(recordtest.MadeUp(1, "10.0.0.1:40000", "10.0.0.2:80"), record.CloseReset, 0), true},
		{"refused", recordtest.NotOpened(recordtest.MadeUp(1, "10.0.0.1:40000", "10.0.0.2:80"), record.OpenRefused), true},
		{"sent again", again, true},
	} {
		if got := hadTrouble(x.r); got != x.want {
			t.Errorf("%s: %v", x.name, got)
		}
	}
}
