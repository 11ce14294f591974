package main

import (
	"os"

	"golang.org/x/net/bpf"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/capture/live"
	"tcpwatch/internal/allowance"
	"tcpwatch/tracker/record"
)

// input is where packets come from, and the filter that decides which count.
type input struct {
	*tcpwatch.Source
	files  []*capture.File // empty when live
	handle *live.Handle    // nil for files
	filter *capture.Filter // the user's; nil without one
}

// compile is libpcap's compiler as capture.NewFilter wants it.
func compile(link capture.LinkType, expr string) ([]bpf.RawInstruction, error) {
	return live.Compile(link, 0, expr)
}

// holdInput opens the files or the interface that o names. Of files nothing is read. One
// that is held is open already, and the only one.
func holdInput(o *options, held *os.File) (*input, error) {
	in := &input{}
	if o.filter != "" {
		in.filter = capture.NewFilter(o.filter, compile)
	}
	var err error
	switch {
	case o.live():
		if in.handle, err = openLive(o); err == nil {
			in.Source = tcpwatch.Live(captured{in.handle})
		}
		return in, err
	case held != nil:
		in.files = []*capture.File{capture.Held(o.read[0], held)}
	default:
		if err := allowance.Files(len(o.read)); err != nil {
			return nil, err
		}
		in.files, err = capture.HoldAll(o.read)
	}
	in.Source = tcpwatch.Files(in.files...)
	return in, err
}

// begin reads how the files begin, and refuses a filter that makes no sense for them.
func (in *input) begin() error {
	if in.handle != nil {
		return nil
	}
	if err := in.Begin(); err != nil || in.filter == nil {
		return err
	}
	return in.Check(in.filter)
}

// openLive opens the interface that o names, else the first that is up.
func openLive(o *options) (*live.Handle, error) {
	iface := o.iface
	if iface == "" {
		all, err := live.Interfaces()
		if err != nil {
			return nil, err
		}
		best, err := live.FirstUp(all)
		if err != nil {
			return nil, err
		}
		iface = best.Name
	}
	expr := o.filter
	if expr == "" {
		expr = live.DefaultFilter
	}
	handle, err := live.Open(live.Options{Interface: iface, Snaplen: o.snaplen, NoPromisc: o.noPromisc, Buffer: o.buffer, Filter: expr})
	return handle, noFilter(o.filter, err)
}

// captured is a live capture as a tcpwatch.Handle.
type captured struct{ *live.Handle }

// Drops is how many packets were lost; see tcpwatch.Handle.
func (c captured) Drops() (kernel, iface record.Opt[uint64]) {
	s, err := c.Stats()
	return record.Opt[uint64]{V: s.KernelDrops, OK: err == nil}, record.Opt[uint64]{V: s.InterfaceDrops, OK: err == nil && s.InterfaceCounted}
}
