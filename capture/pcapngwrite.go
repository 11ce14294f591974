package capture

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"unicode/utf8"
)

// Codes of options that are only written (draft-ietf-opsawg-pcapng sections
// 3.5 and 4.1).
const (
	optionComment     = 1 // opt_comment
	optionApplication = 4 // shb_userappl
)

// MaxComment is how many bytes of a packet's comment are written.
const MaxComment = 16 << 10

// PcapngWriter writes a pcapng file of one section: packets as they were
// captured, each on an interface like the one it came from, with a comment
// where there is something to say.
type PcapngWriter struct {
	w          *bufio.Writer
	interfaces map[describedAs]pcapngInterface
	buf        []byte
}

// pcapngInterface is an interface that was described in the file.
type pcapngInterface struct {
	id   uint32
	unit int64 // nanoseconds in a tick
}

// NewPcapngWriter writes the section header, with the application's name.
func NewPcapngWriter(w io.Writer, application string) (*PcapngWriter, error) {
	pw := &PcapngWriter{w: bufio.NewWriterSize(w, firstBlock), interfaces: make(map[describedAs]pcapngInterface)}
	order := binary.NativeEndian
	b := pw.begin(blockSection)
	b = order.AppendUint32(b, byteOrderMagic)
	b = order.AppendUint16(b, 1)          // major version
	b = order.AppendUint16(b, 0)          // minor
	b = order.AppendUint64(b, ^uint64(0)) // the section's length is not known
	b = appendOption(b, optionApplication, application)
	return pw, pw.end(appendOption(b, optionEnd, ""))
}

// WritePacket adds a packet that came from an interface; of those, the ones
// with the same Packet.Interface and description become one. A comment longer
// than MaxComment is cut; it is for the caller to make it harmless. A time
// before 1970 is written as 1970. After an error nothing more is written.
func (pw *PcapngWriter) WritePacket(p *Packet, on Interface, comment string) error {
	if on.Link != p.Link {
		return fmt.Errorf("packet %d is of link type %s and its interface of %s", p.Number, p.Link, on.Link)
	}
	i, err := pw.describe(describedAs{on, p.Interface})
	if err != nil {
		return err
	}
	order := binary.NativeEndian
	ticks := uint64(max(p.Time, 0) / i.unit)
	b := pw.begin(blockEnhanced)
	b = order.AppendUint32(b, i.id)
	b = order.AppendUint32(b, uint32(ticks>>32))
	b = order.AppendUint32(b, uint32(ticks))
	b = order.AppendUint32(b, uint32(len(p.Data)))
	b = order.AppendUint32(b, uint32(p.Length))
	b = pad(append(b, p.Data...))
	if comment != "" {
		b = appendOption(b, optionComment, cut(comment, MaxComment))
		b = appendOption(b, optionEnd, "")
	}
	return pw.end(b)
}

// Flush writes what is still held back.
func (pw *PcapngWriter) Flush() error { return pw.w.Flush() }

// describe writes the description of an interface that is new.
func (pw *PcapngWriter) describe(as describedAs) (pcapngInterface, error) {
	if i, ok := pw.interfaces[as]; ok {
		return i, nil
	}
	if len(pw.interfaces) == mostInterfaces {
		return pcapngInterface{}, fmt.Errorf("more than %d interfaces", mostInterfaces)
	}
	i := pcapngInterface{id: uint32(len(pw.interfaces)), unit: 1}
	resolution := as.Resolution
	if resolution > 9 {
		resolution = 9 // a packet's time has no more than nanoseconds
	}
	for range 9 - resolution {
		i.unit *= 10
	}
	link := as.Link
	if link == LinkRaw12 || link == LinkRaw14 {
		link = LinkRaw // the one that means the same everywhere
	}
	order := binary.NativeEndian
	b := pw.begin(blockInterface)
	b = order.AppendUint16(b, uint16(link))
	b = order.AppendUint16(b, 0) // reserved
	b = order.AppendUint32(b, uint32(as.Snaplen))
	if as.Name != "" {
		b = appendOption(b, optionName, as.Name)
	}
	b = appendOption(b, optionResolution, string([]byte{resolution}))
	pw.interfaces[as] = i
	return i, pw.end(appendOption(b, optionEnd, ""))
}

// begin begins a block; end writes it, with its length before and behind it.
func (pw *PcapngWriter) begin(kind uint32) []byte {
	b := binary.NativeEndian.AppendUint32(pw.buf[:0], kind)
	return append(b, 0, 0, 0, 0)
}

func (pw *PcapngWriter) end(b []byte) error {
	size := uint32(len(b) + 4)
	binary.NativeEndian.PutUint32(b[4:], size)
	pw.buf = binary.NativeEndian.AppendUint32(b, size)
	_, err := pw.w.Write(pw.buf)
	return err
}

// appendOption appends an option.
func appendOption(b []byte, code uint16, value string) []byte {
	b = binary.NativeEndian.AppendUint16(b, code)
	b = binary.NativeEndian.AppendUint16(b, uint16(len(value)))
	return pad(append(b, value...))
}

// pad fills up to 32 bits. All that stands in a block before b's end is aligned.
func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// cut is the first n bytes of s, without the part of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
