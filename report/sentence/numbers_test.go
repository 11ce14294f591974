package sentence

import (
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// SACK blocks are counted as the ACK is, and a first block that came before is a D-SACK.
func TestBlocks(t *testing.T) {
	block := func(left, right uint32) capture.SACKBlock { return capture.SACKBlock{Left: left, Right: right} }
	const isn = uint32(0xffff_ff00) // numbers go round
	for _, x := range []struct {
		name string
		ack  uint32 // relative
		all  []capture.SACKBlock
		want string
	}{
		{"none", 1461, nil, ""},
		{"one", 1461, []capture.SACKBlock{block(2921, 4381)}, "sack 2921:4381"},
		{"two", 1461, []capture.SACKBlock{block(5841, 7301), block(2921, 4381)}, "sack 5841:7301 sack 2921:4381"},
		{"four", 1, []capture.SACKBlock{block(9, 10), block(7, 8), block(5, 6), block(3, 4)}, "sack 9:10 sack 7:8 +2"},
		{"came twice, below the ACK", 2921, []capture.SACKBlock{block(1, 1461)}, "dsack 1:1461"},
		{"came twice, within a block", 1461, []capture.SACKBlock{block(4381, 5841), block(2921, 7301)}, "dsack 4381:5841 sack 2921:7301"},
	} {
		g := &capture.Segment{Flags: capture.ACK, Ack: isn + x.ack, NSACK: uint8(len(x.all))}
		for i, b := range x.all {
			g.SACK[i] = block(isn+b.Left, isn+b.Right)
		}
		if got := blocks(g, x.ack); got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
}

// A window is told where it has little room or opens again, and where its scale is known.
func TestWindow(t *testing.T) {
	syn := func(from record.End, shift uint8, scaled bool) *capture.Segment {
		g := &capture.Segment{Flags: capture.SYN, MSS: 1000, WScale: shift}
		if from == record.Resp {
			g.Flags |= capture.ACK
		}
		if scaled {
			g.Options = capture.OptWScale
		}
		return g
	}
	ack := func(window uint16) *capture.Segment { return &capture.Segment{Flags: capture.ACK, Window: window} }
	open := func(orig, resp bool) *Teller {
		f := NewTeller(Phrases{})
		f.Take(&record.Step{Segment: syn(record.Orig, 7, orig), From: record.Orig})
		f.Take(&record.Step{Segment: syn(record.Resp, 2, resp), From: record.Resp})
		return &f
	}
	for _, x := range []struct {
		name    string
		f       *Teller
		windows []uint16 // of the server, one after the other
		want    []uint32 // 0: not told
	}{
		{"room enough", open(true, true), []uint16{500}, []uint32{0}},
		{"less than two segments", open(true, true), []uint16{499}, []uint32{1996}},
		{"no scale where the other end offered none", open(false, true), []uint16{1999, 2000}, []uint32{1999, 0}},
		{"opens again", open(true, true), []uint16{0, 10000, 10000}, []uint32{0, 40000, 0}},
		{"the SYN was not captured", new(NewTeller(Phrases{})), []uint16{10}, []uint32{0}},
	} {
		for i, window := range x.windows {
			got := x.f.Take(&record.Step{Segment: ack(window), From: record.Resp}).Window
			if got.V != x.want[i] || got.OK != (x.want[i] > 0) {
				t.Errorf("%s: %d is told as %+v, want %d", x.name, window, got, x.want[i])
			}
		}
	}
}
