package capture

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// PcapWriter writes a pcap file, the same bytes as tcpdump -w.
type PcapWriter struct {
	w      *bufio.Writer
	link   LinkType
	unit   int64 // nanoseconds in a unit of the fraction
	header [16]byte
}

// NewPcapWriter writes the file header. The snaplen is that of the capture, in
// bytes; nano keeps nanoseconds, otherwise microseconds, cut off, are kept.
func NewPcapWriter(w io.Writer, link LinkType, snaplen int, nano bool) (*PcapWriter, error) {
	pw := &PcapWriter{w: bufio.NewWriterSize(w, firstBlock), link: link, unit: 1000}
	magic := uint32(pcapMicro)
	if nano {
		magic, pw.unit = pcapNano, 1
	}
	number := link
	if link == LinkRaw12 || link == LinkRaw14 {
		number = LinkRaw // the one that means the same everywhere
	}
	order := binary.NativeEndian
	h := order.AppendUint32(nil, magic)
	h = order.AppendUint16(h, 2)
	h = order.AppendUint16(h, 4)
	h = append(h, make([]byte, 8)...) // time zone and accuracy: always 0
	h = order.AppendUint32(h, uint32(snaplen))
	h = order.AppendUint32(h, uint32(number))
	if _, err := pw.w.Write(h); err != nil {
		return nil, err
	}
	return pw, nil
}

// WritePacket adds a packet, which must be of the file's link type. After an
// error nothing more is written.
func (pw *PcapWriter) WritePacket(p *Packet) error {
	if p.Link != pw.link {
		return fmt.Errorf("packet %d is of link type %s and cannot be written into a file of %s", p.Number, p.Link, pw.link)
	}
	sec := p.Time / 1e9
	frac := p.Time % 1e9
	if frac < 0 {
		sec, frac = sec-1, frac+1e9
	}
	h := pw.header[:]
	binary.NativeEndian.PutUint32(h, uint32(sec))
	binary.NativeEndian.PutUint32(h[4:], uint32(frac/pw.unit))
	binary.NativeEndian.PutUint32(h[8:], uint32(len(p.Data)))
	binary.NativeEndian.PutUint32(h[12:], uint32(p.Length))
	if _, err := pw.w.Write(h); err != nil {
		return err
	}
	_, err := pw.w.Write(p.Data)
	return err
}

// Flush writes what is still held back.
func (pw *PcapWriter) Flush() error { return pw.w.Flush() }
