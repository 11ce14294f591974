package follow

import (
	"encoding/binary"
	"strconv"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/capture/capturetest"
	"tcpwatch/tracker"
	"tcpwatch/tracker/record"
)

const (
	clientISN = 0xfffffff0 // so that streams wrap early
	serverISN = 0xffffffff
	began     = int64(1704067200e9) // 2024-01-01
)

// recorder is a tracker's Sink that hands records to a Follower, as the program does.
type recorder struct{ f *Follower }

func (r recorder) Conn(c *record.Record) { r.f.Conn(c) }
func (recorder) Event(*record.Event)     {}
func (recorder) Step(*record.Step)       {}

// play takes made-up packets through decoder and tracker to a Follower that
// prints to p. A line is a packet:
//
//	MS >|< FLAGS SEQ ACK [tsTSVAL] [bad] ["payload" [CUT]]
//
// with numbers counted from each end's first SYN and CUT bytes of the payload cut
// off by the snaplen; bad: the payload is not what the checksum is of.
func play(t *testing.T, p Printer, text string) *Follower {
	t.Helper()
	f := New(p, all)
	tr := tracker.New(tracker.Options{}, recorder{f})
	d := capture.NewDecoder(capture.DecoderOptions{VerifyChecksums: true})
	number := uint64(0)
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		number++
		frame, length, at := packet(t, line)
		q := capture.Packet{Number: number, Time: at, Data: frame, Length: length, Link: capture.LinkEthernet}
		if d.Decode(&q) != capture.OutcomeSegment {
			t.Fatalf("%s: %v", line, d.Skip)
		}
		f.Segment(tr.Observe(&d.Segment), &d.Segment, d.Payload)
	}
	tr.Finish()
	if err := f.Finish(); err != nil {
		t.Fatal(err)
	}
	return f
}

func packet(t *testing.T, line string) (frame []byte, length int, at int64) {
	t.Helper()
	head, payload, cut := line, "", 0
	if i := strings.IndexByte(line, '"'); i >= 0 {
		q, err := strconv.QuotedPrefix(line[i:])
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		head = line[:i]
		payload, _ = strconv.Unquote(q)
		cut, _ = strconv.Atoi(strings.TrimSpace(line[i+len(q):]))
	}
	w := strings.Fields(head)
	bad, stamp := false, uint64(0)
	for ; len(w) > 5; w = w[:len(w)-1] {
		if at, ok := strings.CutPrefix(w[len(w)-1], "ts"); ok {
			stamp, _ = strconv.ParseUint(at, 10, 32)
		} else {
			bad = w[len(w)-1] == "bad"
		}
	}
	if len(w) != 5 {
		t.Fatalf("%s: %d words", line, len(w))
	}
	ms, err1 := strconv.ParseFloat(w[0], 64)
	seq, err2 := strconv.ParseUint(w[3], 10, 32)
	ack, err3 := strconv.ParseUint(w[4], 10, 32)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatalf("%s: %v %v %v", line, err1, err2, err3)
	}
	s := capturetest.TCP{Src: 40000, Dst: 80, Window: 65535, Payload: []byte(payload)}
	src, dst := "192.0.2.1", "192.0.2.2"
	s.Seq, s.Ack = uint32(seq)+clientISN&0xffffffff, uint32(ack)+serverISN&0xffffffff
	if w[1] == "<" {
		s.Src, s.Dst, src, dst = s.Dst, s.Src, dst, src
		s.Seq, s.Ack = uint32(seq)+serverISN&0xffffffff, uint32(ack)+clientISN&0xffffffff
	}
	for _, c := range w[2] {
		s.Flags |= 1 << strings.IndexRune("FSRP.U", c)
	}
	if stamp != 0 {
		s.Options = binary.BigEndian.AppendUint32([]byte{1, 1, 8, 10}, uint32(stamp))
		s.Options = append(s.Options, 0, 0, 0, 0)
	}
	frame = capturetest.Ethernet(capturetest.TypeIPv4, capturetest.IPv4(src, dst, capturetest.ProtoTCP, s.Bytes()))
	if bad {
		frame[len(frame)-1] ^= 1
	}
	return frame[:len(frame)-cut], len(frame), began + int64(ms*1e6)
}

const opened = `
	0 > S  0 0
	1 < S. 0 1
	2 > .  1 1
`

const stampedOpen = `
	0 > S  0 0 ts10
	1 < S. 0 1 ts50
	2 > .  1 1 ts11
`
