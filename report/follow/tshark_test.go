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
	"tcpwatch/capture/capturetest"
	"tcpwatch/tracker"
	"tcpwatch/tracker/record"
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
func (c *collector) end(*talk)    {}
func (c *collector) flush() error { return nil }
func (c *collector) piece(p *piece) {
	h := c.said[p.talk.id][p.talk.ends[p.from].String()]
	switch p.kind {
	case pieceBytes, pieceLate:
		h.bytes = append(h.bytes, p.data...)
	case pieceRST: // tshark takes what a RST carries for a part of the stream
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
		at := tr.Observe(&d.Segment)
		if followers[at.Conn] == nil {
			followers[at.Conn] = New(c, all)
		}
		followers[at.Conn].Segment(at, &d.Segment, d.Payload)
	}
	tr.Finish()
	return c.said
}

type dispatcher struct{ followers map[uint64]*Follower }

func (d *dispatcher) Conn(r *record.Record) { d.followers[r.ID].Conn(r) }
func (*dispatcher) Event(*record.Event)     {}
func (*dispatcher) Step(*record.Step)       {}

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

// every is how many captures of the corpus share one that is compared: tshark
// takes a second to start. TCPWATCH_TSHARK_EVERY=1 compares them all.
const every = 12

// apart are captures that are read differently, by a part of their names.
var apart = map[string]string{
	"fuzz-":                     "headers damaged at random: whose bytes they are is anybody's guess",
	"invalid":                   "headers made wrong",
	"IPcomp":                    "compressed IP payload, which is not decoded here",
	"PPP_TCP_compression":       "compressed headers, which are not decoded here",
	"heuristic_tcp_ack_payload": "padding that the IP header counts as payload: other bytes at the same numbers, of which the first count here",
	"ftp__bigtransfer":          "gigabytes that were not captured: numbers leap further than a window can",
	"transform-base64-7296":     "the same packets several times, with gaps of their own",
	"bgp_mp_reach_nlri-oobr":    "headers made wrong",
	"of13_ericsson":             "packets carried in the payload, whose addresses tshark takes for the direction",
	"fragmented-4":              "IP fragments that overlap: either copy may count",
	"gre-aruba-amsdu":           "two segments in a frame, of which the first is decoded here",
	"reasm_segv":                "tshark leaves out what repeats as out of order",
}

// explained says why tshark has other bytes; "" when that is a fault.
func explained(name string, ours, theirs *heard) string {
	for part, why := range apart {
		if strings.Contains(name, part) {
			return why
		}
	}
	switch {
	case bytes.HasPrefix(ours.bytes, theirs.bytes) && ours.missing > 0:
		return "tshark stops at a gap that nobody acknowledges"
	case bytes.HasSuffix(ours.bytes, theirs.bytes):
		return "tshark begins at a higher number and leaves out what comes below it"
	case theirs.missing > 0 && len(ours.bytes) > len(theirs.bytes):
		return "tshark marks a gap at once and leaves out what fills it later"
	}
	return ""
}

// TestTsharkCorpus compares with tshark's own following of real captures: of
// every connection the same bytes, but for differences that are explained. Marks
// are not compared: tshark has none where nothing follows a gap. It needs tshark
// and TCPWATCH_CORPUS, a directory with index.tsv and captures/.
func TestTsharkCorpus(t *testing.T) {
	corpus := capturetest.Corpus(t)
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	index, err := os.ReadFile(filepath.Join(corpus, "index.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	step := capturetest.Every(every)
	equal, reasons := 0, map[string]int{}
	for i, line := range strings.Split(strings.TrimSpace(string(index)), "\n")[1:] {
		w := strings.Split(line, "\t")
		conns, err := strconv.Atoi(w[7])
		if err != nil || conns == 0 || conns > 50 || i%step != 0 {
			continue
		}
		t.Run(w[0], func(t *testing.T) {
			file := filepath.Join(corpus, "captures", w[0])
			ours := followAll(t, file)
			for _, theirs := range tsharkFollow(t, file, conns) {
				mine := pick(ours, theirs)
				if mine == nil {
					continue
				}
				for end, h := range theirs {
					m := mine[end]
					if bytes.Equal(m.bytes, h.bytes) {
						equal++
						continue
					}
					why := explained(w[0], m, h)
					if why == "" {
						t.Errorf("%s: %d bytes (%d missing), tshark %d (%d missing)", end, len(m.bytes), m.missing, len(h.bytes), h.missing)
					}
					reasons[why]++
				}
			}
		})
	}
	t.Logf("%d directions equal", equal)
	for why, n := range reasons {
		t.Logf("%d: %s", n, why)
	}
	if equal == 0 {
		t.Error("nothing was compared")
	}
}
