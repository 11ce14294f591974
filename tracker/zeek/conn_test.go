package zeek

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// parseSegment reads one line of a script: the sender (o or r), the flags as
// tcpdump writes them, seq, length of the payload, then, optionally, an
// acknowledgment (a), a window of zero (w0) and a cut payload (cut).
//
//	o S 100 0
//	r S. 300 0 a101
func parseSegment(t *testing.T, line string) (record.End, capture.Segment) {
	t.Helper()
	f := strings.Fields(line)
	if len(f) < 4 {
		t.Fatalf("script line %q: too short", line)
	}
	s := capture.Segment{Window: 1000}
	for _, c := range f[1] {
		switch c {
		case 'S':
			s.Flags |= capture.SYN
		case 'F':
			s.Flags |= capture.FIN
		case 'R':
			s.Flags |= capture.RST
		case 'P':
			s.Flags |= capture.PSH
		case '.':
			s.Flags |= capture.ACK
		case '-':
		default:
			t.Fatalf("script line %q: flag %c", line, c)
		}
	}
	number := func(x string) (n uint32) {
		if _, err := fmt.Sscan(x, &n); err != nil {
			t.Fatalf("script line %q: %v", line, err)
		}
		return n
	}
	s.Seq, s.Len = number(f[2]), number(f[3])
	s.Captured = s.Len
	for _, x := range f[4:] {
		switch {
		case x == "w0":
			s.Window = 0
		case x == "cut":
			s.Captured = 0
		case x[0] == 'a':
			s.Ack = number(x[1:])
		default:
			t.Fatalf("script line %q: %q", line, x)
		}
	}
	if f[0] == "o" {
		return record.Orig, s
	}
	return record.Resp, s
}

// run plays a script; "^" alone in a line flips, "# ..." is a comment.
func run(t *testing.T, script string) *Conn {
	t.Helper()
	z := new(Conn)
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line == "^":
			z.Flipped()
		default:
			from, s := parseSegment(t, line)
			z.Observe(from, &s)
		}
	}
	return z
}

const zeekOpen = `
	o S 100 0
	r S. 300 0 a101
	o . 101 0 a301
`

func TestZeekCodes(t *testing.T) {
	tests := []struct {
		name, script   string
		state, history string
		orig, resp     uint64
	}{
		{"nothing", "", "OTH", "", 0, 0},
		{"no answer", "o S 100 0", "S0", "S", 0, 0},
		{"SYN again", "o S 100 0\no S 100 0", "S0", "S", 0, 0},
		{"SYN with another number", "o S 100 0\no S 900 0", "S0", "S", 0, 0},
		// Zeek takes payload on a SYN, and on a RST, for a repeat.
		{"fast open", "o S 100 10\nr S. 300 0 a111", "S1", "STh", 10, 0},
		{"handshake", zeekOpen, "S1", "ShA", 0, 0},
		{"third ACK missing", "o S 100 0\nr S. 300 0 a101", "S1", "Sh", 0, 0},
		{"refused", "o S 100 0\nr R. 0 0 a101", "REJ", "Sr", 0, 0},
		{"refused twice", "o S 100 0\nr R. 0 0 a101\no S 100 0\nr R. 0 0 a101", "REJ", "Sr", 0, 0},
		{"opener gives up", "o S 100 0\no R 101 0", "RSTOS0", "SR", 0, 0},
		{"opener gives up after an odd ACK", "o S 100 0\nr . 7000 0 a5000\no R 5000 0", "RSTOS0", "SaR", 0, 0},
		{"SYN, then FIN", "o S 100 0\no F. 101 0 a5", "SH", "SF", 0, 0},
		{"both ends open", "o S 100 0\nr S 300 0\no S. 100 0 a301\nr S. 300 0 a101", "S1", "Ss", 0, 0},

		{"normal close", zeekOpen + `
			o P. 101 10 a301
			r . 301 0 a111
			r P. 301 20 a111
			o . 111 0 a321
			o F. 111 0 a321
			r F. 321 0 a112
			o . 112 0 a322`, "SF", "ShADadFf", 10, 20},
		{"data on the FINs", zeekOpen + `
			o FP. 101 10 a301
			r FP. 301 20 a112
			o . 112 0 a322`, "SF", "ShAFf", 10, 20},
		{"FIN again", zeekOpen + `
			o F. 101 0 a301
			o F. 101 0 a301`, "S2", "ShAF", 0, 0},
		{"FIN with another number", zeekOpen + `
			o F. 101 0 a301
			o F. 105 0 a301`, "S2", "ShAFF", 4, 0},
		{"responder half closes", zeekOpen + `
			r F. 301 0 a101
			o . 101 0 a302`, "S3", "ShAf", 0, 0},
		{"RST after both FINs", zeekOpen + `
			o F. 101 0 a301
			r F. 301 0 a102
			r R. 302 0 a102`, "SF", "ShAFfr", 0, 0},
		{"RST after the own FIN, then the peer's FIN", zeekOpen + `
			o F. 101 0 a301
			o R 102 0
			r F. 301 0 a102`, "SF", "ShAFRf", 0, 0},
		{"RST after the own FIN", zeekOpen + "o F. 101 0 a301\no R 102 0", "RSTO", "ShAFR", 0, 0},
		{"originator aborts", zeekOpen + "o P. 101 5 a301\no R. 106 0 a301", "RSTO", "ShADR", 5, 0},
		{"responder aborts", zeekOpen + "o P. 101 5 a301\nr R. 301 0 a106", "RSTR", "ShADr", 5, 0},
		{"responder aborts, both without data", zeekOpen + "o R. 101 0 a301\nr R 301 0", "REJ", "ShARr", 0, 0},
		{"RSTs with several numbers", zeekOpen + "r R 301 0\nr R 301 0\nr R 320 0\nr R 340 0", "RSTR", "ShArrr", 0, 0},
		{"payload of a RST does not count", zeekOpen + "r R. 301 30 a101", "RSTR", "ShArt", 0, 0},

		{"SYN missed", "^\nr S. 300 0 a101\no . 101 0 a301\no P. 101 10 a301\nr F. 301 0 a111\no F. 111 0 a302",
			"SF", "^hADfF", 10, 0},
		{"SYN and SYN/ACK in the wrong order", "^\nr S. 300 0 a101\no S 100 0\no . 101 0 a301", "S1", "^hSA", 0, 0},
		{"only the responder is seen", "^\nr S. 300 0 a101\nr P. 301 50 a140\nr . 351 0 a150\nr F. 351 0 a151",
			"SHR", "^hdaf", 0, 50},
		{"only the originator is seen", "o S 100 0\no . 101 0 a301\no P. 101 10 a301\no F. 111 0 a500",
			"SH", "SADF", 10, 0},
		{"a lone SYN/ACK is reset", "r S. 300 0 a101\no R 101 0", "RSTO", "hR", 0, 0},
		{"midstream", "o P. 1000 10 a5000\nr . 5000 0 a1010\nr P. 5000 7 a1010", "OTH", "Dad", 10, 7},
		{"midstream data from one end", "o P. 1000 10 a5000\no P. 1010 10 a5000", "OTH", "D", 20, 0},
		{"a lone RST", "o R 1000 0", "OTH", "R", 0, 0},
		{"a lone FIN", "o F. 1000 0 a5000", "SH", "F", 0, 0},
		{"midstream close", "o F. 1000 0 a5000\nr F. 5000 0 a1001", "SF", "Ff", 0, 0},
		{"midstream, reset by the responder", "r R 1000 0", "RSTRH", "r", 0, 0},

		{"retransmission", zeekOpen + `
			o P. 101 10 a301
			o P. 101 10 a301
			r . 301 0 a111`, "S1", "ShADTa", 10, 0},
		{"out of order counts as one too", zeekOpen + `
			o . 111 10 a301
			o . 101 10 a301`, "S1", "ShADT", 20, 0},
		{"ten retransmissions", zeekOpen + "o P. 101 10 a301\n" + strings.Repeat("o P. 101 10 a301\n", 99),
			"S1", "ShADTT", 10, 0},
		{"a hundred retransmissions", zeekOpen + "o P. 101 10 a301\n" + strings.Repeat("o P. 101 10 a301\n", 100),
			"S1", "ShADTTT", 10, 0},
		{"zero window", zeekOpen + "r . 301 0 a101 w0\nr . 301 0 a101 w0", "S1", "ShAaw", 0, 0},
		{"zero window of a RST or towards a closed end", zeekOpen + "o F. 101 0 a301\nr . 301 0 a102 w0\nr R. 301 0 a102 w0",
			"RSTR", "ShAFar", 0, 0},

		{"gap", zeekOpen + `
			o P. 101 10 a301
			r . 301 0 a131`, "S1", "ShADaG", 30, 0},
		{"two holes, acknowledged at once", zeekOpen + `
			o P. 111 10 a301
			o P. 131 10 a301
			r . 301 0 a141`, "S1", "ShADaG", 40, 0},
		{"a hole that is filled", zeekOpen + `
			o P. 111 10 a301
			o P. 101 10 a301
			r . 301 0 a121`, "S1", "ShADTa", 20, 0},
		{"snaplen cuts the payload", zeekOpen + `
			o P. 101 10 a301 cut
			r . 301 0 a111`, "S1", "ShADaG", 10, 0},
		{"no gap for an acknowledged FIN", zeekOpen + `
			o F. 101 0 a301
			r . 301 0 a102`, "S2", "ShAFa", 0, 0},
		{"a gap that the FIN shows", zeekOpen + `
			o F. 151 0 a301
			r . 301 0 a152`, "S2", "ShAFaG", 50, 0},
		{"no gap in a connection met midway", `
			o P. 1000 10 a5000
			r P. 5000 10 a1050`, "OTH", "Dd", 50, 10},
		{"no gap for what a RST acknowledges", zeekOpen + "r R. 301 0 a400", "RSTR", "ShAr", 0, 0},

		{"SYN and FIN", "o SF 100 0", "SH", "Q", 0, 0},
		{"FIN and RST", zeekOpen + "o FR. 101 0 a301", "RSTO", "ShAI", 0, 0},
		{"no flags at all", "o - 100 0", "OTH", "", 0, 0},

		{"numbers wrap", `
			o S 4294967290 0
			r S. 4294967295 0 a4294967291
			o . 4294967291 0 a0
			o P. 4294967291 10 a0
			r . 0 0 a5
			o P. 5 10 a0
			r P. 0 8 a15
			o . 15 0 a8`, "S1", "ShADad", 20, 8},
		{"the first number is 0", "o P. 0 10 a5000\nr . 5000 0 a10", "OTH", "Da", 10, 0},
		{"an acknowledgment of 0 is no number", zeekOpen + "o P. 101 3 a301\nr . 301 0 a0", "S1", "ShADa", 3, 0},
		{"a RST far ahead is not believed", zeekOpen + "o R 90000000 0", "RSTO", "ShAR", 0, 0},
		{"a FIN is believed when it is all there is", zeekOpen + "o F. 3000000100 0 a301", "S2", "ShAF", 2999999999, 0},
		{"half open, found out", "o S 100 0\nr . 300 0 a9000\no R 9000 0", "RSTOS0", "SaR", 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			z := run(t, tt.script)
			if got := string(z.History()); z.ConnState() != tt.state || got != tt.history {
				t.Errorf("%s %s, want %s %s", z.ConnState(), got, tt.state, tt.history)
			}
			if o, r := z.bytes(record.Orig), z.bytes(record.Resp); o != tt.orig || r != tt.resp {
				t.Errorf("bytes %d and %d, want %d and %d", o, r, tt.orig, tt.resp)
			}
		})
	}
}

// More than 4 GB each way: the numbers pass 2^32 twice.
func TestZeekCountsPastWraps(t *testing.T) {
	z := run(t, zeekOpen)
	const step, steps = 1 << 20, 9000
	o := capture.Segment{Seq: 101, Ack: 301, Len: step, Captured: step, Flags: capture.ACK, Window: 1}
	r := capture.Segment{Seq: 301, Flags: capture.ACK, Window: 1}
	for range steps {
		z.Observe(record.Orig, &o)
		o.Seq += step
		r.Ack = o.Seq
		z.Observe(record.Resp, &r)
	}
	if got, want := z.bytes(record.Orig), uint64(step*steps); got != want {
		t.Errorf("bytes %d, want %d", got, want)
	}
	if got := string(z.History()); got != "ShADa" {
		t.Errorf("history %s, want ShADa", got)
	}
}

// With more holes than are remembered, gaps are told fewer, never more.
func TestZeekManyHoles(t *testing.T) {
	z := run(t, zeekOpen)
	for i := range uint32(50) {
		z.Observe(record.Orig, &capture.Segment{Seq: 111 + 20*i, Ack: 301, Len: 10, Captured: 10, Flags: capture.ACK, Window: 1})
	}
	z.Observe(record.Resp, &capture.Segment{Seq: 301, Ack: 111 + 20*50, Flags: capture.ACK, Window: 1})
	if n := z.Ends[record.Orig].Counts[countGap]; n < 1 || n > spans+1 {
		t.Errorf("%d gaps, want 1 to %d", n, spans+1)
	}
	z.Observe(record.Resp, &capture.Segment{Seq: 301, Ack: 111 + 20*50, Flags: capture.ACK, Window: 1})
	if got := string(z.History()); got != "ShADaG" {
		t.Errorf("history %s, want ShADaG", got)
	}
}

func TestZeekHistoryIsBounded(t *testing.T) {
	z := new(Conn)
	for i := range uint32(1000) {
		z.Observe(record.Orig, &capture.Segment{Seq: 7 * i, Flags: capture.RST})
	}
	if got := string(z.History()); got != strings.Repeat("R", MaxHistory) {
		t.Errorf("history %s", got)
	}
}

func TestZeekIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(Conn{}); n > 128 {
		t.Errorf("zeek has %d bytes, want at most 128", n)
	}
}

func TestZeekDoesNotAllocate(t *testing.T) {
	z := run(t, zeekOpen)
	s := capture.Segment{Seq: 101, Ack: 301, Len: 100, Captured: 100, Flags: capture.ACK}
	n := testing.AllocsPerRun(1000, func() {
		z.Observe(record.Orig, &s)
		z.Observe(record.Resp, &capture.Segment{Seq: 301, Ack: s.Seq + 50, Flags: capture.ACK})
		s.Seq += 130
		_, _, _ = z.History(), z.ConnState(), z.bytes(record.Orig)
	})
	if n != 0 {
		t.Errorf("%v allocations a packet, want 0", n)
	}
}

func BenchmarkZeekObserve(b *testing.B) {
	z := new(Conn)
	s := capture.Segment{Seq: 101, Ack: 301, Len: 100, Captured: 100, Flags: capture.ACK, Window: 1}
	b.ReportAllocs()
	for b.Loop() {
		z.Observe(record.Orig, &s)
		s.Seq += 100
	}
}

// Any segments whatever: no panic, codes of the known alphabet, and stretches
// kept in order, apart and beyond what is put together.
func FuzzZeek(f *testing.F) {
	f.Add([]byte{0, 2, 0, 0, 1, 0, 1, 0x12, 3, 0, 2, 0, 0, 0x10, 1, 0, 4, 9})
	f.Add([]byte{1, 0x12, 0xff, 0xff, 0, 0, 0, 0x10, 0, 0, 0xff, 0xff, 0, 0x11, 1, 2, 3, 4, 1, 4, 4, 4, 4, 4})
	f.Add([]byte{0, 0x10, 0, 1, 0, 200, 0, 0x10, 0, 40, 0, 200, 1, 0x10, 0, 90, 0, 220, 0, 7, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		z := new(Conn)
		for ; len(b) >= 6; b = b[6:] {
			s := capture.Segment{
				Flags: capture.Flags(b[1]),
				Seq:   uint32(b[2])<<24 + uint32(b[3])*50,
				Ack:   uint32(b[4])<<24 + uint32(b[5])*50,
				Len:   uint32(b[0]&0x7e) * 20, Captured: uint32(b[0]&0x7e) * 20,
				Window: uint16(b[0] & 0x80),
			}
			z.Observe(record.End(b[0]&1), &s)
			for i := range z.Ends {
				r := &z.Ends[i].Stream
				at, ended := r.Next, false
				for _, s := range r.Above {
					if s.empty() {
						ended = true
						continue
					}
					if ended || !s.From.Less(s.To) || !at.Less(s.From) {
						t.Fatalf("stretches %v beyond %d", r.Above, r.Next)
					}
					at = s.To
				}
			}
		}
		if h := string(z.History()); strings.Trim(h, "SHADFRGTWIQshadfrgtwiq") != "" {
			t.Errorf("history %q", h)
		}
		if !strings.Contains(" S0 S1 S2 S3 SF SH SHR REJ RSTO RSTR RSTOS0 RSTRH OTH ", " "+z.ConnState()+" ") {
			t.Errorf("conn_state %q", z.ConnState())
		}
	})
}
