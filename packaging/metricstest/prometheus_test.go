// Package metricstest tries what tcpwatch measures with the programs that take it.
package metricstest

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// free is an address of this host that nobody listens at.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// started is a program that runs until the test ends.
func started(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(name, args...)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		c.Wait()
		if b, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("%s: %s", name, b)
		}
	})
	return c
}

// ask asks Prometheus until the answer is as it should be, for a while.
func ask(t *testing.T, at string, good func(answer string) bool) (answer string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if a, err := http.Get(at); err == nil {
			b, _ := io.ReadAll(a.Body)
			a.Body.Close()
			if answer = string(b); good(answer) {
				return answer
			}
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %s", at, answer)
		}
	}
}

// value is what a query of Prometheus adds up to.
func value(answer string) string {
	var x struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	if json.Unmarshal([]byte(answer), &x) != nil || len(x.Data.Result) != 1 {
		return ""
	}
	return fmt.Sprint(x.Data.Result[0].Value[1])
}

// Debian's Prometheus scrapes a run on loopback, takes the rules, and an alert fires for an incident
// that was recorded.
func TestPrometheus(t *testing.T) {
	bin := tcpwatch(t)
	prometheus, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("Debian's package prometheus is missing")
	}
	dir := t.TempDir()
	rules, err := os.ReadFile(filepath.Join("..", "metrics", "tcpwatch-alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	// The test does not wait for minutes.
	hasty := strings.NewReplacer("for: 1m", "for: 1s", "for: 5m", "for: 1s", "for: 2m", "for: 1s").Replace(string(rules))
	metrics, at := free(t), free(t)
	config := fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs: [{job_name: tcpwatch, static_configs: [{targets: [%q]}]}]
`, metrics)
	for name, text := range map[string]string{"rules.yml": hasty, "prometheus.yml": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	started(t, bin, pcap("zero-window.pcap"), "--metrics", metrics)
	started(t, prometheus, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+at)
	query := func(q string) string { return "http://" + at + "/api/v1/query?query=" + url.QueryEscape(q) }
	for q, want := range map[string]string{
		`sum(tcpwatch_connections_opened_total)`:                                                "1",
		`tcpwatch_findings{detector="zero-window"}`:                                             "1",
		`sum(tcpwatch_zero_windows_total)`:                                                      "1",
		`sum(tcpwatch_handshake_duration_seconds_count) by ()`:                                  "1",
		`count(ALERTS{alertname="TcpwatchFinding",alertstate="firing",detector="zero-window"})`: "1",
		`count(ALERTS{alertname="TcpwatchBlind",alertstate="firing"})`:                          "1",
	} {
		ask(t, query(q), func(answer string) bool { return value(answer) == want })
	}
}
