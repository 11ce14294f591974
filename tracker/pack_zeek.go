package tracker

import (
	"encoding/binary"

	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/zeek"
)

// zeek walks over Zeek's view of a connection.
func (w *packer[W]) zeek(n int, c *conn) int {
	z := &c.z
	head := uint64(z.NLetters) | uint64(z.Seen[record.Orig])<<8 | uint64(z.Seen[record.Resp])<<16 | asBit(z.Partial)<<24
	n = number(w, n, &head)
	if w.loads() {
		z.NLetters, z.Seen[record.Orig], z.Seen[record.Resp], z.Partial = uint8(head), zeek.Seen(head>>8), zeek.Seen(head>>16), head>>24 != 0
	}
	n = w.letters(n, z.Letters[:8])
	if z.NLetters > 8 {
		n = w.letters(n, z.Letters[8:16])
	}
	if z.NLetters > 16 {
		n = w.letters(n, z.Letters[zeek.MaxHistory-8:])
	}
	n = w.zeekEnd(n, &z.Ends[record.Orig], &c.ends[record.Orig])
	return w.zeekEnd(n, &z.Ends[record.Resp], &c.ends[record.Resp])
}

// letters are eight letters in one number.
func (w *packer[W]) letters(n int, text []byte) int {
	if x := w.at(n); w.loads() {
		binary.LittleEndian.PutUint64(text, *x)
	} else {
		*x = binary.LittleEndian.Uint64(text)
	}
	return n + 1
}

func (w *packer[W]) zeekEnd(n int, z *zeek.Endpoint, e *endpoint) int {
	const (
		more = 1 << (16 + iota)
		fin
		wide  // numbers apart
		start // not its isn
		odd
	)
	head, near := uint64(0), e.stream.Next()-reassembly.Seq(z.Start)
	if !w.loads() && z.Started() {
		head = uint64(z.State) | uint64(z.Was)<<8 | more | asBit(z.FIN != 0)*fin | asBit(z.Start != uint32(e.isn))*start |
			asBit(z.LastTurns|z.AckTurns != 0 || z.RST != 0 || z.Stream.Holes())*odd
		last, ack, next := apart(z.Last, near), apart(z.Ack, z.Last), apart(z.Stream.Next, z.Last)
		end := apart(z.FIN, z.Last) * uint32(asBit(z.FIN != 0))
		if last|ack|next|end < 1<<8 {
			head |= uint64(last)<<32 | uint64(ack)<<40 | uint64(next)<<48 | uint64(end)<<56
		} else {
			head |= wide
		}
	}
	if n = number(w, n, &head); head == 0 {
		return n
	}
	if w.loads() {
		z.State, z.Was, z.Start = zeek.State(head), zeek.State(head>>8), uint32(e.isn)
	}
	if head&start != 0 {
		n = number(w, n, &z.Start)
	}
	if w.loads() {
		near = e.stream.Next() - reassembly.Seq(z.Start)
		z.Last = beside(near, uint32(head>>32&0xff))
		z.Ack, z.Stream.Next = beside(z.Last, uint32(head>>40&0xff)), beside(z.Last, uint32(head>>48&0xff))
		if head&fin != 0 {
			z.FIN = beside(z.Last, uint32(head>>56))
		}
	}
	if head&wide != 0 {
		n = w.seq(n, &z.Last, near)
		n = w.seq(n, &z.Ack, z.Last)
		n = w.seq(n, &z.Stream.Next, z.Last)
		n = number(w, n, &z.FIN)
	}
	counts := uint64(z.Counts[0]) | uint64(z.Counts[1])<<16 | uint64(z.Counts[2])<<32
	n = number(w, n, &counts)
	if w.loads() {
		z.Counts = [zeek.NCounts]uint16{uint16(counts), uint16(counts >> 16), uint16(counts >> 32)}
	}
	if head&odd == 0 {
		return n
	}
	n = number(w, n, &z.LastTurns)
	n = number(w, n, &z.AckTurns)
	n = number(w, n, &z.RST)
	for i := range z.Stream.Above {
		n = number(w, n, &z.Stream.Above[i].From)
		n = number(w, n, &z.Stream.Above[i].To)
	}
	return n
}
