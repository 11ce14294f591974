package serve

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tcpwatch/capture"
	"tcpwatch/internal/recordtest"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// newMeter is a Meter of tests.
func newMeter() *Meter {
	return NewMeter(MeterOptions{Version: "1.2.3", Tell: func(string) {}, Cost: func() (int64, uint64) { return 1500e6, 1 << 20 }})
}

// measuredView is a View of records, as the engine makes it.
func measuredView(records []*record.Record, ended bool, local func(capture.Addr) bool) *report.View {
	o := report.SummaryOptions{Detectors: diagnose.Detectors(), Counters: true, Rows: -1}
	v := &report.View{At: recordtest.Start + 300e9, Ended: ended, Recent: report.NewSummary(o), All: report.NewSummary(o), Headline: &report.Headline{Live: !ended, MSL: 30e9,
		Packets: 4321, Segments: 1000, Start: recordtest.Start, End: recordtest.Start + 300e9, Local: local, KernelDrops: record.Some(uint64(7)),
		Skipped: []report.Count{{Reason: "not IP", N: 3}}}}
	for _, r := range records {
		v.Recent.Add(r)
		v.All.Add(r)
		v.Standing.Take(r)
	}
	v.Findings = v.Recent.Judge(v.Headline)
	if ended {
		v.Final = v.All.Judge(v.Headline)
	}
	return v
}

// scrape serves what a Meter measured of a View, and asks for it.
func scrape(t *testing.T, m *Meter, v *report.View, token string, headers ...string) (status int, text string) {
	t.Helper()
	if v != nil {
		m.View(v)
		for end := time.Now().Add(10 * time.Second); m.measured.Load() == nil && time.Now().Before(end); time.Sleep(time.Millisecond) {
		}
	}
	a, err := ParseAddress("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l, err := a.Listen(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	x := NewMetrics(MetricsOptions{Listener: l, Address: a, Token: token, Meter: m, Tell: func(string) {}})
	x.Start()
	defer x.Finish()
	got, text := ask(t, "GET", "http://"+l.Addr().String()+"/metrics", "", headers...)
	return got.StatusCode, text
}

// sum adds up the series of a family that have these labels.
func sum(text, family string, labels ...string) (n float64) {
	for _, m := range regexp.MustCompile(`(?m)^`+family+`(\{[^\n]*\})? (\S+)$`).FindAllStringSubmatch(text, -1) {
		fits := true
		for _, l := range labels {
			fits = fits && strings.Contains(m[1], l)
		}
		if x, err := strconv.ParseFloat(m[2], 64); err == nil && fits {
			n += x
		}
	}
	return n
}

// What is scraped is what the report tells, in a form that Prometheus takes.
func TestMetrics(t *testing.T) {
	m := newMeter()
	m.Start()
	v := measuredView(recordtest.Mixture(), true, nil)
	status, text := scrape(t, m, v, "")
	c := v.All.Counters().Total.Settled
	if status != http.StatusOK || c[report.CountOpened] == 0 {
		t.Fatal(status, c)
	}
	var failed uint64
	for _, n := range c[report.CountFailed:report.CountClosed] {
		failed += n
	}
	for _, x := range []struct {
		family string
		labels []string
		want   float64
	}{
		{"tcpwatch_connections_opened_total", nil, float64(c[report.CountOpened])},
		{"tcpwatch_connections_failed_total", nil, float64(failed)},
		{"tcpwatch_connections_failed_total", []string{`cause="refused"`}, float64(c[report.CountFailed])},
		{"tcpwatch_connections_closed_total", []string{`kind="normal"`}, float64(c[report.CountClosed+int(record.CloseNormal)])},
		{"tcpwatch_retransmissions_total", []string{`class="rto"`, `sender="client"`}, float64(c[report.CountAgainOf(record.Orig, report.AgainRTO)])},
		{"tcpwatch_handshake_duration_seconds_sum", nil, float64(c[report.CountFeltSum]) / 1e9},
		{"tcpwatch_findings", nil, float64(len(v.Final))},
		{"tcpwatch_dropped_packets_total", []string{`by="kernel"`}, 7},
		{"tcpwatch_skipped_packets_total", []string{`reason="not IP"`}, 3},
		{"tcpwatch_packets_total", nil, 4321},
		{"tcpwatch_connections", []string{`end="client"`}, float64(v.All.Conns()) - float64(v.Standing.Ends[record.Orig][record.Unknown])},
		{"process_cpu_seconds_total", nil, 1.5},
		{"tcpwatch_input_ended", nil, 1},
		{"tcpwatch_build_info", []string{`version="1.2.3"`}, 1},
	} {
		if got := sum(text, x.family, x.labels...); got < x.want-1e-6 || got > x.want+1e-6 {
			t.Errorf("%s %v: %v, want %v", x.family, x.labels, got, x.want)
		}
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("there is no promtool (Debian's package prometheus)")
	}
	check := exec.Command(promtool, "check", "metrics")
	check.Stdin = strings.NewReader(text)
	if out, err := check.CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("promtool check metrics: %v: %s", err, out)
	}
}

// Who asks is looked at, as for the page.
func TestMetricsAreForWhoMayAsk(t *testing.T) {
	m := newMeter()
	for _, x := range []struct {
		token   string
		headers []string
		want    int
	}{
		{"", nil, 200},
		{"", []string{"Host: evil.example"}, http.StatusMisdirectedRequest},
		{"", []string{"Sec-Fetch-Site: cross-site"}, http.StatusForbidden},
		{"secret", nil, http.StatusUnauthorized},
		{"secret", []string{"Authorization: Bearer wrong"}, http.StatusUnauthorized},
		{"secret", []string{"Authorization: Bearer secret"}, 200},
	} {
		if status, text := scrape(t, m, nil, x.token, x.headers...); status != x.want {
			t.Errorf("%q %v: %d, want %d: %s", x.token, x.headers, status, x.want, text)
		}
	}
}

// listeners makes up attempts that opened, by the last byte of the server's address.
func listeners(opened map[byte]int) (all []*record.Record) {
	for l, n := range opened {
		for range n {
			r := &record.Record{Close: record.CloseRecord{Kind: record.CloseNormal}, Open: record.OpenRecord{Kind: record.OpenHandshake, SYNs: 1, SYNACKs: 1}}
			r.Resp = capture.Endpoint{Addr: capture.AddrFrom(netip.AddrFrom4([4]byte{192, 0, 2, l})), Port: 443}
			all = append(all, r)
		}
	}
	return all
}

// opensOf are the counters of opened connections by the name of their series.
func opensOf(p *places) map[string]uint64 {
	m := map[string]uint64{}
	for _, x := range p.all() {
		m[x.name] = x.shown[report.CountOpened]
	}
	return m
}

// Others than this host's listeners have series when they are among the first; no counter ever
// goes down or away, and nothing is counted twice, whoever comes and goes.
func TestPlacesNeverGoDown(t *testing.T) {
	p := places{top: 2}
	took := func(opened map[byte]int, local func(capture.Addr) bool) map[string]uint64 {
		p.take(measuredView(listeners(opened), false, local).All.Counters(), false, local)
		return opensOf(&p)
	}
	name := func(l int) string { return fmt.Sprintf("192.0.2.%d:443", l) }
	if got, want := took(map[byte]int{1: 9, 2: 5, 3: 2}, nil), (map[string]uint64{name(1): 9, name(2): 5, "other": 2}); !maps.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	// 3 was counted before: what it had stays with the others. 4 is new.
	if got, want := took(map[byte]int{1: 9, 2: 6, 3: 20, 4: 21}, nil), (map[string]uint64{name(1): 9, name(2): 6, name(3): 0, name(4): 21, "other": 20}); !maps.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	if got, want := took(map[byte]int{1: 10, 2: 6, 3: 25, 4: 21}, nil), (map[string]uint64{name(1): 10, name(2): 6, name(3): 5, name(4): 21, "other": 20}); !maps.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	// What is counted goes back for a moment: nothing that was told does.
	if got, want := took(map[byte]int{1: 8, 2: 6, 3: 24, 4: 21}, nil), (map[string]uint64{name(1): 10, name(2): 6, name(3): 5, name(4): 21, "other": 20}); !maps.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	before := opensOf(&p)
	for round := 30; round < 60; round++ { // ever busier ones come
		now := took(map[byte]int{1: 10, 2: 6, 3: 25, 4: 21, byte(round): round * 2, byte(round + 1): round}, nil)
		for l, n := range before {
			if now[l] < n {
				t.Fatalf("%s went from %d to %d", l, n, now[l])
			}
		}
		before = now
	}
	if len(before) != 2*topTimes+1 {
		t.Errorf("%d series, want %d", len(before), 2*topTimes+1)
	}
}

// Listeners of this host have series each, whatever others do; ports that a scan found closed have none.
func TestPlacesOfThisHost(t *testing.T) {
	p := places{top: 1}
	local := func(a capture.Addr) bool { return a.Netip().As4()[3] >= 200 }
	records := listeners(map[byte]int{1: 50, 2: 40, 201: 1, 202: 2, 203: 3})
	scanned := listeners(map[byte]int{204: 1})[0]
	scanned.Open.Kind, scanned.Close.Kind = record.OpenRefused, record.CloseNeverOpened
	p.take(measuredView(append(records, scanned), false, local).All.Counters(), false, local)
	want := map[string]uint64{"192.0.2.1:443": 50, "192.0.2.201:443": 1, "192.0.2.202:443": 2, "192.0.2.203:443": 3, "other": 40}
	if got := opensOf(&p); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// However many addresses of this host hold TIME-WAIT, others have their places; what has none is in "other".
func TestHoldersOfTimeWait(t *testing.T) {
	c := report.Counters{Holders: map[capture.Addr]uint64{}, Others: 100}
	for i := range byte(maxOwn + 6) {
		c.Holders[capture.AddrFrom4([]byte{10, 0, 0, i})] = 1
	}
	for i := range byte(5) {
		c.Holders[capture.AddrFrom4([]byte{192, 0, 2, i})] = uint64(i) * 10
	}
	f := timeWaitFamily(&c, 2, func(a capture.Addr) bool { return a.Netip().As4()[0] == 10 })
	got := map[string]float64{}
	for _, s := range f.series {
		got[s.values[0]] = s.n
	}
	if len(got) != maxOwn+3 || got["192.0.2.4"] != 40 || got["192.0.2.3"] != 30 || got[otherName] != 100+6+30 {
		t.Errorf("%d series: %v", len(got), got)
	}
}

// Scrapes while it is measured, by many at once.
func TestMetricsWhileItRuns(t *testing.T) {
	m := newMeter()
	m.every = time.Millisecond
	m.Start()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 20 {
				scrape(t, m, nil, "")
			}
		})
	}
	for i := range 20 {
		m.View(measuredView(recordtest.Mixture(), i == 19, nil))
	}
	all.Wait()
	v := measuredView(recordtest.Mixture(), true, nil)
	if err := m.Report(v.Headline, v.All); err != nil {
		t.Fatal(err)
	}
	if _, text := scrape(t, m, nil, ""); sum(text, "tcpwatch_input_ended") != 1 {
		t.Error(text)
	}
}

// The alert rules and the dashboard name metrics that there are, with their labels, and promtool takes the rules.
func TestAlertsAndDashboard(t *testing.T) {
	m := newMeter()
	v := measuredView(recordtest.Mixture(), true, nil)
	m.states = &v.Standing
	m.take(v.Headline, v.All, v.Final, v.At, true)
	known := map[string]bool{"up": true, "le": true, "instance": true, "job": true, "source": true}
	for _, f := range m.families() {
		known[f.name] = true
		if f.kind == histogram {
			known[f.name+"_bucket"] = true
		}
		for _, l := range f.labels {
			known[l.name] = true
		}
	}
	folder := filepath.Join("..", "..", "packaging", "metrics")
	named := 0
	for _, file := range []string{"tcpwatch-alerts.yml", "dashboard.json"} {
		b, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range regexp.MustCompile(`\b(?:tcpwatch|process)_\w+|\bby \(([^)]*)\)`).FindAllStringSubmatch(string(b), -1) {
			words := []string{x[0]}
			if x[1] != "" {
				words = strings.Split(x[1], ", ")
			}
			for _, w := range words {
				if named++; !known[w] {
					t.Errorf("%s: there is no %s", file, w)
				}
			}
		}
	}
	if named < 50 {
		t.Errorf("only %d names", named)
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("there is no promtool (Debian's package prometheus)")
	}
	for _, args := range [][]string{{"check", "rules", "tcpwatch-alerts.yml"}, {"test", "rules", "alerts-test.yml"}} {
		c := exec.Command(promtool, args...)
		c.Dir = folder
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v: %s", args, err, out)
		}
	}
}
