package lab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// blaster sends copies of a short connection out of the client's interface, as
// frames of a packet socket: no kernel's TCP sets the pace, and none answers,
// because no interface has the address that the frames are for.
type blaster struct {
	fd    int
	t     *template
	at    int // packets made so far
	heads []message
	parts []unix.Iovec
	bytes [][]byte
}

// message is struct mmsghdr of sendmmsg(2).
type message struct {
	header unix.Msghdr
	length uint32
	_      [4]byte
}

const (
	blastBatch = 32   // frames a system call
	blastOpen  = 1024 // connections open at once
	blastNap   = 100 * time.Microsecond
)

// blasted is what a blast came to.
type blasted struct {
	sent int
	took time.Duration
}

// shortTemplate is one real short connection, whole.
func shortTemplate() (*template, error) {
	l, err := newLoad()
	if err != nil {
		return nil, err
	}
	defer l.close()
	if err := l.serve(portShort, 1, answerShort); err != nil {
		return nil, err
	}
	r, err := record(l.net.client, clientIf, linkEthernet, 1<<16, nil)
	if err != nil {
		return nil, err
	}
	const port = 10000
	err = l.dial(calls{n: 1, atOnce: 1, first: port, port: toShort, ask: askShort})
	time.Sleep(200 * time.Millisecond) // for its last ACK
	if err := errors.Join(err, r.close()); err != nil {
		return nil, err
	}
	t := templateOf(r.frames, netip.AddrPortFrom(l.clients[0], port))
	if len(t.frames) < 9 {
		return nil, fmt.Errorf("only %d packets of a short connection", len(t.frames))
	}
	for _, f := range t.frames {
		copy(f.data, []byte{2, 0, 0, 0, 0, 0}) // a destination that is nobody's
	}
	return t, nil
}

// newBlaster opens the socket in the client's namespace.
func (n *network) newBlaster(t *template) (*blaster, error) {
	b := &blaster{fd: -1, t: t, heads: make([]message, blastBatch), parts: make([]unix.Iovec, blastBatch), bytes: make([][]byte, blastBatch)}
	err := n.client.Do(func() (err error) {
		// Protocol 0: this socket receives nothing.
		if b.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		i, err := net.InterfaceByName(clientIf)
		if err != nil {
			return err
		}
		return errors.Join(
			unix.SetsockoptInt(b.fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1),
			unix.Bind(b.fd, &unix.SockaddrLinklayer{Ifindex: i.Index}))
	})
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *blaster) close() {
	if b.fd >= 0 {
		unix.Close(b.fd)
	}
}

// next makes the next frame: blastOpen connections side by side go through
// their packets in step, then as many others.
func (b *blaster) next(i int) {
	const round = blastOpen
	group, in := b.at/(round*len(b.t.frames)), b.at%(round*len(b.t.frames))
	b.bytes[i] = b.t.rewrite(b.bytes[i], in/round, idleGuise(group*round+in%round))
	b.parts[i].Base = &b.bytes[i][0]
	b.parts[i].SetLen(len(b.bytes[i]))
	b.heads[i].header.Iov = &b.parts[i]
	b.heads[i].header.SetIovlen(1)
	b.at++
}

// run sends so many packets a second for a while, from a thread of its own that
// keeps to the last core.
func (b *blaster) run(rate int, length time.Duration) (done blasted, err error) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if err = keepTo(func(core int) bool { return core == blastCore() }); err == nil {
			done, err = b.send(rate, length)
		}
	}()
	<-ended
	return done, err
}

// blastCore is the core that sends.
func blastCore() int { return runtime.NumCPU() - 1 }

// keepTo binds the calling thread, and what it starts, to some of the cores;
// where that leaves none, nothing changes.
func keepTo(keep func(core int) bool) error {
	var set unix.CPUSet
	for core := range runtime.NumCPU() {
		if keep(core) {
			set.Set(core)
		}
	}
	if set.Count() == 0 {
		return nil
	}
	return unix.SchedSetaffinity(0, &set)
}

func (b *blaster) send(rate int, length time.Duration) (done blasted, err error) {
	for start := time.Now(); ; {
		done.took = time.Since(start)
		if done.took >= length {
			return done, nil
		}
		due := int(done.took.Seconds()*float64(rate)) - done.sent
		if due == 0 {
			time.Sleep(blastNap)
			continue
		}
		n := min(due, blastBatch)
		for i := range n {
			b.next(i)
		}
		if err := b.flush(b.heads[:n]); err != nil {
			return done, err
		}
		done.sent += n
	}
}

// flush hands the frames to the kernel.
func (b *blaster) flush(heads []message) error {
	for len(heads) > 0 {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(b.fd), uintptr(unsafe.Pointer(&heads[0])), uintptr(len(heads)), 0, 0, 0)
		switch errno {
		case 0:
			heads = heads[n:]
		case unix.EINTR, unix.ENOBUFS, unix.EAGAIN:
		default:
			return fmt.Errorf("sendmmsg: %w", errno)
		}
	}
	runtime.KeepAlive(b)
	return nil
}
