package names

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/capture/capturetest"
	"tcpwatch/tracker"
	"tcpwatch/tracker/record"
)

// said is what tshark tells of a TCP stream: the first of each.
type said struct {
	packet                      uint64 // its first
	method, host, status        string
	hello, sni                  string
	requestAt, helloAt, codedAt uint64 // packets
}

// runTshark returns the streams by the number of their first packet.
func runTshark(t *testing.T, name string) map[uint64]*said {
	t.Helper()
	cmd := exec.Command("tshark", "-n", "-r", name, "-Y", "tcp", "-T", "fields", "-E", "occurrence=f",
		"-e", "frame.number", "-e", "tcp.stream", "-e", "http.request.method", "-e", "http.host", "-e", "http.response.code",
		"-e", "tls.handshake.type", "-e", "tls.handshake.extensions_server_name")
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		t.Logf("tshark %s: %v", name, err)
	}
	streams, byPacket := map[string]*said{}, map[uint64]*said{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		if len(f) < 7 || f[1] == "" {
			continue
		}
		n, _ := strconv.ParseUint(f[0], 10, 64)
		s := streams[f[1]]
		if s == nil {
			s = &said{packet: n}
			streams[f[1]], byPacket[n] = s, s
		}
		if f[2] != "" && s.method == "" {
			s.method, s.host, s.requestAt = f[2], f[3], n
		}
		if f[4] != "" && s.status == "" {
			s.status, s.codedAt = f[4], n
		}
		if f[5] == "1" && s.hello == "" {
			s.hello, s.sni, s.helloAt = f[5], f[6], n
		}
	}
	return byPacket
}

// mayName is what a capture with a name to find holds.
var mayName = regexp.MustCompile(`(?is)host:|\x16\x03[\x00-\x04]..\x01|HTTP/1\.`)

// collector keeps the records, with names.
type collector struct {
	names   *Observer
	records map[uint64]record.Record
}

func (c *collector) Conn(r *record.Record) {
	c.names.Finish(r)
	c.records[r.ID] = *r
	c.names.Forget(r)
}
func (*collector) Event(*record.Event) {}
func (*collector) Step(*record.Step)   {}

// replay reads a capture.
func replay(t *testing.T, name string) map[uint64]record.Record {
	t.Helper()
	src, err := capture.Open(name)
	if err != nil {
		return nil
	}
	defer src.Close()
	o := New(Options{})
	c := &collector{o, make(map[uint64]record.Record)}
	tr := tracker.New(tracker.Options{}, c)
	d := capture.NewDecoder(capture.DecoderOptions{})
	var p capture.Packet
	for {
		err := src.Next(&p)
		var damage *capture.Damage
		if errors.As(err, &damage) {
			continue
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Log(err)
			}
			break
		}
		if d.Decode(&p) == capture.OutcomeSegment {
			o.Observe(tr.Observe(&d.Segment), d.Payload, d.Segment.Len)
		}
	}
	tr.Finish()
	if o.held() != 0 || o.undecided() != 0 || o.waiting() != 0 {
		t.Errorf("%s: %d entries, %d undecided, %d waiting are left", name, o.held(), o.undecided(), o.waiting())
	}
	return c.records
}

// score counts what tshark found and was found here, and what is the same.
type score struct {
	of, same, invented int
}

// TestCorpusAgainstTshark compares the names of the first ClientHello, request
// and response of every connection with tshark's. It needs TCPWATCH_CORPUS.
func TestCorpusAgainstTshark(t *testing.T) {
	corpus := capturetest.Corpus(t)
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	every, nth := capturetest.Every(1), 0
	scores := map[string]*score{"sni": {}, "host": {}, "status": {}}
	err := filepath.WalkDir(filepath.Join(corpus, "captures"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if b, err := os.ReadFile(path); err != nil || !mayName.Match(b) {
			return err
		}
		if nth++; nth%every != 0 {
			return nil
		}
		records := replay(t, path)
		for id, s := range runTshark(t, path) {
			r, ok := records[id]
			if !ok {
				continue // another idea of where a connection begins
			}
			n := r.Names
			if n == nil {
				n = &record.NamesRecord{}
			}
			status := ""
			if n.HTTPStatus != 0 {
				status = strconv.Itoa(int(n.HTTPStatus))
			}
			for _, x := range []struct {
				what, got, want string
				at              uint64
			}{{"sni", n.SNI, s.sni, s.helloAt}, {"host", n.HTTPHost, s.host, s.requestAt}, {"status", status, s.status, s.codedAt}} {
				switch c := scores[x.what]; {
				case x.want == "" && x.got != "":
					c.invented++
					t.Logf("%s %d: %s %q is not in tshark's", strings.TrimPrefix(path, corpus), id, x.what, x.got)
				case x.want == "":
				case x.got == x.want[:min(len(x.want), maxText)]:
					c.of++
					c.same++
				default:
					c.of++
					t.Logf("%s %d: %s %q, tshark %q in packet %d", strings.TrimPrefix(path, corpus), id, x.what, x.got, x.want, x.at)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range scores {
		t.Logf("%s: %d of %d the same, %d only here", what, c.same, c.of, c.invented)
		// Of a few captures two may differ: headers damaged at random name anything.
		if missed := c.of - c.same; missed > 2 && float64(missed) > 0.02*float64(c.of) {
			t.Errorf("%s: fewer than 98 %% are found", what)
		}
	}
}

// undecided is how many connections are, and waiting how many directions wait for bytes.
func (o *Observer) undecided() (n int) {
	for _, c := range o.counts {
		n += c.undecided
	}
	return n
}

func (o *Observer) waiting() (n int) {
	for _, c := range o.counts {
		n += c.waiting
	}
	return n
}
