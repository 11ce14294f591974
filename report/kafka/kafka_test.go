package kafka

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
)

// Addresses are brokers with their ports and a topic that Kafka takes; all else is refused, and no
// password is asked for there.
func TestParseAddress(t *testing.T) {
	for _, tt := range []struct{ text, want, wrong string }{
		{"//b:9092/t", "kafka://b:9092/t", ""},
		{"//b/t", "kafka://b:9092/t", ""},
		{"//b1:1,b2:2/a.b_c-D9", "kafka://b1:1,b2:2/a.b_c-D9", ""},
		{"//[::1]:9/t", "kafka://[::1]:9/t", ""},
		{"//[::1]/t", "kafka://[::1]:9092/t", ""},
		{"", "", "write kafka://HOST:PORT"},
		{"b:9092/t", "", "write kafka://HOST:PORT"},
		{"//b:9092", "", "write kafka://HOST:PORT"},
		{"///t", "", "write kafka://HOST:PORT"},
		{"//b:9092/", "", "no topic named"},
		{"//b:0/t", "", "b:0 is no broker"},
		{"//b:x/t", "", "b:x is no broker"},
		{"//b:99999/t", "", "is no broker"},
		{"//:9092/t", "", "is no broker"},
		{"//::1/t", "", "in brackets"},
		{"//b,,c/t", "", "is no broker"},
		{"//b/a/b", "", "a/b is no name of a topic"},
		{"//b/..", "", "is no name of a topic"},
		{"//b/" + strings.Repeat("x", 250), "", "at most 249"},
		{"//me:secret@b/t", "", "no user or password here"},
	} {
		a, err := ParseAddress(tt.text)
		switch {
		case tt.wrong == "" && (err != nil || a.String() != tt.want):
			t.Errorf("%s: %s, %v", tt.text, a, err)
		case tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong) || strings.Contains(err.Error(), "secret")):
			t.Errorf("%s: %v", tt.text, err)
		}
	}
}

// What the environment says of security is known or refused, and makes sense; secrets are not told.
func TestSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "conf")
	for _, tt := range []struct {
		text  string
		env   map[string]string
		wrong string
	}{
		{"", nil, ""},
		{"# remark\n\nsecurity.protocol = ssl\nlinger.ms=5\n", nil, ""},
		{"security.protocol=SASL_SSL\nsasl.mechanisms=PLAIN\nsasl.username=a\nsasl.password=b=c\n", nil, ""},
		{"security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-256\nsasl.username=a\n", map[string]string{"TCPWATCH_KAFKA_SASL_PASSWORD": "x"}, ""},
		{"security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-256\nsasl.username=a\n", nil, "needs sasl.username and sasl.password"},
		{"security.protocol=SASL_SSL\n", nil, "needs sasl.mechanism"},
		{"security.protocol=TLS\n", nil, "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"},
		{"security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI\n", nil, "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"},
		{"sasl.password=secret\n", nil, "are for security.protocol=SASL_SSL"},
		{"ssl.ca.location=/x\n", nil, "for security.protocol=SSL"},
		{"security.protocol=ssl\nssl.key.location=/x\n", nil, "go together"},
		{"security.protocol=ssl\nssl.ca.location=/no/such\n", nil, "no such file"},
		{"security.protocol=ssl\nssl.ca.location=" + file + "\n", nil, "no certificate in PEM"},
		{"security.protocol=ssl\nenable.ssl.certificate.verification=no\n", nil, "true or false"},
		{"ssl.cipher.suites=x\n", nil, "line 1: ssl.cipher.suites is not known here"},
		{"a=b\nsecret\n", nil, "line 2 is no name=value"},
	} {
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := NewTarget("//b/t", func(name string) string {
			if name == FileVariable {
				return file
			}
			return tt.env[name]
		})
		if (err == nil) != (tt.wrong == "") || err != nil && (!strings.Contains(err.Error(), tt.wrong) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%q: %v", tt.text, err)
		}
	}
}

// unanswered is a sink whose broker is not there.
func unansweredSink(t *testing.T, live bool) *sink {
	t.Helper()
	target, err := NewTarget("//127.0.0.1:1/t", func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	x := &troubles{t: target}
	client, err := target.client(x, "1")
	if err != nil {
		t.Fatal(err)
	}
	s := newSink(target, client, x, &Options{Live: live, Place: "edge", Memory: 8 << 10})
	s.atEnd = 200 * time.Millisecond
	return s
}

// A live capture waits for no broker: what has no room is left out and counted. At the end it waits
// for a while, and says what was not sent and why.
func TestLive(t *testing.T) {
	s := unansweredSink(t, true)
	const n = 2000
	began := time.Now()
	for i := range n {
		line := fmt.Sprintf(`{"type":"conn","uid":"%032x","x":"%s"}`+"\n", i, strings.Repeat("y", 400))
		if k, err := s.Write([]byte(line)); k != len(line) || err != nil {
			t.Fatal(k, err)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("writing took %s", took)
	}
	fit := uint64(8 << 10 / 900)
	if full := s.full.Load(); full < n-fit-1 || s.Unsent() != full || s.waiting.Load() > 8<<10 {
		t.Errorf("%d had no room, %d unsent, %d bytes wait", full, s.Unsent(), s.waiting.Load())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	told := strings.Join(s.Told(), "\n")
	if s.Unsent() != n || !strings.HasPrefix(told, "kafka://127.0.0.1:1/t: 2,000 of 2,000 records not sent: 1,99") || !strings.Contains(told, "had no room in the queue, ") ||
		!strings.HasSuffix(told, " got no answer; 127.0.0.1:1: connection refused: no broker listens there, or a firewall refuses") {
		t.Error(s.Unsent(), told)
	}
}

// A file whose records no broker takes ends with an error.
func TestFile(t *testing.T) {
	s := unansweredSink(t, false)
	if _, err := s.Write([]byte("{\"type\":\"stats\"}\n")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "the brokers took nothing for 200 ms; 127.0.0.1:1: connection refused") {
		t.Error(err)
	}
}

// Lines come in pieces, and become records with the keys and headers that they are to have.
func TestRecord(t *testing.T) {
	s := unansweredSink(t, true)
	defer s.client.Close()
	for _, tt := range []struct{ line, key, kind string }{
		{`{"type":"conn","id":3,"names":{"sni":"\"uid\":\"x"},"uid":"00ff"}`, "00ff", "conn"},
		{`{"type":"conn","id":3}`, "", "conn"},
		{`{"type":"finding","id":"refused:a"}`, "edge refused:a", "finding"},
		{`{"type":"stats","packets":1}`, "edge", "stats"},
	} {
		borrowed := []byte(tt.line)
		r := s.record(borrowed)
		clear(borrowed)
		if string(r.Key) != tt.key || string(r.Headers[0].Value) != tt.kind || string(r.Headers[2].Value) != "edge" || string(r.Value) != tt.line {
			t.Errorf("%s: key %q, headers %v", tt.line, r.Key, r.Headers)
		}
	}
	for _, part := range []string{`{"type":`, `"stats"}` + "\n" + `{"type":"st`, "ats\"}\n"} {
		if _, err := s.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.waiting.Load(); len(s.rest) != 0 || n != 2*int64(overhead+len("edge")+len(`{"type":"stats"}`)) {
		t.Errorf("%d bytes wait, %q is left", n, s.rest)
	}
}

// What brokers refuse is told with what to do.
func TestPlain(t *testing.T) {
	target, _ := NewTarget("//b/t", func(string) string { return "" })
	for _, tt := range []struct {
		err  error
		want string
	}{
		{kerr.TopicAuthorizationFailed, "this client may not use the topic: it needs Describe and Write"},
		{fmt.Errorf("x: %w", kerr.ClusterAuthorizationFailed), "enable.idempotence=false"},
		{kerr.UnknownTopicOrPartition, "kafka-topics.sh --create --topic t"},
		{kerr.UnsupportedSaslMechanism, "it does not take sasl.mechanism="},
		{errors.New("odd"), "odd"},
	} {
		if got := target.plain(tt.err); !strings.Contains(got, tt.want) {
			t.Errorf("%v: %s", tt.err, got)
		}
	}
}
