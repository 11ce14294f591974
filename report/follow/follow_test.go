package follow

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// script notes pieces as short lines: "> 3 hello" for bytes from 3 on, in the
// order in which they are told.
type script struct{ lines []string }

func (s *script) begin(*talk) {}
func (s *script) end(k *talk) {
	s.lines = append(s.lines, fmt.Sprintf("end %d-%d-%d %d-%d-%d", k.streams[0].shown, k.streams[0].missing, k.streams[0].cut,
		k.streams[1].shown, k.streams[1].missing, k.streams[1].cut))
}
func (s *script) flush() error { return nil }
func (s *script) piece(p *piece) {
	what := [...]string{"", "late ", "missing ", "cut ", "other ", "FIN", "RST"}[p.kind]
	switch p.kind {
	case pieceBytes, pieceLate:
		what += string(p.data)
	case pieceFIN, pieceRST:
	default:
		what += fmt.Sprint(p.n)
	}
	s.lines = append(s.lines, fmt.Sprintf("%c %d %s", "><"[p.from], p.off, what))
}

func TestOrder(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"question and answer", opened + `
			3 > P. 1 1 "ask"
			4 < P. 1 4 "answer"
			5 > P. 4 7 "again"
			6 < F. 7 9
			7 > F. 9 8`,
			"> 0 ask|< 0 answer|> 3 again|< 6 FIN|> 8 FIN|end 8-0-0 6-0-0"},
		{"out of order", opened + `
			3 > . 4 1 "def"
			4 > . 10 1 "jkl"
			5 > . 7 1 "ghi"
			6 > . 1 1 "abc"`,
			"> 0 abc|> 3 def|> 6 ghi|> 9 jkl|end 12-0-0 0-0-0"},
		{"repeats", opened + `
			3 > . 1 1 "abc"
			4 > . 1 1 "abc"
			5 > . 2 1 "bcde"
			6 > . 1 1 "abcdef"
			7 > . 3 1 "c"`,
			"> 0 abc|> 3 de|> 5 f|end 6-0-0 0-0-0"},
		{"overlaps that wait", opened + `
			3 > . 4 1 "de"
			4 > . 8 1 "hi"
			5 > . 3 1 "cdefghijk"
			6 > . 1 1 "ab"`,
			"> 0 ab|> 2 c|> 3 de|> 5 fg|> 7 hi|> 9 jk|end 11-0-0 0-0-0"},
		{"the first copy counts", opened + `
			3 > . 1 1 "abc"
			4 > . 1 1 "xbc"
			5 > . 6 1 "fgh"
			6 > . 5 1 "eFg"
			7 > . 4 1 "d"`,
			"> 0 abc|> 0 other 3|> 5 other 2|> 3 d|> 4 e|> 5 fgh|end 8-0-0 0-0-0"},
		{"a keepalive probe's byte is no other content", opened + `
			3 > . 1 1 "abc"
			4 < . 1 4
			9000 > . 3 1 "\x00"
			9001 < . 1 4`,
			"> 0 abc|end 3-0-0 0-0-0"},
		{"a gap that was acknowledged", opened + `
			3 > . 1 1 "abc"
			4 > . 7 1 "ghi"
			5 < . 1 10
			50 > . 10 1 "j"
			200 > . 11 1 "k"`,
			"> 0 abc|> 3 missing 3|> 6 ghi|> 9 j|> 10 k|end 8-3-0 0-0-0"},
		{"a gap that is never acknowledged ends with the connection", opened + `
			3 > . 1 1 "abc"
			4 > . 7 1 "ghi"
			5 < . 1 4
			9000 < . 1 4`,
			"> 0 abc|> 3 missing 3|> 6 ghi|end 6-3-0 0-0-0"},
		{"an answer waits for its question", opened + `
			3 < P. 1 4 "answer"
			4 > P. 1 1 "ask"`,
			"> 0 ask|< 0 answer|end 3-0-0 6-0-0"},
		{"but not for ever", opened + `
			3 < P. 1 4 "answer"
			4 < P. 7 4 "s"
			104 > . 4 8`,
			"> 0 missing 3|< 0 answer|< 6 s|end 0-3-0 7-0-0"},
		{"too late", opened + `
			3 < . 1 4 "answer"
			150 > . 4 7 "more"
			151 > . 1 7 "ask"
			152 > . 1 7 "ask"`,
			"> 0 missing 3|< 0 answer|> 3 more|> 0 late ask|end 7-0-0 6-0-0"},
		{"one direction only", `
			0 > S 0 0
			2 > . 1 1
			3 > . 1 1 "ask"
			9 > . 4 11
			200 > . 4 11 "x"
			300 > . 5 21`,
			"> 0 ask|< 0 missing 10|> 3 x|< 10 missing 10|end 4-0-0 0-20-0"},
		{"cut by the snaplen", opened + `
			3 > . 1 1 "abcdef" 2
			4 > . 7 1 "ghi" 3
			5 > . 10 1 "j"
			6 > . 1 1 "abcdef"`,
			"> 0 abcd|> 4 cut 2|> 6 cut 3|> 9 j|end 5-0-5 0-0-0"},
		{"cut and out of order", opened + `
			3 > . 7 1 "ghi" 1
			4 > . 1 1 "abcdefg" 5`,
			"> 0 ab|> 2 cut 4|> 6 gh|> 8 cut 1|end 4-0-5 0-0-0"},
		{"data on the SYN", `
			0 > S 0 0 "early"
			1 < S. 0 6
			2 > . 6 1 "data"
			3 > . 1 1 "early"`,
			"> 0 early|> 5 data|end 9-0-0 0-0-0"},
		{"data on the SYN, refused and sent again", `
			0 > S 0 0 "early"
			1 < S. 0 1
			2 > . 1 1 "early"
			3 > . 6 1 "data"`,
			"> 0 early|> 5 data|end 9-0-0 0-0-0"},
		{"midstream", `
			0 > . 1000 500 "a"
			1 < . 500 1001 "b"
			2 > . 1001 501 "c"`,
			"> 0 a|< 0 b|> 1 c|end 2-0-0 1-0-0"},
		{"midstream, beginning with a keepalive probe", `
			0 > . 999 500
			1 < . 500 1000
			2 > . 1000 500 "a"
			3 < . 500 1001 "b"`,
			"> 0 a|< 0 b|end 1-0-0 1-0-0"},
		{"midstream, with a gap after the first ACK", `
			0 > . 1000 500
			1 > . 1003 500 "a"
			2 < . 500 1004 "b"`,
			"> 0 missing 3|> 3 a|< 0 b|end 1-3-0 1-0-0"},
		{"midstream, with an acknowledgment captured first", `
			0 < P. 500 1004 "b"
			1 > . 1001 500 "abc"
			2 > . 1004 501 "d"`,
			"< 0 b|> 0 abc|> 3 d|end 4-0-0 1-0-0"},
		{"midstream, with a keepalive probe's byte", `
			0 < . 500 1004
			1 > . 1003 500 "\x00"
			2 > . 1004 500 "d"`,
			"> 0 d|end 1-0-0 0-0-0"},
		{"midstream, with a wrong acknowledgment first", `
			0 < . 500 2000000000
			1 > . 1001 500 "abc"
			2 > . 1004 501 "d"`,
			"> 0 abc|> 3 d|end 4-0-0 0-0-0"},
		{"a wrong acknowledgment", opened + `
			3 > . 1 1 "abc"
			4 < . 1 500000000
			200 > . 4 1 "def"
			201 < . 1 7`,
			"> 0 abc|> 3 def|end 6-0-0 0-0-0"},
		{"a long gap", opened + `
			3 > . 1 1 "abc"
			4 < . 1 500000000
			5 < . 1 500001000
			200 > . 500001000 1 "def"
			400 < . 1 500001003`,
			"> 0 abc|> 3 missing 500000996|> 500000999 def|end 6-500000996-0 0-0-0"},
		{"a FIN before the data", opened + `
			3 > F. 4 1
			4 > . 1 1 "abc"
			5 < . 1 5`,
			"> 0 abc|> 3 FIN|end 3-0-0 0-0-0"},
		{"a FIN repeated", opened + `
			3 > F. 1 1 "abc"
			4 > F. 1 1 "abc"
			5 < . 1 5
			6 > F. 4 1`,
			"> 0 abc|> 3 FIN|end 3-0-0 0-0-0"},
		{"a forged FIN", opened + `
			3 > F. 1 1
			4 > . 1 1 "abc"
			5 < . 1 4
			6 > F. 4 1`,
			"> 0 FIN|> 0 abc|> 3 FIN|end 3-0-0 0-0-0"},
		{"a FIN that the capture missed is no byte", opened + `
			3 > . 1 1 "abc"
			4 < F. 1 5
			500 > . 5 2`,
			"> 0 abc|< 0 FIN|end 3-0-0 0-0-0"},
		{"reset", opened + `
			3 > . 1 1 "abc"
			4 < R. 1 4
			5 < R. 1 4`,
			"> 0 abc|< 0 RST|end 3-0-0 0-0-0"},
		{"reset, with a gap before it", opened + `
			3 > . 1 1 "abc"
			4 > R. 9 1
			200 > . 9 1`,
			"> 0 abc|> 3 RST|end 3-0-0 0-0-0"},
		{"a forged RST proves no bytes", opened + `
			3 > . 1 1 "abc"
			4 > R 9 1
			200 > . 4 1 "def"
			300 > . 7 1 "ghijkl"
			301 > R. 13 1`,
			"> 0 abc|> 3 def|> 6 RST|> 6 ghijkl|> 12 RST|end 12-0-0 0-0-0"},
		{"a RST overtakes", opened + `
			3 > R. 4 1
			4 > . 1 1 "abcdef"`,
			"> 0 abc|> 3 RST|> 3 def|end 6-0-0 0-0-0"},
		{"reset after a FIN", opened + `
			3 > F. 1 1 "abc"
			4 < . 1 5
			5 > R. 5 1`,
			"> 0 abc|> 3 FIN|> 3 RST|end 3-0-0 0-0-0"},
		{"refused", `
			0 > S 0 0
			1 < R. 0 1`,
			"< 0 RST|end 0-0-0 0-0-0"},
		{"what no window reaches", opened + `
			3 > . 1 1 "abc"
			4 > . 1500000000 1 "far"
			5 < . 1 1500000000
			6 > . 4 1 "def"`,
			"> 0 abc|> 3 def|end 6-0-0 0-0-0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &script{}
			play(t, s, c.in)
			if got := strings.Join(s.lines, "|"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", strings.ReplaceAll(got, "|", "\n"), strings.ReplaceAll(c.want, "|", "\n"))
			}
		})
	}
}

// bulk sends segments of 1,000 bytes to a Follower, without a decoder.
type bulk struct {
	f   *Follower
	seg capture.Segment
	at  record.Placement
	buf []byte
}

func newBulk(p Printer) *bulk {
	b := &bulk{f: New(p, all), at: record.Placement{Conn: 1, From: record.Orig}, buf: bytes.Repeat([]byte{'x'}, 1000)}
	b.send(0, 0)
	return b
}

// send sends n bytes from seq on.
func (b *bulk) send(seq uint32, n int) {
	b.seg.Packet++
	b.seg.Seq, b.seg.Len, b.seg.Captured, b.seg.Flags = seq, uint32(n), uint32(n), capture.ACK
	b.f.Segment(&b.at, &b.seg, b.buf[:n])
}

func TestWaitingIsBounded(t *testing.T) {
	for _, size := range []int{1, 1000} {
		s := &script{}
		b := newBulk(s)
		for i := range uint32(3 * maxChunks) {
			b.send(1000+2*i*uint32(size), size) // every second one is missing
			if w := &b.f.talks[0].streams[0].wait; w.bytes > maxHeld || w.len() > maxChunks || cap(w.chunks) > 4*maxChunks {
				t.Fatalf("%d pieces (room for %d) of %d bytes wait", w.len(), cap(w.chunks), w.bytes)
			}
		}
		b.f.Finish()
		if want := fmt.Sprintf("end %d-%d-0 0-0-0", 3*maxChunks*size, 1000+(3*maxChunks-1)*size); !slices.Contains(s.lines, want) {
			t.Errorf("%s, want %s", s.lines[len(s.lines)-1], want)
		}
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	s := &script{}
	f := New(s, all)
	for id := range uint64(10) {
		f.Segment(&record.Placement{Conn: id + 1}, &capture.Segment{Packet: id + 1, Flags: capture.SYN}, nil)
	}
	if len(f.talks) != maxTalks || f.Begun() != 10 || len(s.lines) != 10-maxTalks {
		t.Errorf("%d held of %d, %v", len(f.talks), f.Begun(), s.lines)
	}
	f.Segment(&record.Placement{From: record.NoEnd}, &capture.Segment{}, nil)
	f.Conn(&record.Record{ID: 10, Interim: true})
	if f.Begun() != 10 || len(f.talks) != maxTalks {
		t.Error("an interim record ended a connection, or a segment of none began one")
	}
}

// Bytes that wait for a time to pass come out without another packet.
func TestAdvance(t *testing.T) {
	s := &script{}
	b := newBulk(s)
	b.send(500, 100)
	b.seg.Flags, b.seg.Ack = capture.ACK, 600
	b.f.Segment(&record.Placement{Conn: 1, From: record.Resp}, &capture.Segment{Ack: 600, Flags: capture.ACK}, nil)
	b.f.Tick(&record.Tick{Time: grace - 1})
	if len(s.lines) != 0 {
		t.Fatalf("before the time: %v", s.lines)
	}
	b.f.Tick(&record.Tick{Time: grace})
	if len(s.lines) != 2 || s.lines[0] != "> 0 missing 500" {
		t.Errorf("%v", s.lines)
	}
}

// silent prints nothing.
type silent struct{ n int64 }

func (*silent) begin(*talk)      {}
func (s *silent) piece(p *piece) { s.n += p.n }
func (*silent) end(*talk)        {}
func (*silent) flush() error     { return nil }

func TestBytesInOrderDoNotAllocate(t *testing.T) {
	b := newBulk(&silent{})
	seq := uint32(0)
	for range 500 { // buffers grow to their size
		b.send(seq, 1000)
		seq += 1000
	}
	if n := testing.AllocsPerRun(1000, func() {
		b.send(seq, 1000)
		seq += 1000
	}); n != 0 {
		t.Errorf("%v allocations a segment", n)
	}
}

// fullDisk is a disk without room.
type fullDisk struct{}

var errFull = errors.New("full")

func (fullDisk) Write([]byte) (int, error)          { return 0, errFull }
func (fullDisk) WriteAt([]byte, int64) (int, error) { return 0, errFull }
func (fullDisk) Truncate(int64) error               { return errFull }

func TestOutputErrors(t *testing.T) {
	for _, p := range []Printer{NewText(fullDisk{}, TextOptions{}), NewRaw([2]File{fullDisk{}, fullDisk{}}, [2]string{})} {
		b := newBulk(p)
		b.send(0, 1000)
		if err := b.f.Finish(); !errors.Is(err, errFull) {
			t.Errorf("%T: %v", p, err)
		}
		if err := b.f.Tick(&record.Tick{Show: true}); !errors.Is(err, errFull) {
			t.Errorf("%T: %v", p, err)
		}
	}
}

func BenchmarkFollow(b *testing.B) {
	f := newBulk(&silent{})
	b.SetBytes(1000)
	b.ReportAllocs()
	for i := range b.N {
		f.send(uint32(i)*1000, 1000)
	}
}

// all chooses every connection.
func all(uint64, capture.Endpoint, capture.Endpoint) bool { return true }
