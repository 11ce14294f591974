package tcpwatch

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"sync"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Source is where packets come from: capture files, read as one stream in time order, or a
// live capture. It is for one Run at a time.
type Source struct {
	source capture.Source
	files  []*capture.File // empty when live
	handle Handle          // nil for files
	pipe   *piped          // the source, when a file is none on disk
	blocks capture.Blocks  // that packets of files lie in

	described  []int // interfaces known of each file: of who reads
	mu         sync.Mutex
	interfaces [][]capture.Interface // by file
}

// Handle is a live capture, as package capture/live opens one: a capture.Source whose Next
// gives capture.ErrTimeout when no packet comes for a while.
type Handle interface {
	capture.Source
	// Interface is the name of what is captured on.
	Interface() string
	// Link is how every packet begins.
	Link() capture.LinkType
	// Stats tells how many packets were lost. An error: nobody counts.
	Stats() (capture.Counters, error)
}

// Open opens capture files: pcap or pcapng, plain or compressed with gzip or zstd; "-" is
// standard input. Its error is one line that begins with the name.
func Open(names ...string) (*Source, error) {
	if len(names) == 0 {
		return nil, errors.New("no file to open")
	}
	files, err := capture.HoldAll(names)
	if err != nil {
		return nil, err
	}
	s := Files(files...)
	if err := s.Begin(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Files is a Source of files that are open and of which nothing was read. Begin is to be
// called before a Run.
func Files(files ...*capture.File) *Source {
	return &Source{files: files, described: make([]int, len(files)), interfaces: make([][]capture.Interface, len(files))}
}

// Live is a Source of packets that are captured now.
func Live(h Handle) *Source { return &Source{source: h, handle: h} }

// Begin reads how the files begin.
func (in *Source) Begin() error {
	if in.handle != nil {
		return nil
	}
	for _, f := range in.files {
		f.KeepData(&in.blocks)
		if err := f.Begin(); err != nil {
			return err
		}
	}
	in.source = capture.Merge(in.files)
	if in.Size() == 0 {
		in.pipe = newPiped(in.source, &in.blocks)
		in.source = in.pipe
	}
	return nil
}

// Rewind goes back to the first packet of files on disk, for another Run.
func (in *Source) Rewind() {
	for _, f := range in.files {
		f.Rewind()
	}
	in.source = capture.Merge(in.files)
}

// Check refuses a filter that is wrong for every link type of the files, which have begun.
// Where none is known yet, Ethernet stands for all. No filter is right, and so is that of a
// live capture, which the kernel has taken.
func (in *Source) Check(f *capture.Filter) error {
	if f == nil || in.handle != nil {
		return nil
	}
	links := []capture.LinkType{}
	for _, f := range in.files {
		for _, i := range f.Interfaces() {
			links = append(links, i.Link)
		}
	}
	if len(links) == 0 {
		links = append(links, capture.LinkEthernet)
	}
	var first error
	for _, l := range links {
		err := f.Compile(l)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// Device is the interface that is captured on; "" of files.
func (in *Source) Device() string {
	if in.handle == nil {
		return ""
	}
	return in.handle.Interface()
}

// About describes those of the files that can be described, for who must not write to them.
func (in *Source) About() (all []fs.FileInfo) {
	for _, f := range in.files {
		if about, err := f.Stat(); err == nil {
			all = append(all, about)
		}
	}
	return all
}

// Names are those of the files, as they were opened.
func (in *Source) Names() (names []string) {
	for _, f := range in.files {
		names = append(names, f.Name())
	}
	return names
}

// Link is the link type to write packets as before any has come.
func (in *Source) Link() capture.LinkType {
	if in.handle != nil {
		return in.handle.Link()
	}
	for _, f := range in.files {
		if all := f.Interfaces(); len(all) > 0 {
			return all[0].Link
		}
	}
	return capture.LinkEthernet
}

// Interface is that on which a packet was captured, for an Output that takes packets of
// files.
func (in *Source) Interface(p *capture.Packet) capture.Interface {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.interfaces[p.File][p.Interface]
}

// learn notes the interfaces that were described before a packet: nobody else may ask the
// files while they are read.
func (in *Source) learn(p *capture.Packet) {
	if in.handle != nil || p.Interface < in.described[p.File] {
		return
	}
	all := in.files[p.File].Interfaces()
	in.mu.Lock()
	in.interfaces[p.File] = append(in.interfaces[p.File], all[in.described[p.File]:]...)
	in.mu.Unlock()
	in.described[p.File] = len(all)
}

// left are the blocks that were read to their end since the last call, and in
// which no packet lies that is still to come from the source.
func (in *Source) left() (blocks [][]byte) {
	if in.pipe == nil {
		return in.blocks.Left()
	}
	blocks, in.pipe.left = in.pipe.left, nil
	return blocks
}

// ahead is how many batches may be read before the slowest worker gets to them.
func (in *Source) ahead() int {
	if in.handle != nil {
		return liveAhead
	}
	return batchesAhead
}

// drops is how many packets the capturing host lost, as far as anyone counted.
func (in *Source) drops() (kernel, iface record.Opt[uint64]) {
	if in.handle != nil {
		s, err := in.handle.Stats()
		return record.Opt[uint64]{V: s.KernelDrops, OK: err == nil}, record.Opt[uint64]{V: s.InterfaceDrops, OK: err == nil && s.InterfaceCounted}
	}
	if in.pipe != nil && in.pipe.started && !in.pipe.ended.Load() {
		return kernel, iface // they are being read
	}
	for _, f := range in.files {
		if n, ok := f.Drops(); ok {
			if kernel.V, kernel.OK = kernel.V+n, true; kernel.V < n { // more than can be counted
				kernel.V = math.MaxUint64
			}
		}
	}
	return kernel, iface
}

// received is how many packets the capturing program got, as far as files tell: of files that it wrote one
// after the other the last counts all.
func (in *Source) received() (n uint64) {
	if in.handle != nil || in.pipe != nil && in.pipe.started && !in.pipe.ended.Load() {
		return 0
	}
	for _, f := range in.files {
		n = max(n, f.Received())
	}
	return n
}

// ran is from when until when packets were captured, as far as files tell.
func (in *Source) ran() (from, until record.Opt[int64]) {
	if in.pipe != nil && in.pipe.started && !in.pipe.ended.Load() {
		return from, until // they are being read
	}
	for _, f := range in.files {
		a, b, told := f.Ran()
		if told && (!from.OK || a < from.V) {
			from = record.Some(a)
		}
		if told && (!until.OK || b > until.V) {
			until = record.Some(b)
		}
	}
	return from, until
}

// Size is the bytes of all files on disk, 0 when one is a pipe.
func (in *Source) Size() (n int64) {
	for _, f := range in.files {
		if f.Size() == 0 {
			return 0
		}
		n += f.Size()
	}
	return n
}

// offset is how many of those are read.
func (in *Source) offset() (n int64) {
	for _, f := range in.files {
		n += f.Offset()
	}
	return n
}

// Close closes the files, or ends the capture.
func (in *Source) Close() error {
	if in.handle != nil {
		return in.handle.Close()
	}
	if in.pipe != nil {
		return in.pipe.Close()
	}
	var all []error
	for _, f := range in.files {
		all = append(all, f.Close())
	}
	return errors.Join(all...)
}

// chosen asks the filter about packets of a Source.
type chosen struct {
	filter  *capture.Filter // nil: every packet passes
	refused map[capture.LinkType]bool
}

// passes asks the filter about a packet. The error, told once for a link type,
// is that the filter makes no sense for it: its packets are left out.
func (c *chosen) passes(p *capture.Packet) (bool, error) {
	if c.filter == nil {
		return true, nil
	}
	return c.match(p)
}

// match runs the filter, apart so that the test whether there is one is inlined.
func (c *chosen) match(p *capture.Packet) (bool, error) {
	ok, err := c.filter.Match(p)
	if err == nil || c.refused[p.Link] {
		return ok, nil
	}
	if c.refused == nil {
		c.refused = map[capture.LinkType]bool{}
	}
	c.refused[p.Link] = true
	return false, fmt.Errorf("packets of link type %s are left out: %w", p.Link, err)
}
