package main

import (
	"errors"
	"fmt"
	"math"
	"runtime"

	"golang.org/x/net/bpf"

	"tcpwatch/capture"
	"tcpwatch/capture/live"
)

// input is where packets come from, and the filter that decides which count.
type input struct {
	source  capture.Source
	files   []*capture.File // empty when live
	handle  *live.Handle    // nil for files
	pipe    *piped          // the source, when a file is none on disk
	blocks  capture.Blocks  // that packets of files lie in
	filter  *capture.Filter // the user's
	kernel  bool            // the kernel filters: every packet of source has passed
	all     bool            // so it has, or the user has no filter
	refused map[capture.LinkType]bool
}

// compile is libpcap's compiler as capture.NewFilter wants it.
func compile(link capture.LinkType, expr string) ([]bpf.RawInstruction, error) {
	return live.Compile(link, 0, expr)
}

// holdInput opens the files or the interface that o names. Of files nothing is read.
func holdInput(o *options) (*input, error) {
	in := &input{all: o.filter == "", filter: capture.NewFilter(o.filter, compile), refused: map[capture.LinkType]bool{}}
	if len(o.read) == 0 {
		return in, in.openLive(o)
	}
	if o.held != nil {
		in.files = []*capture.File{capture.Held(o.read[0], o.held)}
		return in, nil
	}
	if limit := descriptors(); uint64(len(o.read))+besideInputs > limit {
		return nil, fmt.Errorf("%d files to read, and %d may be open at once (ulimit -n): raise that limit, or join some of the files", len(o.read), limit)
	}
	var err error
	in.files, err = capture.HoldAll(o.read)
	return in, err
}

// besideInputs is how many descriptors a run needs for other things, about.
const besideInputs = 32

// begin reads how the files begin.
func (in *input) begin() error {
	if in.handle != nil {
		return nil
	}
	for _, f := range in.files {
		f.KeepData(&in.blocks)
		if err := f.Begin(); err != nil {
			return err
		}
	}
	if err := in.checkFilter(); err != nil {
		return err
	}
	in.source = capture.Merge(in.files)
	if in.size() == 0 {
		in.pipe = newPiped(in.source, &in.blocks)
		in.source = in.pipe
	}
	return nil
}

// rewind goes back to the first packet of files on disk.
func (in *input) rewind() {
	for _, f := range in.files {
		f.Rewind()
	}
	in.source = capture.Merge(in.files)
	clear(in.refused)
}

// checkFilter refuses a filter that is wrong for every link type of the input.
// Where none is known yet, Ethernet stands for all.
func (in *input) checkFilter() error {
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
		err := in.filter.Compile(l)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

func (in *input) openLive(o *options) error {
	if o.iface == "" {
		all, err := live.Interfaces()
		if err != nil {
			return err
		}
		best, err := live.FirstUp(all)
		if err != nil {
			return err
		}
		o.iface = best.Name
	}
	expr := o.filter
	if expr == "" {
		expr = live.DefaultFilter
	}
	h, err := live.Open(live.Options{Interface: o.iface, Snaplen: o.snaplen, NoPromisc: o.noPromisc, Buffer: o.buffer, Filter: expr})
	if err != nil {
		return err
	}
	in.source, in.handle, in.kernel, in.all = h, h, true, true
	return nil
}

// left are the blocks that were read to their end since the last call, and in
// which no packet lies that is still to come from the source.
func (in *input) left() (blocks [][]byte) {
	if in.pipe == nil {
		return in.blocks.Left()
	}
	blocks, in.pipe.left = in.pipe.left, nil
	return blocks
}

// ahead is how many batches may be read before the slowest worker gets to them.
func (in *input) ahead() int {
	if in.handle != nil {
		return liveAhead
	}
	return batchesAhead
}

// passes asks the filter about a packet. The error, told once for a link type,
// is that the filter makes no sense for it: its packets are left out.
func (in *input) passes(p *capture.Packet) (bool, error) {
	if in.all {
		return true, nil
	}
	return in.match(p)
}

// match runs the filter, apart so that the test whether there is one is inlined.
func (in *input) match(p *capture.Packet) (bool, error) {
	ok, err := in.filter.Match(p)
	if err == nil || in.refused[p.Link] {
		return ok, nil
	}
	in.refused[p.Link] = true
	return false, fmt.Errorf("packets of link type %s are left out: %w", p.Link, err)
}

// weakens asks what the user's filter hides about the connection of s.
func (in *input) weakens(p *capture.Packet, s *capture.Segment) live.Weakness {
	match := func(q *capture.Packet) bool {
		ok, err := in.filter.Match(q)
		return ok && err == nil
	}
	return live.Weakens(match, p.Link, s, in.kernel && runtime.GOOS == "linux")
}

// link is the link type to write packets as before any has come.
func (in *input) link() capture.LinkType {
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

// drops is how many packets the capturing host lost, as far as anyone counted.
func (in *input) drops() (kernel, iface uint64, kernelKnown, ifaceKnown bool) {
	if in.handle != nil {
		s, err := in.handle.Stats()
		return s.KernelDrops, s.InterfaceDrops, err == nil, err == nil && s.InterfaceCounted
	}
	if in.pipe != nil && in.pipe.started && !in.pipe.ended.Load() {
		return 0, 0, false, false // they are being read
	}
	for _, f := range in.files {
		if n, ok := f.Drops(); ok {
			if kernel, kernelKnown = kernel+n, true; kernel < n { // more than can be counted
				kernel = math.MaxUint64
			}
		}
	}
	return kernel, 0, kernelKnown, false
}

// size is the bytes of all files, 0 when one is a pipe; offset how many are read.
func (in *input) size() (n int64) {
	for _, f := range in.files {
		if f.Size() == 0 {
			return 0
		}
		n += f.Size()
	}
	return n
}

func (in *input) offset() (n int64) {
	for _, f := range in.files {
		n += f.Offset()
	}
	return n
}

func (in *input) close() error {
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
