package follow

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker"
)

// heard is what one end said, by ours or by tshark.
type heard struct {
	bytes   []byte
	missing int64
}

// collector keeps all that is said, by connection and end.
type collector struct{ said map[uint64]map[string]*heard }

func (c *collector) begin(k *talk) {
	c.said[k.id] = map[string]*heard{k.ends[0].String(): {}, k.ends[1].String(): {}}
}
func (c *collector) end(*talk)       {}
func (c *collector) flush() error    { return nil }
func (c *collector) complete() error { return nil }
func (c *collector) piece(p *piece) {
	h := c.said[p.talk.id][p.talk.ends[p.from].String()]
	switch p.kind {
	case pieceBytes, pieceLate:
		h.bytes = append(h.bytes, p.data...)
	case pieceMissing, pieceCut:
		h.missing += p.n
	}
}

// followAll follows every connection of a capture.
func followAll(t *testing.T, name string) map[uint64]map[string]*heard {
	t.Helper()
	f, err := capture.Open(name)
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	c := &collector{map[uint64]map[string]*heard{}}
	followers := map[uint64]*Follower{}
	sink := &dispatcher{followers: followers}
	tr := tracker.New(tracker.Options{}, sink)
	d := capture.NewDecoder(capture.DecoderOptions{})
	var p capture.Packet
	for {
		err := f.Next(&p)
		var damage *capture.Damage
		if errors.As(err, &damage) {
			continue
		} else if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if d.Decode(&p) != capture.OutcomeSegment {
			continue
		}
		tr.Observe(&d.Segment)
		at := tr.Last()
		if followers[at.Conn] == nil {
			followers[at.Conn] = New(c)
		}
		followers[at.Conn].Segment(at, &d.Segment, d.Payload)
	}
	tr.Finish()
	return c.said
}

type dispatcher struct{ followers map[uint64]*Follower }

func (d *dispatcher) Conn(r *tracker.Record) { d.followers[r.ID].Conn(r) }
func (*dispatcher) Event(*tracker.Event)     {}
func (*dispatcher) Step(*tracker.Step)       {}

// tsharkFollow is what tshark says that the ends of the first n streams said.
func tsharkFollow(t *testing.T, name string, n int) []map[string]*heard {
	args := []string{"-n", "-q", "-r", name}
	for i := range n {
		args = append(args, "-z", "follow,tcp,raw,"+strconv.Itoa(i))
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil && len(out) == 0 {
		t.Skip(err)
	}
	gap := regexp.MustCompile(`^\[(\d+) bytes missing in capture file\]\x00?$`)
	var all []map[string]*heard
	for part := range strings.SplitSeq(string(out), "Follow: tcp,raw\n") {
		var nodes [2]*heard
		said := map[string]*heard{}
		for line := range strings.Lines(part) {
			line = strings.TrimRight(line, "\n")
			if rest, ok := strings.CutPrefix(line, "Node 0: "); ok {
				nodes[0] = &heard{}
				said[rest] = nodes[0]
			} else if rest, ok := strings.CutPrefix(line, "Node 1: "); ok {
				nodes[1] = &heard{}
				said[rest] = nodes[1]
			}
			if nodes[1] == nil {
				continue
			}
			to := nodes[0]
			if rest, ok := strings.CutPrefix(line, "\t"); ok {
				to, line = nodes[1], rest
			}
			b, err := hex.DecodeString(line)
			if err != nil {
				continue
			}
			if m := gap.FindSubmatch(b); m != nil {
				var n int64
				fmt.Sscan(string(m[1]), &n)
				to.missing += n
			} else {
				to.bytes = append(to.bytes, b...)
			}
		}
		if nodes[1] != nil {
			all = append(all, said)
		}
	}
	return all
}

// pick is what we heard between the ends of a stream of tshark's, nil when they
// had not exactly one connection.
func pick(ours map[uint64]map[string]*heard, theirs map[string]*heard) (found map[string]*heard) {
next:
	for _, said := range ours {
		for end := range theirs {
			if said[end] == nil {
				continue next
			}
		}
		if found != nil {
			return nil
		}
		found = said
	}
	return found
}

// TestTsharkCorpus compares with tshark's own following of real captures. It
// needs tshark and TCPWATCH_CORPUS, a directory with index.tsv and captures/.
func TestTsharkCorpus(t *testing.T) {
	corpus := os.Getenv("TCPWATCH_CORPUS")
	if corpus == "" {
		t.Skip("TCPWATCH_CORPUS is not set")
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	index, err := os.ReadFile(filepath.Join(corpus, "index.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var equal, different int
	for line := range strings.Lines(string(index)) {
		name, _, _ := strings.Cut(line, "\t")
		var conns int
		w := strings.Split(line, "\t")
		if fmt.Sscan(w[8-1], &conns); name == "capture" || conns == 0 || conns > 50 {
			continue
		}
		file := filepath.Join(corpus, "captures", name)
		t.Run(name, func(t *testing.T) {
			ours := followAll(t, file)
			for _, said := range tsharkFollow(t, file, conns) {
				mine := pick(ours, said)
				if mine == nil {
					continue
				}
				for end, h := range said {
					switch m := mine[end]; {
					case !bytes.Equal(m.bytes, h.bytes):
						t.Logf("%s: %d bytes (%d missing), tshark %d (%d missing)", end, len(m.bytes), m.missing, len(h.bytes), h.missing)
						different++
					case m.missing != h.missing:
						t.Logf("%s: MISSING %d bytes (%d missing), tshark %d (%d missing)", end, len(m.bytes), m.missing, len(h.bytes), h.missing)
						different++
					default:
						equal++
					}
				}
			}
		})
	}
	t.Logf("%d equal, %d different", equal, different)
}
