package kafkatest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// topic is where records go.
const topic = "tcpwatch"

// tcpwatch is the program to try.
func tcpwatch(t *testing.T) string {
	t.Helper()
	bin := os.Getenv("TCPWATCH")
	if bin == "" {
		t.Skip("TCPWATCH names no program to try: make test-all does")
	}
	return bin
}

// pcap is a bundled capture.
func pcap(name string) string { return filepath.Join("..", "..", "testdata", "pcaps", name) }

// brokers are a cluster with the topic, and the address of it for -o.
func brokers(t *testing.T, more ...kfake.Opt) (*kfake.Cluster, string) {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(3), kfake.SeedTopics(4, topic)}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, "kafka://" + strings.Join(c.ListenAddrs(), ",") + "/" + topic
}

// ran is what a run of the program said.
type ran struct {
	stdout, stderr string
	status         int
	took           time.Duration
}

// run runs the program, with variables in its environment.
func run(t *testing.T, env []string, args ...string) ran {
	t.Helper()
	c := exec.Command(tcpwatch(t), args...)
	c.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	began := time.Now()
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ran{out.String(), errs.String(), c.ProcessState.ExitCode(), time.Since(began)}
}

// took takes n records of the topic, in the order of each partition.
func took(t *testing.T, c *kfake.Cluster, n int, more ...kgo.Opt) []*kgo.Record {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics(topic)}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var all []*kgo.Record
	for len(all) < n {
		f := client.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("%d records, not %d", len(all), n)
		}
		all = append(all, f.Records()...)
	}
	return all
}

// header is a header of a record.
func header(r *kgo.Record, name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}

// What goes to the topic is what JSON Lines have, line by line. Records of a connection, the interim
// ones too, have its uid as key: they are in one partition, in their order.
func TestRecords(t *testing.T) {
	c, to := brokers(t)
	file := filepath.Join(t.TempDir(), "lines")
	r := run(t, nil, pcap("zero-window.pcap"), "--interval", "50ms", "--place", "edge", "-o", "jsonl:"+file, "-o", to)
	if r.status != 0 || r.stderr != "" {
		t.Fatal(r)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	var got []string
	where, order := map[string]int32{}, map[string][]string{}
	for _, r := range took(t, c, len(lines)) {
		got = append(got, string(r.Value))
		var x struct{ Type, UID, ID string }
		_ = json.Unmarshal(r.Value, &x) // a connection's id is a number
		want := map[string]string{"conn": x.UID, "finding": "edge " + x.ID, "stats": "edge"}[x.Type]
		if string(r.Key) != want || header(r, "type") != x.Type || header(r, "place") != "edge" || header(r, "schema") != "1" {
			t.Errorf("key %q, headers %v of %.200s", r.Key, r.Headers, r.Value)
		}
		if p, known := where[want]; known && p != r.Partition {
			t.Errorf("%s is in partitions %d and %d", want, p, r.Partition)
		}
		where[want] = r.Partition
		order[want] = append(order[want], string(r.Value))
	}
	interim := 0
	for _, line := range lines {
		var x struct{ UID string }
		_ = json.Unmarshal([]byte(line), &x)
		if all := order[x.UID]; x.UID != "" {
			if len(all) == 0 || all[0] != line {
				t.Errorf("out of order: %.200s", line)
				continue
			}
			if order[x.UID] = all[1:]; len(all) > 1 {
				interim++
			}
		}
	}
	slices.Sort(lines)
	slices.Sort(got)
	if !slices.Equal(lines, got) || interim == 0 {
		t.Errorf("%d records, %d lines, %d interim", len(got), len(lines), interim)
	}
}

// A report of stored records is sent as that of packets was.
func TestOfRecords(t *testing.T) {
	c, to := brokers(t)
	file := filepath.Join(t.TempDir(), "lines.jsonl")
	if r := run(t, nil, pcap("refused.pcap"), "-o", "jsonl:"+file); r.status != 0 {
		t.Fatal(r)
	}
	if r := run(t, nil, "report", file, "-o", to); r.status != 0 || r.stderr != "" {
		t.Fatal(r)
	}
	text, _ := os.ReadFile(file)
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	var got []string
	for _, r := range took(t, c, len(lines)) {
		got = append(got, string(r.Value))
	}
	slices.Sort(lines)
	slices.Sort(got)
	if !slices.Equal(lines, got) {
		t.Error(got)
	}
}

// What cannot be is refused in one line before a packet is read, with the broker and a way out.
func TestRefused(t *testing.T) {
	c, to := brokers(t)
	_, at, _ := strings.Cut(to, "//")
	none := "kafka://" + strings.Replace(at, "/"+topic, "/none", 1)
	for _, tt := range []struct{ to, want string }{
		{none, "no such topic: make it first (kafka-topics.sh --create --topic none)"},
		{"kafka://127.0.0.1:1/x", "-o kafka://127.0.0.1:1/x: 127.0.0.1:1: connection refused: no broker listens there"},
		{"kafka://tcpwatch.invalid/x", "tcpwatch.invalid:9092: no such host"},
		{"kafka://me:secret@127.0.0.1/x", "no user or password here"},
	} {
		r := run(t, nil, pcap("refused.pcap"), "-o", tt.to)
		if r.status != 2 || r.stdout != "" || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, tt.want) || strings.Contains(r.stderr, "secret") {
			t.Errorf("%s: %+v", tt.to, r)
		}
	}
	c.Close()
}
