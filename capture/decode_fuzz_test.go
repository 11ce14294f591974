package capture_test

import (
	"bytes"
	"testing"

	"tcpwatch/capture"
	. "tcpwatch/capture/capturetest"
)

// decodeAny decodes data as any link type, and checks what has to hold of
// whatever comes out.
func decodeAny(t *testing.T, d *capture.Decoder, p *capture.Packet) {
	d.Segment, d.Quote = capture.Segment{}, capture.Quote{}
	before := d.Skipped
	o := d.Decode(p)
	if (o == capture.OutcomeSkipped) != (d.Skip != capture.SkipNone) {
		t.Fatalf("outcome %d, skipped as %q", o, d.Skip)
	}
	moved := before[capture.SkipFragmentLimit] != d.Skipped[capture.SkipFragmentLimit]
	if o == capture.OutcomeSkipped && !moved && d.Skipped[d.Skip] != before[d.Skip]+1 {
		t.Fatalf("%q was not counted", d.Skip)
	}
	frames := 0
	for more := true; more; o, more = d.Again() {
		frames++
		if frames > len(p.Data)+1 {
			t.Fatalf("%d frames in %d bytes", frames, len(p.Data))
		}
		if o == capture.OutcomeSegment {
			checkSegment(t, d, p)
		}
	}
	total := uint64(0)
	for i, n := range d.Skipped {
		if r := capture.SkipReason(i); r != capture.SkipFragment && r != capture.SkipFragmentLimit {
			total += n - before[i]
		}
	}
	if total > 1 {
		t.Fatalf("one packet counted as skipped %d times", total)
	}
}

func checkSegment(t *testing.T, d *capture.Decoder, p *capture.Packet) {
	s := &d.Segment
	if int(s.Captured) != len(d.Payload) || s.Captured > s.Len || s.Captured < s.Len != (s.Marks&capture.MarkTruncated != 0) {
		t.Fatalf("%d captured of %d, %d given: %+v", s.Captured, s.Len, len(d.Payload), s)
	}
	if s.Marks&capture.MarkFragmented == 0 && !bytes.Contains(p.Data, d.Payload) {
		t.Fatalf("payload is not in the packet: %+v", s)
	}
	if int(s.NVLAN) > len(s.VLAN) || int(s.NSACK) > len(s.SACK) || s.Marks&capture.MarkChecksumOK != 0 && s.Marks&(capture.MarkBadChecksum|capture.MarkTruncated) != 0 {
		t.Fatalf("%+v", s)
	}
}

// fuzzLinks fuzzes the carriages of some link types.
func fuzzLinks(f *testing.F, links func(capture.LinkType) bool) {
	for _, c := range carriages() {
		if links(c.link) {
			f.Add(uint16(c.link), uint16(0), c.data)
			f.Add(uint16(c.link), uint16(40), c.data[:len(c.data)-40])
		}
	}
	f.Fuzz(func(t *testing.T, link, missing uint16, data []byte) {
		d := capture.NewDecoder(capture.DecoderOptions{VerifyChecksums: true})
		p := capture.Packet{Data: data[:len(data):len(data)], Length: len(data) + int(missing), Link: capture.LinkType(link)}
		decodeAny(t, d, &p)
		decodeAny(t, d, &p) // what was fragmented may be complete now
	})
}

func FuzzDecodeEthernet(f *testing.F) {
	fuzzLinks(f, func(l capture.LinkType) bool { return l == capture.LinkEthernet })
}

func FuzzDecodeIP(f *testing.F) {
	f.Add(uint16(capture.LinkIEEE80211), uint16(0), frames(SNAP(TypeIPv4, four()), SNAP(TypeIPv6, six())))
	f.Add(uint16(capture.LinkRaw), uint16(0), error4(3, 4, 1400, quoted4()))
	f.Add(uint16(capture.LinkRaw), uint16(0), error6(2, 0, 1280, six()))
	f.Add(uint16(capture.LinkRaw), uint16(0), piece{0, 54, true}.six(1, six()[40:]))
	f.Add(uint16(capture.LinkRaw), uint16(0), piece{0, 48, false}.four(1, four()[20:]))
	fuzzLinks(f, func(l capture.LinkType) bool {
		return l == capture.LinkRaw || l == capture.LinkIPv4 || l == capture.LinkIPv6
	})
}

func FuzzDecodeOtherLinks(f *testing.F) {
	fuzzLinks(f, func(l capture.LinkType) bool { return l != capture.LinkEthernet && l != capture.LinkRaw })
}

// slowDatagram puts fragments together in the plainest way.
type slowDatagram struct {
	data  [65536]byte
	known [65536]bool
	first bool
	total int
	upTo  int
}

func (m *slowDatagram) put(offset int, more bool, b []byte) {
	if more {
		b = b[:len(b)/8*8]
	}
	end := offset + len(b)
	if len(b) == 0 || end > 65535 {
		return
	}
	m.first = m.first || offset == 0
	if m.total >= 0 && (end > m.total || !more && end != m.total) || !more && m.total < 0 && end < m.upTo {
		return
	}
	if !more && m.total < 0 {
		m.total = end
	}
	m.upTo = max(m.upTo, end)
	for i, x := range b {
		if !m.known[offset+i] {
			m.known[offset+i], m.data[offset+i] = true, x
		}
	}
}

// whole is the datagram when it is complete, else nil.
func (m *slowDatagram) whole() []byte {
	if !m.first || m.total < 0 {
		return nil
	}
	for _, k := range m.known[:m.total] {
		if !k {
			return nil
		}
	}
	return m.data[:m.total]
}

// FuzzFragments reads 4 bytes a fragment (offset in units of 8, length in
// bytes, bits of length and more fragments, what it is filled with) and
// compares with slowDatagram.
func FuzzFragments(f *testing.F) {
	f.Add([]byte{0, 16, 1, 1, 2, 24, 1, 2, 5, 9, 0, 3})
	f.Add([]byte{5, 9, 0, 3, 2, 24, 1, 2, 0, 16, 1, 1})
	f.Add([]byte{0, 32, 1, 1, 2, 24, 1, 2, 5, 9, 0, 3, 0, 40, 1, 7})
	f.Add([]byte{0, 24, 1, 1, 2, 4, 0, 2, 3, 9, 0, 3})
	f.Fuzz(func(t *testing.T, script []byte) {
		d := capture.NewDecoder(capture.DecoderOptions{})
		m := &slowDatagram{total: -1}
		for ; len(script) >= 4; script = script[4:] {
			offset, more := int(script[0])*8, script[2]&1 != 0
			b := make([]byte, int(script[1])|int(script[2]&6)<<7)
			for i := range b {
				b[i] = script[3]
			}
			if offset == 0 && len(b) >= 20 {
				copy(b, TCP{Src: uint16(script[3]), Dst: 2, Flags: 16}.Bytes())
			}
			if offset == 0 && !more {
				continue // no fragment
			}
			packet := raw(IPv4Header{Src: "10.0.0.1", Dst: "10.0.0.2", Proto: 6, ID: 1, Offset: offset, More: more}.Bytes(b))
			decodeAny(t, d, packet)
			m.put(offset, more, b)
			whole := m.whole()
			if whole == nil {
				if d.Skip != capture.SkipFragment && d.Skip != capture.SkipMalformed {
					t.Fatalf("not complete, but skip is %q", d.Skip)
				}
				continue
			}
			if len(whole) < 20 {
				if d.Skip != capture.SkipMalformed {
					t.Fatalf("%d bytes of TCP: skipped as %q", len(whole), d.Skip)
				}
			} else if header := int(whole[12]>>4) * 4; header >= 20 && header <= len(whole) {
				if d.Skip != capture.SkipNone || !bytes.Equal(d.Payload, whole[header:]) {
					t.Fatalf("skipped as %q, payload %x, want %x", d.Skip, d.Payload, whole[header:])
				}
			}
			m = &slowDatagram{total: -1}
		}
	})
}
