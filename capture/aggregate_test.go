package capture_test

import (
	"testing"

	"tcpwatch/capture"
	. "tcpwatch/capture/capturetest"
)

// frames is an aggregate of 802.11 of some frames, all but the last padded.
func frames(all ...[]byte) []byte {
	b := join(wifi(0x88, 1, 24), []byte{0x80, 0})
	for i, f := range all {
		b = append(b, Ethernet8023(f)...)
		for i < len(all)-1 && (len(b)-26)%4 != 0 {
			b = append(b, 0)
		}
	}
	return b
}

// Every frame of an aggregate is read, with the packet's number, and what one is
// carried in says nothing of the next.
func TestAggregate(t *testing.T) {
	arp := SNAP(0x0806, make([]byte, 28))
	plain := SNAP(TypeIPv4, four())
	tagged := SNAP(TypeVLAN, Tag(11, TypeIPv6, six()))
	tunnelled := SNAP(TypeIPv4, IPv4("192.0.2.1", "192.0.2.2", 17, UDP(1, 4789, VXLAN(7, Ethernet(TypeIPv4, four())))))
	ask := SNAP(TypeIPv4, error4(3, 4, 1400, quoted4()))
	for _, x := range []struct {
		name              string
		frames            [][]byte
		segments, quotes  int
		skipped, tunnelAt int // packets counted as skipped; which segment has the tunnel
	}{
		{"one", [][]byte{plain}, 1, 0, 0, -1},
		{"two", [][]byte{plain, plain}, 2, 0, 0, -1},
		{"four kinds", [][]byte{tagged, tunnelled, plain, ask}, 3, 1, 0, 1},
		{"first nothing", [][]byte{arp, plain}, 1, 0, 0, -1},
		{"last nothing", [][]byte{plain, arp, arp}, 1, 0, 0, -1},
		{"nothing", [][]byte{arp, arp}, 0, 0, 1, -1},
	} {
		d := capture.NewDecoder(capture.DecoderOptions{VerifyChecksums: true})
		data := frames(x.frames...)
		p := capture.Packet{Number: 9, Data: data, Length: len(data), Link: capture.LinkIEEE80211}
		segments, quotes, n := 0, 0, 0
		for o, more := d.Decode(&p), true; more; o, more = d.Again() {
			n++
			switch o {
			case capture.OutcomeQuote:
				quotes++
			case capture.OutcomeSegment:
				c := carried{name: x.name}
				if segments == x.tunnelAt {
					c.tunnel, c.id, c.part = capture.TunnelVXLAN, 7, true
				}
				if n == 1 && x.name == "four kinds" {
					c.vlans = []uint16{11}
				}
				c.check(t, d)
				if s := &d.Segment; s.Packet != 9 || s.Len != uint32(len(theSegment.Payload)) || s.Marks&capture.MarkChecksumOK == 0 {
					t.Errorf("%s: %+v", x.name, s)
				}
				segments++
			}
		}
		total := 0
		for _, n := range d.Skipped {
			total += int(n)
		}
		if segments != x.segments || quotes != x.quotes || n != len(x.frames) || total != x.skipped {
			t.Errorf("%s: %d segments, %d quotes in %d frames, %d skipped", x.name, segments, quotes, n, total)
		}
		// A frame that nobody asked for is not the next packet's.
		d.Decode(&p)
		next := Ethernet(TypeIPv4, four())
		d.Decode(&capture.Packet{Data: next, Length: len(next), Link: capture.LinkEthernet})
		if _, more := d.Again(); more {
			t.Errorf("%s: a frame of the packet before", x.name)
		}
		if n := testing.AllocsPerRun(100, func() {
			d.Decode(&p)
			for more := true; more; _, more = d.Again() {
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", x.name, n)
		}
	}
}

// What IPComp has left as it was is read, the rest is skipped as compressed.
func TestIPComp(t *testing.T) {
	ipComp := func(next byte, parameter byte, payload []byte) []byte {
		return outer(108, join([]byte{next, 0, 0, parameter}, payload))
	}
	stored := func(b []byte) []byte {
		n := len(b)
		return join([]byte{1, byte(n), byte(n >> 8), ^byte(n), ^byte(n >> 8)}, b)
	}
	transport := IPv4("10.0.0.1", "10.0.0.2", 108, join([]byte{6, 0, 0, 2}, four()[20:]))
	wrong := four()
	wrong[10]++
	for _, x := range []struct {
		name string
		data []byte
		want capture.Outcome
	}{
		{"IPv4", ipComp(4, 3, four()), capture.OutcomeSegment},
		{"IPv6", ipComp(41, 3, six()), capture.OutcomeSegment},
		{"TCP", Ethernet(TypeIPv4, transport), capture.OutcomeSegment},
		{"a stored block", ipComp(4, 2, stored(four())), capture.OutcomeSegment},
		{"compressed", ipComp(4, 2, []byte("E compressed block of data, or of what looks like it")), capture.OutcomeSkipped},
		{"IPv4 with a wrong checksum", ipComp(4, 2, wrong), capture.OutcomeSkipped},
		{"another length", ipComp(41, 2, append(six(), 1)), capture.OutcomeSkipped},
	} {
		d := capture.NewDecoder(capture.DecoderOptions{})
		o := d.Decode(&capture.Packet{Data: x.data, Length: len(x.data), Link: capture.LinkEthernet})
		if o != x.want || o == capture.OutcomeSkipped && d.Skip != capture.SkipCompressed || o == capture.OutcomeSegment && d.Segment.Seq != theSegment.Seq {
			t.Errorf("%s: outcome %d, skipped as %q", x.name, o, d.Skip)
		}
	}
}
