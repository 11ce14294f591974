package capture_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
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
	"tcpwatch/capture/capturetest"
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

// compare returns what d and tshark say differently of a packet, and why that
// is so where the reason is known. w is nil when tshark sees no TCP in it.
func compare(d *capture.Decoder, o capture.Outcome, p *capture.Packet, w *tsharkPacket) (difference, reason string) {
	s := &d.Segment
	if o != capture.OutcomeSegment {
		difference = "only tshark, skipped as " + d.Skip.String()
		switch {
		case strings.Contains(w.protocols, ":sflow:"):
			reason = "a sample of packets is no connection"
		case strings.Contains(w.protocols, ":ipcomp:"), strings.HasPrefix(w.protocols, "ppp:vjc:"):
			reason = "compression is not undone"
		case d.Skip == capture.SkipMalformed:
			reason = "a TCP header that no host accepts: shorter than 20 bytes, or longer than the packet"
		case d.Skip == capture.SkipFragment && cutFragment(p):
			reason = "tshark reads a first fragment that was cut as if it were whole"
		}
		return difference, reason
	}
	if w == nil {
		return "only here: " + s.Src.String() + " " + s.Dst.String(), ""
	}
	switch difference = w.disagreement(s); difference {
	case "length":
		difference += " " + strconv.Itoa(int(s.Len)) + ", tshark " + strings.Join(w.lens, " ")
		if len(p.Data) == p.Length && s.Marks&capture.MarkTruncated != 0 {
			reason = "cut before it was captured: the IP header's length is the sender's"
		}
	case "addresses":
		switch {
		case strings.Contains(w.protocols, ":ipv6.routing:"):
			reason = "the last destination of a routing header, which the checksum proves"
		case s.Marks&capture.MarkIPv6 != 0 && s.Src.Addr.Is4():
			reason = "IPv4-mapped addresses on the wire show as IPv4"
		}
	}
	return difference, reason
}

// cutFragment reports whether p, an IPv4 packet in Ethernet, is not all there.
func cutFragment(p *capture.Packet) bool {
	return p.Link == capture.LinkEthernet && 14+int(binary.BigEndian.Uint16(p.Data[16:])) > len(p.Data)
}

// TestCorpusAgainstTshark compares every segment of the captures in
// TCPWATCH_CORPUS with what tshark makes of them. It logs the differences
// that have a reason and fails on others.
func TestCorpusAgainstTshark(t *testing.T) {
	corpus := capturetest.Corpus(t)
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	every, nth := capturetest.Every(1), 0
	compared, reasons := 0, make(map[string]int)
	err := filepath.WalkDir(filepath.Join(corpus, "captures"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if nth++; nth%every != 0 {
			return nil
		}
		f, err := capture.Open(path)
		if err != nil {
			t.Log(err)
			return nil
		}
		defer f.Close()
		want := runTshark(t, path)
		d := capture.NewDecoder(capture.DecoderOptions{})
		var p capture.Packet
		for err = f.Next(&p); err == nil; err = f.Next(&p) {
			var w *tsharkPacket
			if x, ok := want[p.Number]; ok && !x.icmp {
				w = &x
			}
			o := d.Decode(&p)
			if o != capture.OutcomeSegment && w == nil {
				continue
			}
			compared++
			difference, reason := compare(d, o, &p, w)
			if difference == "" {
				continue
			}
			reasons[reason]++
			if reason == "" {
				t.Errorf("%s packet %d: %s (%d bytes, %d captured)", strings.TrimPrefix(path, corpus), p.Number, difference, p.Length, len(p.Data))
			}
		}
		if !errors.Is(err, io.EOF) {
			t.Log(err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for reason, n := range reasons {
		t.Logf("%d of %d packets: %s", n, compared, reason)
	}
}
