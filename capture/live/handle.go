//go:build cgo

package live

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/google/gopacket/pcap"

	"tcpwatch/capture"
)

// Handle captures live; it is a capture.Source. It is not safe for concurrent
// use.
type Handle struct {
	pcap    *pcap.Handle
	device  string
	link    capture.LinkType
	number  uint64
	closed  bool
	timeout time.Duration
	gone    error     // why the capture ended
	until   time.Time // what came before that may still be handed over
	seen    [3]uint32 // libpcap's counters when Stats last read them
	total   capture.Counters
}

// Open starts capturing. Its error is one line that says what to do.
func Open(o Options) (*Handle, error) {
	o = o.withDefaults()
	if o.Interface == "" {
		all, err := Interfaces()
		if err != nil {
			return nil, err
		}
		first, err := FirstUp(all)
		if err != nil {
			return nil, err
		}
		o.Interface = first.Name
	}
	h, err := activate(o, !o.NoPromisc && o.Interface != Any)
	if err != nil && err.Error() == "Cannot set as promisc" {
		// gopacket throws the handle away for what is only a warning.
		h, err = activate(o, false)
	}
	if err != nil {
		known, _ := Interfaces()
		return nil, explain(o.Interface, err, known)
	}
	if o.Filter != "" {
		if err := h.SetBPFFilter(o.Filter); err != nil {
			h.Close()
			return nil, filterError(o.Filter, err)
		}
	}
	return &Handle{pcap: h, device: o.Interface, link: linkType(h), timeout: o.ReadTimeout}, nil
}

// activate opens through the inactive handle: OpenLive would stamp
// microseconds, while Activate asks for nanoseconds where the device has them.
func activate(o Options, promisc bool) (*pcap.Handle, error) {
	in, err := pcap.NewInactiveHandle(o.Interface)
	if err != nil {
		return nil, err
	}
	defer in.CleanUp()
	if err := errors.Join(
		in.SetSnapLen(o.Snaplen),
		in.SetPromisc(promisc),
		in.SetTimeout(o.ReadTimeout), // positive: Close waits for the reader
		in.SetBufferSize(o.Buffer<<10),
	); err != nil {
		return nil, err
	}
	return in.Activate()
}

// linkType is the handle's LINKTYPE_ number with all of its bits.
func linkType(h *pcap.Handle) capture.LinkType {
	var known []int
	links, _ := h.ListDataLinks()
	for _, l := range links {
		known = append(known, pcap.DatalinkNameToVal(l.Name))
	}
	return capture.LinkType(fileLink(fullLink(uint8(h.LinkType()), known)))
}

// Link is how every packet begins.
func (h *Handle) Link() capture.LinkType { return h.link }

// Interface is the name of what is captured on.
func (h *Handle) Interface() string { return h.device }

// Next fills p with the next packet. It returns capture.ErrTimeout when none
// came within the read timeout, io.EOF after Close, and any other error when
// the interface went away: there will be no more packets.
func (h *Handle) Next(p *capture.Packet) error {
	data, ci, err := h.pcap.ZeroCopyReadPacketData()
	if err == nil {
		h.number++
		*p = capture.Packet{Number: h.number, FileNumber: h.number, Time: ci.Timestamp.UnixNano(),
			Data: data, Length: ci.Length, Link: h.link}
		return nil
	}
	switch err {
	case pcap.NextErrorTimeoutExpired:
		return capture.ErrTimeout
	case io.EOF:
		return io.EOF
	case pcap.NextErrorReadError:
		err = h.pcap.Error()
	}
	return h.ended(fmt.Errorf("%s: capture ended: %w", h.device, err))
}

// ended takes an error. libpcap tells of an interface that went away before it
// hands out what waits in the kernel's buffer; of that the kernel hands over what
// it still collects when the read timeout is over. So reading goes on until then.
func (h *Handle) ended(err error) error {
	if h.gone == nil {
		h.gone, h.until = err, time.Now().Add(h.timeout+lateHandOver)
	}
	if time.Now().After(h.until) {
		return h.gone
	}
	time.Sleep(h.timeout / 10)
	return capture.ErrTimeout
}

// lateHandOver is how much later than the read timeout the kernel may be.
const lateHandOver = 100 * time.Millisecond

// Stats reads the counters. It is to be called before 2^32 more packets have
// passed: libpcap's are 32 bits wide and begin again. After Close it repeats
// what it said last.
func (h *Handle) Stats() (capture.Counters, error) {
	if h.closed {
		return h.total, nil
	}
	s, err := h.pcap.Stats()
	if err != nil {
		return capture.Counters{}, fmt.Errorf("%s: %w", h.device, err)
	}
	now := [3]uint32{uint32(s.PacketsReceived), uint32(s.PacketsDropped), uint32(s.PacketsIfDropped)}
	h.total.Received += uint64(now[0] - h.seen[0])
	h.total.KernelDrops += uint64(now[1] - h.seen[1])
	h.total.InterfaceDrops += uint64(now[2] - h.seen[2])
	h.seen = now
	h.total.InterfaceCounted = runtime.GOOS == "linux"
	return h.total, nil
}

// Close ends the capture.
func (h *Handle) Close() error {
	h.closed = true
	h.pcap.Close()
	return nil
}
