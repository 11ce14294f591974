package wire

import (
	"net"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Verdict is what a relay does with a frame.
type Verdict struct {
	Drop   bool
	Delay  time.Duration // before it is sent; a longer one than its successors' reorders
	Copies int           // sent in addition
	Behind time.Duration // before the copies are sent, beside Delay
	// Rewrite is how it is changed, and its copies; nil is not at all.
	Rewrite *Rewrite
	Sent    func() // called just before the frame is sent; nil is none
}

// relay carries frames between two interfaces of a namespace, in user space.
type relay struct {
	stopped atomic.Bool
	fds     [2]int
	done    [2]chan struct{}
}

// newRelay relays between two interfaces. rule decides about each TCP segment,
// nil lets all pass; frames that leave by the second interface get the VLAN tag
// unless it is 0, and lose it on the way back.
func newRelay(ns *Namespace, first, second string, tag uint16, rule func(*Segment) Verdict) (*relay, error) {
	r := &relay{fds: [2]int{-1, -1}, done: [2]chan struct{}{make(chan struct{}), make(chan struct{})}}
	var index [2]int
	err := ns.Do(func() error {
		for i, name := range [...]string{first, second} {
			d, err := net.InterfaceByName(name)
			if err != nil {
				return err
			}
			index[i] = d.Index
			fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
			if err != nil {
				return err
			}
			r.fds[i] = fd
			// A burst waits here, rather than being lost where no rule says so.
			if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20); err != nil {
				return err
			}
			if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
				return err
			}
			if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: swap(unix.ETH_P_ALL), Ifindex: d.Index}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for _, fd := range r.fds {
			unix.Close(fd)
		}
		return nil, err
	}
	go r.carry(0, 1, index[1], tag, rule)
	go r.carry(1, 0, index[0], 0, rule)
	return r, nil
}

// delayed is a frame that waits for its time.
type delayed struct {
	due  time.Time
	data []byte
	sent func()
}

// send passes a frame on.
func (f *delayed) send(fd, index int) {
	if f.sent != nil {
		f.sent()
	}
	unix.Sendto(fd, f.data, 0, &unix.SockaddrLinklayer{Ifindex: index})
}

// maxDelayed bounds the frames that wait in one direction; more are dropped.
const maxDelayed = 10_000

// carry takes frames from one side to the other until the relay is stopped.
// Frames due at the same time leave in the order in which they came.
func (r *relay) carry(from, to, index int, tag uint16, rule func(*Segment) Verdict) {
	defer close(r.done[from])
	b, control := make([]byte, 1<<16), make([]byte, 256)
	var waiting []delayed
	for !r.stopped.Load() {
		pause := 20 * time.Millisecond
		for len(waiting) > 0 {
			if pause = time.Until(waiting[0].due); pause > 0 {
				break
			}
			waiting[0].send(r.fds[to], index)
			waiting, pause = waiting[1:], 20*time.Millisecond
		}
		n, oobn, _, sender, err := unix.Recvmsg(r.fds[from], b, control, 0)
		if err != nil {
			// Rounded up: a frame never leaves before its time.
			unix.Poll([]unix.PollFd{{Fd: int32(r.fds[from]), Events: unix.POLLIN}}, int(min(pause, 20*time.Millisecond)/time.Millisecond)+1)
			continue
		}
		if l, ok := sender.(*unix.SockaddrLinklayer); !ok || l.Pkttype == unix.PACKET_OUTGOING || n < 14 {
			continue // what this relay sent itself
		}
		v := Verdict{}
		if rule != nil {
			at, _ := ancillary(control[:oobn])
			if s, ok := ParseFrame(Ethernet, Frame{Time: at, Data: b[:n]}); ok {
				v = rule(&s)
			}
		}
		if v.Rewrite != nil {
			v.Rewrite.apply(b[:n])
		}
		if v.Drop || len(waiting) >= maxDelayed {
			continue
		}
		f := delayed{time.Now().Add(v.Delay), tagged(b[:n], tag), v.Sent}
		waiting = enqueue(waiting, f)
		f.due = f.due.Add(v.Behind)
		for range v.Copies {
			waiting = enqueue(waiting, f)
		}
	}
}

// enqueue puts a frame behind those that are due no later.
func enqueue(waiting []delayed, f delayed) []delayed {
	at := len(waiting)
	for at > 0 && waiting[at-1].due.After(f.due) {
		at--
	}
	return slices.Insert(waiting, at, f)
}

// tagged is a copy of a frame with a VLAN tag, unless that is 0.
func tagged(b []byte, tag uint16) []byte {
	out := append([]byte{}, b[:12]...)
	if tag != 0 {
		out = append(out, 0x81, 0x00, byte(tag>>8), byte(tag))
	}
	return append(out, b[12:]...)
}

func (r *relay) stop() {
	r.stopped.Store(true)
	for i := range r.fds {
		<-r.done[i]
	}
	for _, fd := range r.fds {
		unix.Close(fd)
	}
}
