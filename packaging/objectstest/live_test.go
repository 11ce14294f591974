package objectstest

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// proxy stands before a store. What is sent to it waits while it stands still, and takes a while when it is slow.
type proxy struct {
	*httptest.Server
	stands atomic.Pointer[chan struct{}]
	slow   atomic.Int64 // ns for each request
}

func newProxy(t *testing.T, x *objects) *proxy {
	t.Helper()
	p := &proxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			if over := p.stands.Load(); over != nil {
				select {
				case <-*over:
				case <-r.Context().Done():
					return
				}
			}
			time.Sleep(time.Duration(p.slow.Load()))
		}
		x.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// opens sends so many SYNs to a port of this host that nobody listens on, each of a connection of its own.
func opens(t *testing.T, n int) {
	t.Helper()
	s, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_RAW, syscall.IPPROTO_RAW)
	if err != nil {
		t.Skip(err)
	}
	defer syscall.Close(s)
	to := &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	for i := range n {
		b := []byte{0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0, 127, byte(1 + i>>16), byte(i >> 8), byte(i), 127, 0, 0, 1}
		b = binary.BigEndian.AppendUint16(b, uint16(20000+i%40000))
		b = binary.BigEndian.AppendUint16(b, 9)
		b = binary.BigEndian.AppendUint32(b, uint32(i)*2654435761)
		b = append(b, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0)
		sum := uint32(6 + 20)
		for j := 12; j < len(b); j += 2 {
			sum += uint32(binary.BigEndian.Uint16(b[j:]))
		}
		for sum>>16 > 0 {
			sum = sum>>16 + sum&0xffff
		}
		binary.BigEndian.PutUint16(b[36:], ^uint16(sum))
		if err := syscall.Sendto(s, b, 0, to); err != nil {
			t.Fatal(err)
		}
		if i%100 == 99 {
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// stats are what a run knew at its end.
type stats struct{ Conns, Unsent uint64 }

// live runs a live capture of so many connections, by the proxy, and tells what it said, how long it took to
// end when all was written elsewhere, which is told by a call, and what it knew.
func live(t *testing.T, p *proxy, prefix string, n int, written func()) (stderr string, took time.Duration, known stats) {
	t.Helper()
	lines := filepath.Join(t.TempDir(), "lines")
	c := exec.Command(tcpwatch(t), "-i", "lo", "-q", "--max-memory", "64M", "-o", "parquet:s3+"+p.URL+"/"+bucket+"/"+prefix, "-o", "jsonl:"+lines, "-Z", "root", "tcp", "port", "9")
	c.Env = append(os.Environ(), keys()...)
	var errs bytes.Buffer
	c.Stderr = &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second)
	opens(t, n)
	time.Sleep(time.Second)
	c.Process.Signal(syscall.SIGINT)
	for was, same := int64(0), 0; same < 4; time.Sleep(time.Second) {
		about, err := os.Stat(lines)
		if err != nil {
			t.Fatal(err)
		}
		if same++; about.Size() != was || was == 0 {
			was, same = about.Size(), 0
		}
	}
	written()
	began := time.Now()
	if err := c.Wait(); err != nil {
		t.Fatal(err, errs.String())
	}
	took = time.Since(began)
	text, err := os.ReadFile(lines)
	if err != nil {
		t.Fatal(err)
	}
	conns := bytes.Count(text, []byte(`"type":"conn"`))
	text = text[:len(text)-1]
	if err := json.Unmarshal(text[bytes.LastIndexByte(text, '\n')+1:], &known); err != nil {
		t.Fatal(err)
	}
	known.Conns = uint64(conns)
	return errs.String(), took, known
}

// A live capture goes on while the store stands still, and to its end: what was not sent is counted by its
// cause. What had waited is there when the store goes on.
func TestStandsStill(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root captures")
	}
	x := newObjects(t)
	p := newProxy(t, x)
	over := make(chan struct{})
	p.stands.Store(&over)
	const n = 110_000
	stderr, took, known := live(t, p, "stands", n, func() {})
	t.Log(strings.TrimSpace(stderr), took, known)
	if known.Conns < n*9/10 || known.Unsent == 0 || took > 40*time.Second || strings.Count(stderr, "\n") != 1 ||
		!regexp.MustCompile(`/stands: [\d,]+ of [\d,]+ connections not sent: [\d,]+ had no room in the queue, [\d,]+ got no answer; .* does not answer\n$`).MatchString(stderr) {
		t.Errorf("%s; it ended in %s, %+v", stderr, took, known)
	}
	if all := x.all(t, "stands"); len(all) != 0 {
		t.Errorf("%d objects", len(all))
	}
	stderr, took, known = live(t, p, "goes-on", n, func() {
		p.stands.Store(nil)
		close(over)
	})
	t.Log(strings.TrimSpace(stderr), took, known)
	if known.Conns < n*9/10 || !strings.Contains(stderr, " had no room in the queue\n") || known.Unsent == 0 {
		t.Errorf("%s; it ended in %s, %+v", stderr, took, known)
	}
	r := run(t, keys(), "report", x.url("goes-on"), "--where", "id > 0", "-o", "jsonl")
	if got := uint64(strings.Count(r.stdout, `"type":"conn"`)); r.status != 0 || r.stderr != "" || got != known.Conns-known.Unsent {
		t.Errorf("%d connections of %d, of which %d were not sent: %s", got, known.Conns, known.Unsent, r.stderr)
	}
	if want := fmt.Sprintf(`"unsent":%d,`, known.Unsent); !strings.Contains(r.stdout, want) {
		t.Errorf("the report does not say %s", want)
	}
}

// A store that is slow delays nothing, and has all in the end.
func TestSlow(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root captures")
	}
	x := newObjects(t)
	p := newProxy(t, x)
	p.slow.Store(int64(time.Second))
	const n = 30_000
	stderr, took, known := live(t, p, "slow", n, func() {})
	t.Log(strings.TrimSpace(stderr), took, known)
	if stderr != "" || known.Conns < n*9/10 || known.Unsent != 0 {
		t.Errorf("%s; it ended in %s, %+v", stderr, took, known)
	}
	r := run(t, keys(), "report", x.url("slow"), "--where", "id > 0", "-o", "jsonl")
	if got := uint64(strings.Count(r.stdout, `"type":"conn"`)); r.status != 0 || got != known.Conns {
		t.Errorf("%d connections of %d: %s", got, known.Conns, fmt.Sprintf("%.300s", r.stderr))
	}
}
