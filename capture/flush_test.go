package capture_test

import (
	"testing"

	"tcpwatch/capture"
)

func TestFlush(t *testing.T) {
	whole := four()[20:]
	end := len(whole)
	for _, c := range []struct {
		name   string
		pieces []piece
		length uint32 // of the payload; the header has 20 bytes and its options
		ok     bool
	}{
		{"the last piece missing", []piece{{0, 40, false}}, 40, true},
		{"a piece missing between", []piece{{0, 40, false}, {48, end, true}}, 40, true},
		{"the first piece missing", []piece{{24, end, true}}, 0, false},
		{"the header is not whole", []piece{{0, 16, false}}, 0, false},
		{"nothing missing", []piece{{0, 24, false}, {24, end, true}}, 0, false},
	} {
		d := capture.NewDecoder(capture.DecoderOptions{})
		for i, f := range c.pieces {
			p := raw(f.four(9, whole))
			p.Number, p.Time = uint64(i+5), int64(i+5)
			d.Decode(p)
		}
		waiting := d.Skipped[capture.SkipFragment]
		if got := d.Flush(); got != c.ok {
			t.Errorf("%s: Flush = %v, want %v", c.name, got, c.ok)
			continue
		}
		if !c.ok {
			if d.Skipped[capture.SkipFragment] != waiting {
				t.Errorf("%s: %d fragments counted, %d before", c.name, d.Skipped[capture.SkipFragment], waiting)
			}
			continue
		}
		s := &d.Segment
		header := uint32(whole[12]>>4) * 4
		if s.Packet != 5 || s.Time != 5 || s.Len != c.length-header || s.Marks&capture.MarkFragmented == 0 {
			t.Errorf("%s: %+v", c.name, s)
		}
		if d.Skipped[capture.SkipFragment] != waiting-1 {
			t.Errorf("%s: still counted as a fragment that told nothing", c.name)
		}
		if d.Flush() {
			t.Errorf("%s: told twice", c.name)
		}
	}
}
