package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// recognise finds the format by its magic number and takes the file header.
// The file's interfaces are added to all.
func recognise(in *buffer, all *described) (format, error) {
	b := in.peek(4)
	if b == nil {
		if in.end == 0 && errors.Is(in.err, io.EOF) {
			return nil, errors.New("empty file")
		}
		if !errors.Is(in.err, io.EOF) {
			return nil, unreadable(in.err)
		}
		return nil, fmt.Errorf("not a capture file (%d bytes)", in.end)
	}
	little, big := binary.LittleEndian.Uint32(b), binary.BigEndian.Uint32(b)
	switch {
	case isPcap(little), isPcap(big):
		return newPcapFile(in, all)
	case little == blockSection:
		return newPcapngFile(in, all)
	}
	for _, known := range [...]struct{ magic, what string }{
		{"BZh", "compressed with bzip2: unpack it first"},
		{"\xfd7zX", "compressed with xz: unpack it first"},
		{"\x04\x22\x4d\x18", "compressed with lz4: unpack it first"},
		{"PK\x03\x04", "a zip archive: unpack it first"},
		{"7z\xbc\xaf", "a 7z archive: unpack it first"},
		{"PAR1", "Parquet: tcpwatch report reads connections that are kept so"},
		{"snoo", "a snoop capture: convert it first"},
	} {
		if strings.HasPrefix(string(b), known.magic) {
			return nil, fmt.Errorf("not a capture file (%s)", known.what)
		}
	}
	if isGzip(b) || isZstd(b) {
		return nil, fmt.Errorf("not a capture file (compressed more than %d times: unpack it first)", mostLayers)
	}
	return nil, fmt.Errorf("not a capture file (it begins with %x, which is neither pcap nor pcapng)", b)
}

// looksLikeCapture reports whether a file begins as a capture does, or as one that is compressed.
func looksLikeCapture(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	little, big := binary.LittleEndian.Uint32(b), binary.BigEndian.Uint32(b)
	return isPcap(little) || isPcap(big) || little == blockSection || isGzip(b) || isZstd(b)
}

// unreadable is an error of reading or unpacking what comes before the first packet.
func unreadable(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the compressed file ends before its first packet")
	}
	return fmt.Errorf("cannot be read: %w", cause(err))
}

// mostInterfaces bounds the interfaces of a file, and of a section of it.
const mostInterfaces = 1 << 16

// described are the interfaces of a file, in the order of their first description.
type described struct {
	interfaces []Interface
	index      map[describedAs]int
}

// describedAs tells whether interfaces of two sections are the same one: same
// position, same description.
type describedAs struct {
	Interface
	position int
}

// add returns the place of an interface among the file's; false when there
// are too many.
func (d *described) add(as describedAs) (index int, ok bool) {
	if index, ok = d.index[as]; ok {
		return index, true
	}
	index = len(d.interfaces)
	if index == mostInterfaces {
		return 0, false
	}
	if d.index == nil {
		d.index = make(map[describedAs]int)
	}
	d.index[as] = index
	d.interfaces = append(d.interfaces, as.Interface)
	return index, true
}
