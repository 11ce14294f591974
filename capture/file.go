package capture

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
)

// Interface is one of a file's interfaces, as its writer described it. A pcap
// file has one, without a name.
type Interface struct {
	Name       string // as in the file: escape it before showing it
	Link       LinkType
	Snaplen    int   // bytes; 0 when the file sets no limit
	Resolution uint8 // of its times, as pcapng's if_tsresol has it: 6 for microseconds, 9 for nanoseconds
}

// File is a capture file: pcap or pcapng, plain or compressed with gzip or
// zstd, on disk or from a pipe. It is a Source whose Packet.File is 0 and
// whose Packet.Number and FileNumber are equal; Merge numbers several.
//
// Captures joined end to end are one file: a file header where a packet could
// begin starts the next one. Packets longer than the snaplen that a file header
// names are not cut.
type File struct {
	name  string
	file  *os.File // nil for one from NewFile
	size  int64
	block int // bytes of a read, at most
	give  *Blocks
	zstd  *windows // shared with the files that are read beside it

	in       buffer
	format   format    // kept when the file is closed, for what it learned
	all      described // interfaces
	lost     uint64    // drops that finished formats counted
	counted  bool      // they did
	free     func()    // frees what reads the file; nil while nothing does
	ended    bool
	packets  uint64
	consumed atomic.Int64

	first      int64 // time of the first packet
	firstKnown bool
}

// format reads the packets of one file format.
type format interface {
	// next fills p's Time, Data, Length, Link and Interface, or returns io.EOF,
	// errFileHeader, or a *Damage without file name and packet number.
	next(in *buffer, p *Packet) error
	drops() (uint64, bool)
}

// errFileHeader is that a capture file begins where a packet or block could:
// two were joined end to end.
var errFileHeader = errors.New("the header of another file")

// Open opens the capture file called name, or standard input when that is
// "-". It reads the file header, so that what is no capture is refused here,
// with an error of one line that begins with the name.
//
// Only from its first packet to its last has a file on disk memory to be read
// with: hundreds may be given to Merge.
func Open(name string) (*File, error) {
	all, err := OpenAll([]string{name})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// OpenAll opens the files that one goroutine reads side by side, as Merge does,
// in the order of their names here. The windows of those that zstd compressed
// take 192 MiB at most: a file that needs more while others are open is damaged.
func OpenAll(names []string) ([]*File, error) {
	all, err := HoldAll(names)
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		if err := f.Begin(); err != nil {
			closeAll(all)
			return nil, err
		}
	}
	return all, nil
}

// HoldAll is OpenAll without reading anything: Begin of each file does that, when
// the program has given up the privileges with which it opened them.
func HoldAll(names []string) ([]*File, error) {
	var all []*File
	zstd := &windows{}
	if i := slices.Index(names, "-"); i >= 0 && slices.Contains(names[i+1:], "-") {
		return nil, errors.New("standard input can be read only once")
	}
	for _, name := range names {
		file, err := hold(name)
		if err != nil {
			closeAll(all)
			return nil, err
		}
		all = append(all, held(name, file, zstd))
	}
	return all, nil
}

// Held is a file that the caller has opened, from its beginning; see HoldAll.
func Held(name string, file *os.File) *File { return held(name, file, &windows{}) }

func held(name string, file *os.File, zstd *windows) *File {
	return &File{name: name, file: file, size: regularSize(file), block: largeBlock, zstd: zstd, format: finished{}}
}

// hold opens a file, "-" for standard input.
func hold(name string) (*os.File, error) {
	if name == "-" {
		return os.Stdin, nil
	}
	return OpenDisk(name)
}

// OpenDisk opens a file of which it is not known yet whether it is a capture, and that is no
// directory. Its error begins with the name.
func OpenDisk(name string) (*os.File, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, cause(err))
	}
	if about, err := file.Stat(); err == nil && about.IsDir() {
		file.Close()
		return nil, fmt.Errorf("%s: is a directory", name)
	}
	return file, nil
}

func closeAll(files []*File) {
	for _, f := range files {
		f.Close()
	}
}

// Begin reads the file header; see Open.
func (f *File) Begin() error {
	if f.name == "-" {
		return f.start("standard input", f.file, nil, func() {})
	}
	if err := f.open(); err != nil {
		return err
	}
	if f.size > 0 { // not a pipe: it can be read again, and has all its packets ready
		f.probe()
	}
	return nil
}

// Rewind makes the first packet of a file on disk the next one.
func (f *File) Rewind() {
	f.release()
	f.consumed.Store(0)
	f.ended, f.packets = f.file == nil, 0
}

// Stat describes the file that is read; an error for one from NewFile.
func (f *File) Stat() (os.FileInfo, error) {
	if f.file == nil {
		return nil, os.ErrInvalid
	}
	return f.file.Stat()
}

// NewFile reads a capture from r, which Close leaves open. The name is for messages. It
// serves callers of this package whose captures lie in memory or come from elsewhere,
// tests among them; tcpwatch itself opens files by name, see Open.
func NewFile(name string, r io.Reader) (*File, error) {
	f := &File{name: name, block: largeBlock, zstd: &windows{}, format: finished{}}
	if err := f.start(name, r, nil, func() {}); err != nil {
		return nil, err
	}
	return f, nil
}

// open reads the file's header, from its beginning where there is one to go back to.
func (f *File) open() error {
	var disk *os.File
	if f.size > 0 {
		if _, err := f.file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("%s: %w", f.name, cause(err))
		}
		disk = f.file
	}
	return f.start(f.name, f.file, disk, func() {})
}

// start reads the file header from r, which reads disk, unless that is nil.
// When that fails, it has called free.
func (f *File) start(label string, r io.Reader, disk *os.File, free func()) error {
	f.consumed.Store(0)
	u, err := decompress(&countingReader{r, &f.consumed}, f.zstd, disk, &f.consumed)
	f.free = func() { u.close(); free() }
	if err != nil {
		err = unreadable(err)
	} else {
		f.in = buffer{src: u, limit: f.block, give: f.give}
		if disk != nil && !u.packed {
			f.in.jump = f.jump(u, disk)
		}
		f.all, f.lost, f.counted = described{}, 0, false
		err = f.begin()
	}
	if err == nil {
		return nil
	}
	f.release()
	var d *Damage
	if errors.As(err, &d) {
		return fmt.Errorf("%s: not a capture that can be read: %s", label, d.Reason)
	}
	return fmt.Errorf("%s: %w", label, err)
}

// jump goes n bytes on in a file without reading them.
func (f *File) jump(u unpacked, disk *os.File) func(n int64) bool {
	return func(n int64) bool {
		beyond := n - int64(u.Buffered())
		if beyond < 0 {
			return false
		}
		if _, err := disk.Seek(beyond, io.SeekCurrent); err != nil {
			return false
		}
		f.consumed.Add(beyond)
		u.Discard(u.Buffered())
		return true
	}
}

// mostProbed is how far into a file its first packet is looked for before
// its turn comes.
const mostProbed = 4 << 20

// probe notes the time of the first packet and frees what reads the file.
func (f *File) probe() {
	var p Packet
	f.in.src = io.LimitReader(f.in.src, mostProbed)
	if f.next(&p) == nil && !p.Untimed {
		f.first, f.firstKnown = p.Time, true
	}
	f.release()
	f.consumed.Store(0)
}

// release frees what reads the file; for the next packet it is made again.
func (f *File) release() {
	if f.free != nil {
		f.free()
	}
	f.free, f.in = nil, buffer{}
}

// KeepData makes the Data of packets good until the caller gives the block of
// the file that they lie in back to b, or for as long as it likes. It is to be
// called before the first Next, and before Merge.
func (f *File) KeepData(b *Blocks) {
	f.give, f.in.give = b, b
	f.block = min(f.block, lentBlock)
	f.in.limit = min(f.in.limit, lentBlock)
}

// Next fills p with the next packet, see Source. A packet costs no allocation.
func (f *File) Next(p *Packet) error {
	if f.ended {
		return io.EOF
	}
	if f.free == nil {
		if err := f.open(); err != nil {
			f.ended = true
			return &Damage{File: f.name, Packet: 1, Reason: "cannot be opened again: " + strings.TrimPrefix(strings.TrimPrefix(err.Error(), f.name+": "), "cannot be read: ")}
		}
	}
	if err := f.next(p); err != nil {
		return f.end(err)
	}
	f.packets++
	p.Number, p.FileNumber, p.File = f.packets, f.packets, 0
	return nil
}

// next fills p with the next packet. Where another file's header comes, reading
// goes on as that file's.
func (f *File) next(p *Packet) error {
	err := f.format.next(&f.in, p)
	for err == errFileHeader {
		f.lost, f.counted = f.Drops()
		if err = f.begin(); err != nil {
			return err
		}
		err = f.format.next(&f.in, p)
	}
	return err
}

// begin takes the file header that comes next.
func (f *File) begin() error {
	f.format = finished{}
	format, err := recognise(&f.in, &f.all)
	if err == nil {
		f.format = format
	}
	return err
}

// finished is the format of what cannot be read on.
type finished struct{}

func (finished) next(*buffer, *Packet) error { return io.EOF }
func (finished) drops() (uint64, bool)       { return 0, false }

// end frees what reads the file after its last packet.
func (f *File) end(err error) error {
	f.ended = true
	f.release()
	var d *Damage
	if errors.As(err, &d) {
		d.File, d.Packet = f.name, f.packets+1
	}
	return err
}

// Ended reports whether the last packet was read, and that seen.
func (f *File) Ended() bool { return f.ended }

// Close frees the file. Next returns io.EOF from then on.
func (f *File) Close() error {
	f.ended = true
	f.release()
	if f.file == nil || f.name == "-" {
		return nil
	}
	file := f.file
	f.file = nil
	return file.Close()
}

// Name is the name that was given to Open or NewFile.
func (f *File) Name() string { return f.name }

// Size is the file's bytes on disk, compressed as they are, or 0 for pipes.
func (f *File) Size() int64 { return f.size }

// Offset is how many of Size have been read. It may be called while another
// goroutine is in Next.
func (f *File) Offset() int64 { return f.consumed.Load() }

// Interfaces are those described so far, by Packet.Interface. Interfaces of
// several sections of a pcapng file are one when they have the same place in
// their section and the same description; so are those of files joined end to end.
func (f *File) Interfaces() []Interface { return f.all.interfaces }

// Drops is how many packets the capturing host reports to have lost (pcapng
// interface statistics, as far as read), and whether it reports any number. It
// is at most 2^64-1, whatever the reports add up to.
func (f *File) Drops() (uint64, bool) {
	lost, counted := f.format.drops()
	return addUpTo(f.lost, lost), f.counted || counted
}

// cause is the innermost error: without the file name and system call, which
// a line for people has already or does not need.
func cause(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

// regularSize is the size of a file on disk, else 0.
func regularSize(file *os.File) int64 {
	if about, err := file.Stat(); err == nil && about.Mode().IsRegular() {
		return about.Size()
	}
	return 0
}

// countingReader counts what is read.
type countingReader struct {
	r io.Reader
	n *atomic.Int64
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n.Add(int64(n))
	return n, err
}
