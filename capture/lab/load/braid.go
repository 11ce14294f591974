package load

import (
	"io"

	"tcpwatch/capture"
)

// strand is packets in the order of their times. pull puts the next one into
// the packet, or says io.EOF.
type strand struct {
	pull func(*capture.Packet) error
	next capture.Packet
}

// braid writes the packets of all strands in the order of their times, and
// returns how many. There are few strands, so looking at all of them is quick.
func braid(w io.Writer, snaplen int, strands []*strand) (packets int, err error) {
	out, err := capture.NewPcapWriter(w, capture.LinkEthernet, snaplen, false)
	if err != nil {
		return 0, err
	}
	rest := strands[:0:0]
	for _, s := range strands {
		switch err := s.pull(&s.next); err {
		case nil:
			rest = append(rest, s)
		case io.EOF:
		default:
			return 0, err
		}
	}
	for ; len(rest) > 0; packets++ {
		first := 0
		for i, s := range rest {
			if s.next.Time < rest[first].next.Time {
				first = i
			}
		}
		s := rest[first]
		s.next.Link = capture.LinkEthernet
		if err := out.WritePacket(&s.next); err != nil {
			return 0, err
		}
		switch err := s.pull(&s.next); err {
		case nil:
		case io.EOF:
			rest = append(rest[:first], rest[first+1:]...)
		default:
			return 0, err
		}
	}
	return packets, out.Flush()
}

// copies is the strand of frame k of a template in the guises 0 to n-1. A guise
// begins at a time that does not go back; ok leaves it out.
func (t *template) copies(n, k, snaplen int, of func(i int) (g guise, begin int64, ok bool)) *strand {
	var b []byte
	i, offset := 0, t.frames[k].Time-t.frames[0].Time
	return &strand{pull: func(p *capture.Packet) error {
		for ; i < n; i++ {
			g, begin, ok := of(i)
			if !ok {
				continue
			}
			i++
			b = t.rewrite(b, k, g)
			p.Time, p.Data, p.Length = begin+offset, b[:min(len(b), snaplen)], t.frames[k].Length
			return nil
		}
		return io.EOF
	}}
}
