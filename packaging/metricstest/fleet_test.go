package metricstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// fleet is a file of docs/fleet.
func fleet(name string) string { return filepath.Join("..", "..", "docs", "fleet", name) }

// fleetCollector is a Collector with the configuration of docs/fleet, as it stands there: its address
// and the folder of its files.
func fleetCollector(t *testing.T) (address, store string, stop func()) {
	t.Helper()
	address, store = free(t), t.TempDir()
	t.Setenv("TCPWATCH_RECEIVE", address)
	t.Setenv("TCPWATCH_STORE", store)
	_, stop = collector(t, "file:"+fleet("collector.yaml"))
	return address, store, stop
}

// exported are the objects of a kind in a file that the Collector wrote, each with the attributes of its
// resource.
func exported(t *testing.T, file string, path ...string) (all []map[string]any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var x map[string]any
		if err := json.Unmarshal(line, &x); err != nil {
			t.Fatal(err)
		}
		for _, group := range x[path[0]].([]any) {
			group := group.(map[string]any)
			for _, scope := range group[path[1]].([]any) {
				for _, one := range scope.(map[string]any)[path[2]].([]any) {
					one := one.(map[string]any)
					one["resource"] = group["resource"]
					all = append(all, one)
				}
			}
		}
	}
	return all
}

// attributeOf is the text of an attribute, "" where there is none.
func attributeOf(one any, key string) string {
	list, _ := one.(map[string]any)["attributes"].([]any)
	for _, a := range list {
		a := a.(map[string]any)
		if a["key"] == key {
			for _, v := range a["value"].(map[string]any) {
				return fmt.Sprint(v)
			}
		}
	}
	return ""
}

// linesOf are the objects of a type in JSON Lines.
func linesOf(t *testing.T, text []byte, kind string) (all []map[string]any) {
	t.Helper()
	for line := range bytes.Lines(text) {
		var x map[string]any
		if err := json.Unmarshal(line, &x); err != nil {
			t.Fatal(err)
		}
		if x["type"] == kind {
			all = append(all, x)
		}
	}
	return all
}

// sameNames compares what two lists name, in whatever order.
func sameNames(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("the Collector has %d %s, JSON Lines have %d: %.300v, not %.300v", len(got), what, len(want), got, want)
	}
}

// namesOf are the uid and revision of connections, in JSON Lines.
func namesOf(conns []map[string]any) (names []string) {
	for _, c := range conns {
		revision := ""
		if n, ok := c["revision"].(float64); ok {
			revision = strconv.Itoa(int(n))
		}
		names = append(names, fmt.Sprint(c["uid"], " ", revision))
	}
	return names
}

// eventsOf are the events of that name.
func eventsOf(all []map[string]any, name string) (events []map[string]any) {
	for _, e := range all {
		if e["eventName"] == name {
			events = append(events, e)
		}
	}
	return events
}

// sentNames are the uid and revision of connections that the Collector got.
func sentNames(events []map[string]any) (names []string) {
	for _, e := range eventsOf(events, "tcpwatch.connection") {
		names = append(names, attributeOf(e, "tcpwatch.uid")+" "+attributeOf(e, "tcpwatch.revision"))
	}
	return names
}

// The Collector's configuration of docs/fleet takes all that a run sends, and its files hold the
// records, findings and metrics of the run's JSON Lines.
func TestFleetCollector(t *testing.T) {
	bin := tcpwatch(t)
	address, store, stop := fleetCollector(t)
	var lines []byte
	for place, capture := range map[string]string{"node-1": "aborts-many.pcap", "node-2": "zero-window.pcap"} {
		c := exec.Command(bin, pcap(capture), "--place", place, "--interval", "0.1", "--otlp", "http://"+address, "-o", "jsonl")
		var errs bytes.Buffer
		c.Stderr = &errs
		out, err := c.Output()
		if err != nil || strings.Contains(errs.String(), "--otlp") {
			t.Fatal(err, errs.String())
		}
		if err := os.WriteFile(filepath.Join(store, place), out, 0o644); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, out...)
	}
	stop()
	events := exported(t, filepath.Join(store, "events.jsonl"), "resourceLogs", "scopeLogs", "logRecords")
	conns := linesOf(t, lines, "conn")
	sameNames(t, "connections", sentNames(events), namesOf(conns))
	if !slices.ContainsFunc(conns, func(c map[string]any) bool { return c["final"] == false }) {
		t.Error("no interim record")
	}
	var got, want []string
	for _, f := range linesOf(t, lines, "finding") {
		want = append(want, fmt.Sprint(f["id"]))
	}
	for _, e := range eventsOf(events, "tcpwatch.finding") {
		got = append(got, attributeOf(e, "tcpwatch.finding.id"))
	}
	sameNames(t, "findings", got, want)
	var spans []string
	for _, s := range exported(t, filepath.Join(store, "spans.jsonl"), "resourceSpans", "scopeSpans", "spans") {
		if id := attributeOf(s, "tcpwatch.finding.id"); id != "" && s["parentSpanId"] == nil || s["parentSpanId"] == "" {
			spans = append(spans, id)
		}
	}
	sameNames(t, "spans of findings", spans, want)
	// A report of what the Collector has of a run is that of the run's JSON Lines.
	apart(t, filepath.Join(store, "events.jsonl"))
	for _, place := range []string{"node-1", "node-2"} {
		if a, b := reported(t, bin, filepath.Join(store, place+".otlp")), reported(t, bin, filepath.Join(store, place)); a != b || a == "" {
			t.Errorf("the report of the Collector's file is\n%s\nthat of JSON Lines is\n%s", a, b)
		}
	}
	// What was measured is what JSON Lines tell.
	failed, opened := 0, 0
	for _, c := range conns {
		switch kind := c["open"].(map[string]any)["kind"]; {
		case c["final"] == false:
		case kind == "handshake" || kind == "simultaneous":
			opened++
		case kind != "midstream":
			failed++
		}
	}
	for name, n := range map[string]int{"tcpwatch.finding.count": len(want), "tcpwatch.connection.opened": opened, "tcpwatch.connection.failed": failed} {
		if sum := lastSums(exported(t, filepath.Join(store, "metrics.jsonl"), "resourceMetrics", "scopeMetrics", "metrics"), name); sum != n {
			t.Errorf("the metric %s is %d, JSON Lines have %d", name, sum, n)
		}
	}
}

// apart writes the events of each place to a file of its own, NAME.otlp beside the Collector's.
func apart(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	places, lines := map[string]string{}, map[string][]byte{}
	for line := range bytes.Lines(text) {
		var x struct {
			Groups []map[string]any `json:"resourceLogs"`
		}
		if err := json.Unmarshal(line, &x); err != nil {
			t.Fatal(err)
		}
		for _, g := range x.Groups {
			run := attributeOf(g["resource"], "service.instance.id")
			for _, scope := range g["scopeLogs"].([]any) {
				for _, e := range scope.(map[string]any)["logRecords"].([]any) {
					if place := attributeOf(e, "tcpwatch.place"); place != "" {
						places[run] = place
					}
				}
			}
			b, err := json.Marshal(map[string]any{"resourceLogs": []any{g}})
			if err != nil {
				t.Fatal(err)
			}
			lines[run] = append(append(lines[run], b...), '\n')
		}
	}
	for run, b := range lines {
		if err := os.WriteFile(filepath.Join(filepath.Dir(file), places[run]+".otlp"), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// reported are the tables of a report of a file of records, without the headline, which names it.
func reported(t *testing.T, bin, file string) string {
	t.Helper()
	out, err := exec.Command(bin, "report", file, "--report", "all").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, tables, _ := strings.Cut(string(out), "\n\n")
	return tables
}

// lastSums adds up the points of a metric as it came last of each run.
func lastSums(metrics []map[string]any, name string) (all int) {
	last := map[string]int{}
	for _, m := range metrics {
		if m["name"] != name {
			continue
		}
		sum := 0
		for _, kind := range []string{"sum", "gauge"} {
			if x, ok := m[kind].(map[string]any); ok {
				for _, p := range x["dataPoints"].([]any) {
					n, _ := p.(map[string]any)["asDouble"].(float64)
					sum += int(n)
				}
			}
		}
		last[attributeOf(m["resource"], "service.instance.id")] = sum
	}
	for _, sum := range last {
		all += sum
	}
	return all
}

// pod is what the manifest says of the container.
type pod struct {
	Spec struct {
		Template struct {
			Spec struct {
				HostNetwork bool `yaml:"hostNetwork"`
				Containers  []struct {
					Args []string
					Env  []struct {
						Name, Value string
						ValueFrom   struct {
							FieldRef struct {
								FieldPath string `yaml:"fieldPath"`
							} `yaml:"fieldRef"`
						} `yaml:"valueFrom"`
					}
					Resources       struct{ Limits map[string]string }
					SecurityContext struct {
						Privileged               bool
						AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
						ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
						Capabilities             struct{ Add, Drop []string }
					} `yaml:"securityContext"`
				}
			}
		}
	}
}

// daemonSet is that of docs/fleet.
func daemonSet(t *testing.T) (p pod) {
	t.Helper()
	text, err := os.ReadFile(fleet("daemonset.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var kind struct{ Kind string }
		var doc yaml.Node
		if err := d.Decode(&doc); err == io.EOF {
			t.Fatal("no DaemonSet")
		} else if err != nil {
			t.Fatal(err)
		}
		if err := doc.Decode(&kind); err != nil {
			t.Fatal(err)
		}
		if kind.Kind == "DaemonSet" {
			if err := doc.Decode(&p); err != nil {
				t.Fatal(err)
			}
			return p
		}
	}
}

// The manifest gives tcpwatch what it needs and no more: a run with its command line and its two
// capabilities captures, and the Collector gets what JSON Lines have, under the name of the node.
func TestDaemonSet(t *testing.T) {
	bin := tcpwatch(t)
	spec := daemonSet(t).Spec.Template.Spec
	box := spec.Containers[0]
	safe := box.SecurityContext
	if !spec.HostNetwork || safe.Privileged || safe.AllowPrivilegeEscalation == nil || *safe.AllowPrivilegeEscalation || !safe.ReadOnlyRootFilesystem ||
		!slices.Equal(safe.Capabilities.Add, []string{"NET_RAW", "NET_ADMIN"}) || !slices.Equal(safe.Capabilities.Drop, []string{"ALL"}) ||
		box.Resources.Limits["memory"] == "" || box.Resources.Limits["cpu"] == "" {
		t.Errorf("%+v", box)
	}
	with := map[string]string{}
	for _, e := range box.Env {
		with[e.Name] = e.Value
		if e.ValueFrom.FieldRef.FieldPath == "spec.nodeName" {
			with[e.Name] = "node-7"
		}
	}
	address, store, stop := fleetCollector(t)
	with["COLLECTOR"] = "http://" + address
	expand := func(text string) string {
		for name, value := range with {
			text = strings.ReplaceAll(text, "$("+name+")", value)
		}
		return text
	}
	l := talk(t)
	var args []string
	for _, a := range box.Args {
		a = expand(a)
		switch {
		case strings.HasPrefix(a, "--interface="):
			a = "--interface=lo"
		case strings.HasPrefix(a, "not port"):
			a = fmt.Sprint("port ", l.Port)
		}
		args = append(args, a)
	}
	records := filepath.Join(t.TempDir(), "records.jsonl")
	c := live(t, bin, append(args, "--for", "3s", "-o", "jsonl:"+records), expand(with["OTEL_RESOURCE_ATTRIBUTES"]))
	exchange(t, l, 40, time.Second)
	if err := c.Wait(); err != nil {
		t.Fatal(err, c.Stderr)
	}
	stop()
	text, err := os.ReadFile(records)
	if err != nil {
		t.Fatal(err)
	}
	conns := linesOf(t, text, "conn")
	if len(conns) != 40 {
		t.Errorf("%d connections, want 40: %s", len(conns), c.Stderr)
	}
	events := exported(t, filepath.Join(store, "events.jsonl"), "resourceLogs", "scopeLogs", "logRecords")
	sameNames(t, "connections", sentNames(events), namesOf(conns))
	for _, e := range eventsOf(events, "tcpwatch.connection") {
		if place, node := attributeOf(e, "tcpwatch.place"), attributeOf(e["resource"], "k8s.node.name"); place != "node-7" || node != "node-7" {
			t.Fatalf("place %q, node %q", place, node)
		}
	}
}

// talk is a listener on this host that answers each connection and closes it.
func talk(t *testing.T) *net.TCPAddr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr)
}

// exchange makes connections, spread over a time.
func exchange(t *testing.T, to *net.TCPAddr, n int, over time.Duration) {
	t.Helper()
	for range n {
		c, err := net.DialTCP("tcp", nil, to)
		if err != nil {
			t.Fatal(err)
		}
		c.Write([]byte("hello"))
		c.CloseWrite()
		io.Copy(io.Discard, c)
		c.Close()
		time.Sleep(over / time.Duration(n))
	}
}

// live begins a live run with CAP_NET_RAW and CAP_NET_ADMIN alone, and waits until it captures.
func live(t *testing.T, bin string, args []string, resource string) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("capturing needs root")
	}
	set, err := exec.LookPath("setpriv")
	if err != nil {
		t.Skip(err)
	}
	c := exec.Command(set, append([]string{"--bounding-set=-all,+net_raw,+net_admin", "--inh-caps=-all", "--no-new-privs", bin}, args...)...)
	c.Env = append(os.Environ(), "OTEL_RESOURCE_ATTRIBUTES="+resource)
	errs := &written{}
	c.Stderr = errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill() })
	for end := time.Now().Add(20 * time.Second); !strings.Contains(errs.String(), "capturing"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not capture: ", errs)
		}
	}
	return c
}

// A Collector that stops while packets are captured, or takes what is sent and never answers, delays
// nothing and loses no packet: what it did not get is counted and told.
func TestCollectorStops(t *testing.T) {
	bin := tcpwatch(t)
	for _, silent := range []bool{false, true} {
		t.Run(fmt.Sprint("silent ", silent), func(t *testing.T) {
			address, store, stop := fleetCollector(t)
			to := address
			if silent {
				mute, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts: the kernel does
				if err != nil {
					t.Fatal(err)
				}
				defer mute.Close()
				to = mute.Addr().String()
			}
			l := talk(t)
			records := filepath.Join(t.TempDir(), "records.jsonl")
			began := time.Now()
			c := live(t, bin, []string{"--interface=lo", "--place", "n", "--otlp", "http://" + to, "-o", "jsonl:" + records, "--msl", "0.1s", "--for", "9s", fmt.Sprint("port ", l.Port)}, "")
			exchange(t, l, 30, time.Second)
			time.Sleep(4 * time.Second) // TIME-WAIT ends, what came is sent each second
			stop()
			exchange(t, l, 50, time.Second)
			if err := c.Wait(); err != nil {
				t.Fatal(err, c.Stderr)
			}
			if took := time.Since(began); took > 25*time.Second {
				t.Errorf("the run took %s", took)
			}
			text, err := os.ReadFile(records)
			if err != nil {
				t.Fatal(err)
			}
			conns, findings := linesOf(t, text, "conn"), linesOf(t, text, "finding")
			stats := linesOf(t, text, "stats")
			if len(conns) != 80 || len(stats) != 1 || stats[0]["kernel_drops"] != 0.0 {
				t.Errorf("%d connections, want 80; %v", len(conns), stats)
			}
			got := 0
			if !silent {
				events := exported(t, filepath.Join(store, "events.jsonl"), "resourceLogs", "scopeLogs", "logRecords")
				got = len(events)
				if n := len(sentNames(events)); n == 0 || n > len(conns) {
					t.Errorf("the Collector has %d connections", n)
				}
			}
			told := regexp.MustCompile(`--otlp: (\d+) of (\d+) events not sent: .*`).FindStringSubmatch(fmt.Sprint(c.Stderr))
			if told == nil {
				t.Fatalf("nothing is told: %s", c.Stderr)
			}
			missing, _ := strconv.Atoi(told[1])
			all, _ := strconv.Atoi(told[2])
			if all < len(conns)+len(findings) || missing != all-got {
				t.Errorf("%s; the Collector has %d of %d connections and %d findings", told[0], got, len(conns), len(findings))
			}
			t.Log(told[0])
		})
	}
}
