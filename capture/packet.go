package capture

import (
	"errors"
	"fmt"
)

// LinkType is a LINKTYPE_ number as capture files store it (16 bits; 276,
// LINUX_SLL2, does not fit the 8 bits that gopacket gives it).
type LinkType uint16

// Packet is one captured packet. Data is borrowed: it is valid until the next
// call of Next on the Source that filled it.
type Packet struct {
	Number     uint64   // position in the whole input, 1-based, before any filter
	Time       int64    // nanoseconds since 1970-01-01 UTC
	Data       []byte   // captured bytes, at most Length of them
	Length     int      // bytes on the wire
	Link       LinkType // how Data begins
	File       int      // index in the list of input files; 0 when live
	FileNumber uint64   // position in that file, 1-based
	Interface  int      // index in the file's (or the run's) interfaces; 0 when there is only one
	// Untimed: the file has no time for it (a Simple Packet Block of pcapng), or none that can be (beyond the year 2262). Time
	// is then that of the packet before it in the file that has one, 0 without any,
	// and says nothing but where the packet belongs.
	Untimed bool
	// Amiss is how far Time is off, ns, where packets around it take it back: Time
	// less it is the time of the packet before it.
	Amiss int64
	// Stepped is how far the input's clock was stepped before this packet, ns: Time
	// less it is the time that passed.
	Stepped int64
	// Uncovered is for how long before this packet nobody captured, ns.
	Uncovered int64
}

// Set is *p = *o, field by field. A copy with wide loads of what the reader has
// just stored field by field waits until all earlier stores have reached the
// cache: 12 % of the time of a whole run.
func (p *Packet) Set(o *Packet) {
	p.Number, p.Time, p.Data = o.Number, o.Time, o.Data
	p.Length, p.Link = o.Length, o.Link
	p.File, p.FileNumber, p.Interface = o.File, o.FileNumber, o.Interface
	p.Untimed, p.Amiss, p.Stepped, p.Uncovered = o.Untimed, o.Amiss, o.Stepped, o.Uncovered
}

// Counters are what a live capture counts since it was opened.
type Counters struct {
	Received         uint64 // passed the filter in the kernel, dropped ones included on Linux
	KernelDrops      uint64 // no room in the buffer
	InterfaceDrops   uint64 // by the card or its driver
	InterfaceCounted bool   // the platform counts InterfaceDrops
}

// Source yields packets in input order.
//
// Next fills p and returns nil, or returns io.EOF at the end, or a *Damage
// when the input turns out to be cut or damaged: what came before it stands,
// and the caller may call Next again (the rest of a merged input follows, or
// io.EOF). ErrTimeout comes from live sources only.
type Source interface {
	Next(p *Packet) error
	Close() error
}

// ErrTimeout is what Next of a live source returns when no packet came within
// its read timeout; the caller calls Next again.
var ErrTimeout = errors.New("no packet within the read timeout")

// Damage says where an input stopped making sense.
type Damage struct {
	File   string // name as given by the user
	Packet uint64 // number, in that file, of the first packet that could not be read
	Offset int64  // byte offset in the (uncompressed) file where the damage begins
	Reason string // what is wrong, in words
}

func (d *Damage) Error() string {
	return fmt.Sprintf("%s: damaged at packet %d, offset %d: %s", d.File, d.Packet, d.Offset, d.Reason)
}
