package wire

import (
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Recorder is one tap: an AF_PACKET socket that keeps what it sees in memory.
type Recorder struct {
	fd      int
	Link    uint32
	Snaplen int
	keep    func(kind uint8, data []byte) bool
	Started time.Time
	done    chan struct{}
	stop    atomic.Bool
	err     error

	mu     sync.Mutex
	Frames []Frame // recorded; to be read when Close has returned
}

// maxFrames bounds what one tap keeps.
const maxFrames = 200_000

// Record begins to record an interface of a namespace, or all of them when
// device is "". keep chooses packets by their PACKET_ kind; nil keeps all.
func Record(ns *Namespace, device string, link uint32, snaplen int, keep func(uint8, []byte) bool) (*Recorder, error) {
	r := &Recorder{fd: -1, Link: link, Snaplen: snaplen, keep: keep, done: make(chan struct{})}
	if err := ns.Do(func() error { return r.open(device) }); err != nil {
		return nil, fmt.Errorf("recording %s of %s: %w", device, ns.Name, err)
	}
	r.Started = time.Now()
	go r.run()
	return r, nil
}

func (r *Recorder) open(device string) error {
	kind := unix.SOCK_DGRAM
	if r.Link == Ethernet {
		kind = unix.SOCK_RAW
	}
	// Protocol 0: nothing arrives before bind has named the interface.
	fd, err := unix.Socket(unix.AF_PACKET, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	r.fd = fd
	for _, o := range [...]struct{ level, name, value int }{
		{unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1},
		{unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64 << 20},
		{unix.SOL_PACKET, unix.PACKET_AUXDATA, 1},
	} {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			return err
		}
	}
	address := &unix.SockaddrLinklayer{Protocol: swap(unix.ETH_P_ALL)}
	if device != "" {
		i, err := net.InterfaceByName(device)
		if err != nil {
			return err
		}
		address.Ifindex = i.Index
	}
	return unix.Bind(fd, address)
}

// swap puts a number of two bytes into network order.
func swap(n uint16) uint16 { return n<<8 | n>>8 }

func (r *Recorder) run() {
	defer close(r.done)
	data, control := make([]byte, 1<<16), make([]byte, 256)
	for {
		n, oobn, _, from, err := unix.Recvmsg(r.fd, data, control, 0)
		switch err {
		case nil:
			if l, ok := from.(*unix.SockaddrLinklayer); ok {
				r.take(data[:n], control[:oobn], l)
			}
		case unix.EINTR:
		case unix.EAGAIN:
			// Nothing is waiting: only now may a stop take effect.
			if r.stop.Load() {
				return
			}
			unix.Poll([]unix.PollFd{{Fd: int32(r.fd), Events: unix.POLLIN}}, 20)
		case unix.ENETDOWN:
			// Said once when an interface goes down; others may go on.
		default:
			r.err = err
			return
		}
	}
}

// take keeps one packet.
func (r *Recorder) take(data, control []byte, from *unix.SockaddrLinklayer) {
	loopback := from.Hatype == unix.ARPHRD_LOOPBACK
	if from.Pkttype == unix.PACKET_OUTGOING && loopback {
		return // a loopback shows every packet twice: libpcap drops this one too
	}
	if r.keep != nil && !r.keep(from.Pkttype, data) {
		return
	}
	at, tag := ancillary(control)
	f := Frame{Time: at}
	switch {
	case r.Link != Ethernet:
		c := cooked{protocol: swap(from.Protocol), hardware: from.Hatype, kind: from.Pkttype,
			address: from.Addr[:min(int(from.Halen), 8)], device: uint32(from.Ifindex)}
		f.Data = append(c.header(r.Link), data...)
	case len(tag) > 0 && len(data) >= 12:
		// The kernel takes the outer VLAN tag off; put it back where it was.
		f.Data = append(append(append([]byte{}, data[:12]...), tag...), data[12:]...)
	default:
		f.Data = append([]byte{}, data...)
	}
	f.Length = len(f.Data)
	f.Data = f.Data[:min(len(f.Data), r.Snaplen)]
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.Frames) < maxFrames {
		r.Frames = append(r.Frames, f)
	}
}

// ancillary reads the time of arrival and the VLAN tag from control messages.
func ancillary(control []byte) (at int64, tag []byte) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0, nil
	}
	for _, m := range messages {
		switch {
		case m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) >= 16:
			t := (*unix.Timespec)(unsafe.Pointer(&m.Data[0]))
			at = t.Nano()
		case m.Header.Level == unix.SOL_PACKET && m.Header.Type == unix.PACKET_AUXDATA && len(m.Data) >= 20:
			a := (*unix.TpacketAuxdata)(unsafe.Pointer(&m.Data[0]))
			if a.Status&unix.TP_STATUS_VLAN_VALID != 0 {
				tag = binary.BigEndian.AppendUint16(tag, a.Vlan_tpid)
				tag = binary.BigEndian.AppendUint16(tag, a.Vlan_tci)
			}
		}
	}
	return at, tag
}

// Segments are the TCP segments recorded so far.
func (r *Recorder) Segments() []Segment {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Segment
	for _, f := range r.Frames {
		if s, ok := ParseFrame(r.Link, f); ok {
			all = append(all, s)
		}
	}
	return all
}

// Count is how many packets were recorded so far.
func (r *Recorder) Count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.Frames)
}

// Close ends the recording; what the kernel had to drop is an error.
func (r *Recorder) Close() error {
	r.stop.Store(true)
	<-r.done
	defer unix.Close(r.fd)
	if r.err != nil {
		return fmt.Errorf("recording: %w", r.err)
	}
	if len(r.Frames) == maxFrames {
		return fmt.Errorf("recording: more than %d packets", maxFrames)
	}
	stats, err := unix.GetsockoptTpacketStats(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err == nil && stats.Drops > 0 {
		return fmt.Errorf("recording: the kernel dropped %d packets", stats.Drops)
	}
	return nil
}
