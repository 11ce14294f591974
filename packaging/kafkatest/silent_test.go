package kafkatest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// silenced has brokers answer nothing any more once the first record comes.
func silenced(c *kfake.Cluster) (asked *atomic.Bool, again func()) {
	asked, over := new(atomic.Bool), make(chan struct{})
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		asked.Store(true)
		<-over // holds the whole cluster
		return nil, nil, false
	})
	return asked, func() { close(over) }
}

// exitWithin is what a run may take at its end, where brokers do not answer: 10 s, and a little.
const exitWithin = 14 * time.Second

// A file whose brokers stop answering waits a while, and ends with an error that says so.
func TestFileUnanswered(t *testing.T) {
	c, to := brokers(t, kfake.NumBrokers(1))
	_, again := silenced(c)
	defer again()
	r := run(t, nil, pcap("zero-window.pcap"), "-o", to)
	if r.status != 1 || !strings.Contains(r.stderr, "the brokers took nothing for 10") || !strings.Contains(r.stderr, "records not sent: ") || r.took > exitWithin {
		t.Error(r)
	}
}

// stats is what the stats line of a file of JSON Lines tells.
type stats struct {
	Type        string
	Conns       int
	Segments    uint64 `json:"tcp_segments"`
	KernelDrops uint64 `json:"kernel_drops"`
	Unsent      uint64
}

// echoless accepts connections on this host, and closes them.
func echoless(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			a.Close()
		}
	}()
	return l
}

// dial opens connections to it, and closes them.
func dial(t *testing.T, l net.Listener, n int) {
	t.Helper()
	for range n {
		x, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		x.Close()
	}
}

// What waited while brokers did not answer is sent when they do again.
func TestLiveAgain(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root captures")
	}
	bin := tcpwatch(t)
	c, to := brokers(t, kfake.NumBrokers(1))
	asked, again := silenced(c)
	l := echoless(t)
	run := exec.Command(bin, "-i", "lo", "-n", "-q", "--msl", "200ms", "-o", to, "tcp", "port", fmt.Sprint(l.Addr().(*net.TCPAddr).Port))
	var errs bytes.Buffer
	run.Stderr = &errs
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	defer run.Process.Kill()
	time.Sleep(2 * time.Second)
	const conns = 300
	for range 3 {
		dial(t, l, conns/3)
		time.Sleep(time.Second)
	}
	waited := asked.Load()
	again()
	run.Process.Signal(syscall.SIGINT)
	if err := run.Wait(); err != nil || strings.Contains(errs.String(), "not sent") || !waited {
		t.Fatal(err, waited, errs.String())
	}
	n := 0
	for _, r := range took(t, c, conns+1) {
		if header(r, "type") == "conn" {
			n++
		}
	}
	if n < conns {
		t.Errorf("%d connections of %d", n, conns)
	}
}

// A live capture never waits for brokers: when they stop answering the capture goes on and loses no
// packet, what had no room is counted, told in the stats and at the end, and the end does not hang.
func TestLiveUnanswered(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root captures")
	}
	bin := tcpwatch(t)
	c, to := brokers(t, kfake.NumBrokers(1))
	asked, again := silenced(c)
	defer again()
	l := echoless(t)
	port := l.Addr().(*net.TCPAddr).Port
	file := filepath.Join(t.TempDir(), "lines")
	run := exec.Command(bin, "-i", "lo", "-n", "-q", "-Z", "root", "--max-memory", "64M", "--msl", "200ms", "--metrics", "127.0.0.1:0", "-o", "jsonl:"+file, "-o", to, "tcp", "port", fmt.Sprint(port))
	var errs bytes.Buffer
	run.Stderr = &errs
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	defer run.Process.Kill()
	time.Sleep(2 * time.Second)
	const conns = 12000
	dial(t, l, conns)
	time.Sleep(3 * time.Second)
	if !asked.Load() {
		t.Error("nothing was sent while packets were captured")
	}
	began := time.Now()
	run.Process.Signal(syscall.SIGINT)
	err := run.Wait()
	if took := time.Since(began); took > exitWithin {
		t.Errorf("it ended after %s", took)
	}
	text, _ := os.ReadFile(file)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	var s stats
	if json.Unmarshal([]byte(lines[len(lines)-1]), &s); s.Type != "stats" {
		t.Fatal(err, errs.String(), lines[len(lines)-1])
	}
	t.Logf("%+v %s", s, errs.String())
	if s.Conns < conns || s.Segments < 5*conns || s.KernelDrops != 0 || s.Unsent == 0 || s.Unsent > conns {
		t.Errorf("%+v", s)
	}
	if !strings.Contains(errs.String(), "had no room in the queue, ") || !strings.Contains(errs.String(), "got no answer") {
		t.Error(errs.String())
	}
}
