package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// scraped adds up the series of a family, as a scrape has them.
func scraped(text, family string) (n float64) {
	for _, m := range regexp.MustCompile(`(?m)^`+family+`(?:\{[^\n]*\})? (\S+)$`).FindAllStringSubmatch(text, -1) {
		x, _ := strconv.ParseFloat(m[1], 64)
		n += x
	}
	return n
}

// whenEnded is what is scraped at a unix socket when all of the input was read.
func whenEnded(t *testing.T, socket string) (text string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); scraped(text, "tcpwatch_input_ended") != 1 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		text = askedAt(t, socket, "/metrics")
	}
	return text
}

// A file's metrics are served until Ctrl-C by a process without privileges, beside other outputs;
// they count what the report tells, and name no file.
func TestServesMetrics(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	socket, page, lines := filepath.Join(dir, "metrics"), filepath.Join(dir, "http"), filepath.Join(dir, "lines")
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, 1234, 1235); err != nil {
			t.Fatal(err)
		}
	}
	cmd, errs := program(t, "--metrics", "unix:"+socket, "--http", "unix:"+page, "-o", "jsonl:"+lines, "-o", "table", pcaps+"aborts-many.pcap")
	var out bytes.Buffer
	cmd.Stdout = &out
	root := startBySudo(t, cmd)
	text := whenEnded(t, socket)
	askedAt(t, page, "/")
	if root {
		if missing := threads(cmd.Process.Pid, append([]string{`Uid:\t1234\t1234\t1234\t1234`}, givenUp...)...); missing != "" {
			t.Error(missing)
		}
	}
	cmd.Process.Signal(syscall.SIGINT)
	if err := cmd.Wait(); err != nil {
		t.Error(err, errs)
	}
	b, err := os.ReadFile(lines)
	if err != nil {
		t.Fatal(err)
	}
	for family, pattern := range map[string]string{
		"tcpwatch_connections_opened_total": `"kind":"handshake"`,
		`tcpwatch_connections_failed_total`: `"open":\{"kind":"(?:refused|unreachable|no-answer|half-open|aborted)"`,
		"tcpwatch_findings":                 `"type":"finding"`,
	} {
		if got, want := scraped(text, family), len(regexp.MustCompile(pattern).FindAll(b, -1)); got != float64(want) {
			t.Errorf("%s: %v, JSON Lines have %d", family, got, want)
		}
	}
	if scraped(text, "tcpwatch_findings") == 0 || !strings.Contains(out.String(), "reset") {
		t.Errorf("no finding: %s\n%s", text, &out)
	}
	if strings.Contains(text, "aborts-many.pcap") {
		t.Error("the metrics name the file")
	}
	if want := "tcpwatch: the metrics are at unix:" + socket + ", GET /metrics\n"; !strings.Contains(errs.String(), want) {
		t.Errorf("standard error says %q, want %q", errs, want)
	}
}

// knownKey is a file with a key that is always the same: one of chance in a hundred leaves the addresses of the
// lab's network as they are.
func knownKey(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, []byte("the key of these tests, always the same"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Anonymous, the metrics have no address that was in a packet.
func TestServesMetricsAnonymously(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		args  []string
		named bool
	}{{nil, true}, {[]string{"--anonymize=" + knownKey(t)}, false}} {
		socket := filepath.Join(dir, fmt.Sprint(x.named))
		cmd, errs := program(t, append(x.args, "--metrics", "unix:"+socket, "-o", "jsonl:"+filepath.Join(dir, "lines"), "-q", pcaps+"aborts-many.pcap")...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer cmd.Process.Kill()
		text := whenEnded(t, socket)
		cmd.Process.Signal(syscall.SIGINT)
		if err := cmd.Wait(); err != nil {
			t.Error(err, errs)
		}
		if strings.Contains(text, `="10.77.`) != x.named || scraped(text, "tcpwatch_connections_closed_total") == 0 {
			t.Errorf("%v: %s", x.args, text)
		}
	}
}

// Where no metrics can be, a line says why.
func TestServesNoMetrics(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, x := range []struct {
		token string
		args  []string
		want  string
	}{
		{"", []string{"--metrics", "9090"}, "--metrics: 9090 is no address"},
		{"", []string{"--metrics", taken.Addr().String()}, "--metrics: address already in use"},
		{"", []string{"--metrics", ":0", "-c", "5"}, "-c 5 ends the run, and what --metrics serves with it"},
		{"", []string{"--otlp", "127.0.0.1:4318"}, "--otlp: 127.0.0.1:4318 is no address of a receiver, as http://127.0.0.1:4318 is"},
		{"short", []string{"--metrics", "0.0.0.0:0"}, "TCPWATCH_TOKEN has 5 bytes: at least 16"},
	} {
		t.Setenv("TCPWATCH_TOKEN", x.token)
		var stdout, stderr bytes.Buffer
		if status := run(append(x.args, pcaps+"zero-window.pcap"), &stdout, &stderr); status != exitUsage || !strings.Contains(stderr.String(), x.want) || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%v: status %d: %s", x.args, status, &stderr)
		}
	}
}

// What waits to be sent counts to --max-memory: the table has so much less.
func TestSendingTakesOfTheMemory(t *testing.T) {
	file := pcaps + "zero-window.pcap"
	without, err := parse([]string{"--max-memory", "64M", file})
	if err != nil {
		t.Fatal(err)
	}
	with, err := parse([]string{"--max-memory", "64M", "--otlp", "http://127.0.0.1:9", file})
	if err != nil || with.run.MaxBytes != without.run.MaxBytes-8<<20 {
		t.Errorf("%v: %d bytes for the table, %d without --otlp", err, with.run.MaxBytes, without.run.MaxBytes)
	}
}

// A run is sent to a receiver by a process without privileges, beside other outputs; Ctrl-C ends it, and
// a receiver that is dead is told of.
func TestSendsByOTLP(t *testing.T) {
	var mu sync.Mutex
	got := map[string]int{}
	var key string
	r := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		b, err := io.ReadAll(z)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, word := range []string{`"tcpwatch.connection"`, `"tcpwatch.finding"`, `"parentSpanId"`, `"system.network.connection.count"`, "10.77.", ".pcap", "host.name"} {
			got[word] += bytes.Count(b, []byte(word))
		}
		key = r.Header.Get("Api-Key")
	}))
	defer r.Close()
	dir := t.TempDir()
	for _, x := range []struct {
		args      []string
		addresses bool
	}{
		{[]string{"--otlp", r.URL}, true},
		{[]string{"--otlp", r.URL, "--anonymize=" + knownKey(t)}, false},
	} {
		mu.Lock()
		clear(got)
		mu.Unlock()
		lines := filepath.Join(dir, "lines")
		cmd, errs := program(t, append(x.args, "-o", "jsonl:"+lines, "-o", "table", "-j", "3", pcaps+"aborts-many.pcap", pcaps+"zero-window.pcap")...)
		cmd.Env = append(cmd.Env, "OTEL_EXPORTER_OTLP_HEADERS=api-key=secret%20one")
		if err := cmd.Run(); err != nil || errs.Len() > 0 {
			t.Fatal(err, errs)
		}
		b, err := os.ReadFile(lines)
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		if conns, findings := bytes.Count(b, []byte(`"type":"conn"`)), bytes.Count(b, []byte(`"type":"finding"`)); got[`"tcpwatch.connection"`] != conns || got[`"tcpwatch.finding"`] != findings || conns == 0 || findings == 0 {
			t.Errorf("%v: %v, JSON Lines have %d connections and %d findings", x.args, got, conns, findings)
		}
		if got[`"parentSpanId"`] == 0 || got[`"system.network.connection.count"`] == 0 || got[".pcap"] != 0 || key != "secret one" {
			t.Errorf("%v: %v, key %q", x.args, got, key)
		}
		if named := got["10.77."] > 0; named != x.addresses || named != (got["host.name"] > 0) {
			t.Errorf("%v: addresses of packets are named %d times", x.args, got["10.77."])
		}
		mu.Unlock()
	}
	mu.Lock()
	clear(got)
	mu.Unlock()
	cmd, errs := program(t, "report", "--otlp", r.URL, filepath.Join(dir, "lines"), "-o", "table")
	if err := cmd.Run(); err != nil || errs.Len() > 0 {
		t.Fatal(err, errs)
	}
	b, err := os.ReadFile(filepath.Join(dir, "lines"))
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	// Which states connections are in now records do not tell.
	if conns, findings := bytes.Count(b, []byte(`"type":"conn"`)), bytes.Count(b, []byte(`"type":"finding"`)); got[`"tcpwatch.connection"`] != conns ||
		got[`"tcpwatch.finding"`] != findings || got[`"parentSpanId"`] == 0 || got[`"system.network.connection.count"`] != 0 {
		t.Errorf("of records: %v, they have %d connections and %d findings", got, conns, findings)
	}
	mu.Unlock()
	cmd, errs = program(t, "--otlp", "http://127.0.0.1:9", "-o", "table", pcaps+"zero-window.pcap")
	began := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatal(err, errs)
	}
	if d := time.Since(began); d > 20*time.Second || !strings.Contains(errs.String(), "tcpwatch: --otlp: 3 of 3 events not sent: 3 got no answer; connection refused") {
		t.Errorf("%v: %s", d, errs)
	}
}
