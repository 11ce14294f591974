package capture_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tcpwatch/capture"
)

// tsharkFields are what a segment is compared by, each a list with one value
// for each header of the packet that has it.
var tsharkFields = []string{"frame.number", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.len",
	"ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "icmp.type", "icmpv6.type", "frame.protocols"}

// tsharkPacket is what tshark says of a packet with TCP in it.
type tsharkPacket struct {
	srcPorts, dstPorts, seqs, lens []string
	srcs, dsts                     []string
	icmp                           bool
	protocols                      string
}

func runTshark(t *testing.T, name string) map[uint64]tsharkPacket {
	args := []string{"-n", "-r", name, "-Y", "tcp", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator= "}
	for _, f := range tsharkFields {
		args = append(args, "-e", f)
	}
	out, err := exec.Command("tshark", args...).Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) { // it exits with an error at the end of a damaged file
		t.Fatal(err)
	}
	packets := make(map[uint64]tsharkPacket)
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		if len(f) != len(tsharkFields) {
			t.Fatalf("%s: %q", name, lines.Text())
		}
		n, err := strconv.ParseUint(f[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		packets[n] = tsharkPacket{
			srcPorts: strings.Fields(f[1]), dstPorts: strings.Fields(f[2]), seqs: strings.Fields(f[3]), lens: strings.Fields(f[4]),
			srcs: strings.Fields(f[5] + " " + f[7]), dsts: strings.Fields(f[6] + " " + f[8]),
			icmp: f[9]+f[10] != "", protocols: f[11],
		}
	}
	return packets
}

// disagreement is the first thing about s that tshark says otherwise.
func (p tsharkPacket) disagreement(s *capture.Segment) string {
	at := -1
	for i := range p.srcPorts {
		if i < len(p.seqs) && p.srcPorts[i] == strconv.Itoa(int(s.Src.Port)) && p.dstPorts[i] == strconv.Itoa(int(s.Dst.Port)) &&
			p.seqs[i] == strconv.FormatUint(uint64(s.Seq), 10) {
			at = i
			break
		}
	}
	switch {
	case at < 0:
		return "ports or sequence number"
	case !slices.Contains(p.srcs, s.Src.Addr.String()) || !slices.Contains(p.dsts, s.Dst.Addr.String()):
		return "addresses"
	case at >= len(p.lens):
		return ""
	case p.lens[at] != strconv.FormatUint(uint64(s.Len), 10):
		return "length"
	}
	return ""
}

// TestCorpusAgainstTshark compares every segment of the captures in
// TCPWATCH_CORPUS with what tshark makes of them. What remains is listed with
// the reason.
func TestCorpusAgainstTshark(t *testing.T) {
	corpus := os.Getenv("TCPWATCH_CORPUS")
	if corpus == "" {
		t.Skip("TCPWATCH_CORPUS names no corpus")
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("no tshark")
	}
	compared, differ := 0, 0
	err := filepath.WalkDir(filepath.Join(corpus, "captures"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f, err := capture.Open(path)
		if err != nil {
			t.Logf("%s: %v", path, err)
			return nil
		}
		defer f.Close()
		want := runTshark(t, path)
		d := capture.NewDecoder(capture.DecoderOptions{})
		var p capture.Packet
		for {
			if err := f.Next(&p); err != nil {
				if !errors.Is(err, io.EOF) {
					t.Log(err)
				}
				break
			}
			w, ok := want[p.Number]
			outcome := d.Decode(&p)
			if outcome != capture.OutcomeSegment && (!ok || w.icmp) {
				continue
			}
			compared++
			why := ""
			switch {
			case outcome == capture.OutcomeSegment && !ok:
				why = "only here: " + d.Segment.Src.String() + " " + d.Segment.Dst.String()
			case outcome != capture.OutcomeSegment:
				why = "only tshark, skipped as " + d.Skip.String()
			default:
				if why = w.disagreement(&d.Segment); why == "length" {
					why += " " + strconv.Itoa(int(d.Segment.Len)) + " tshark " + strings.Join(w.lens, " ")
				}
			}
			if why != "" {
				differ++
				t.Logf("%s packet %d: %s (%s, wire %d captured %d)", strings.TrimPrefix(path, corpus), p.Number, why, w.protocols, p.Length, len(p.Data))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d packets differ", differ, compared)
}
