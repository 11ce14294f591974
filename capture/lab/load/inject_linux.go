package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// injector puts frames into an interface as if its card had received them. All
// are made before; then an XDP program, run for as many packets as there is time
// for (BPF_PROG_TEST_RUN with BPF_F_TEST_XDP_LIVE_FRAMES, Linux 5.18), gives each the
// bytes of the next frame when that is due, and drops it when none is.
type injector struct {
	index int    // of the interface
	value []byte // shared with the program: numbers, tails, then frames
	tails int    // where the next tail goes
	used  int    // of value
	send  int    // the program
	fds   []int
}

// What the shared bytes begin with: numbers that the program works with, and tails
// of frames, which many have in common. Times have 8 bits for parts of a nanosecond.
const (
	atCursor = 8 * iota // of the next frame, counted from atFrames
	atTaken             // frames that were
	atDue               // when the next is
	atStep              // from one to the next
	atEnd               // of the frames, as the cursor
	atTails
	atFrames = 1 << 16
	dueShift = 8
)

// A frame is kept as how long its head and its tail are and where its tail is, 4
// bytes each, and its head.
const (
	frameInfo = 12
	headMin   = 14      // bytes: Ethernet's header
	headMax   = 128     // of what is the frame's own
	tailMax   = 1500    // fits into a page with what the kernel adds
	valueMax  = 1 << 29 // bytes of all: a program may point no farther
)

// tail is the end of a frame that others end with too.
type tail struct{ at, length int }

// newInjector readies an interface of the calling thread's namespace for so many
// bytes of heads, each with frameInfo.
func newInjector(name string, size int) (x *injector, err error) {
	x = &injector{send: -1, tails: atTails, used: atFrames}
	defer func() {
		if err != nil {
			x.close()
			err = fmt.Errorf("to inject frames into %s: %w", name, err)
		}
	}()
	i, err := net.InterfaceByName(name)
	if err != nil {
		return x, err
	}
	x.index = i.Index
	if size += atFrames + frameInfo + headMax; size > valueMax {
		return x, errors.New("too many at once")
	}
	shared, err := bpf(unix.BPF_MAP_CREATE, u32s(unix.BPF_MAP_TYPE_ARRAY, 4, uint32(size), 1, unix.BPF_F_MMAPABLE))
	if err != nil {
		return x, err
	}
	x.fds = append(x.fds, shared)
	if x.value, err = unix.Mmap(shared, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return x, err
	}
	if x.send, err = loadXDP(sendProgram(shared, size-atFrames-frameInfo-headMax)); err != nil {
		return x, err
	}
	x.fds = append(x.fds, x.send)
	// A veth takes frames this way only while it has a program of its own.
	pass, err := loadXDP(program{}.add(bpfMov, 0, 0, 0, xdpPass).add(bpfExit, 0, 0, 0, 0))
	if err != nil {
		return x, err
	}
	x.fds = append(x.fds, pass)
	link, err := bpf(unix.BPF_LINK_CREATE, u32s(uint32(pass), uint32(x.index), unix.BPF_XDP, 0))
	if err == nil {
		x.fds = append(x.fds, link)
	}
	return x, err
}

func (x *injector) close() {
	if x.value != nil {
		unix.Munmap(x.value)
	}
	for _, fd := range x.fds {
		unix.Close(fd)
	}
}

// number is one of those shared with the program.
func (x *injector) number(at int) *uint64 { return (*uint64)(unsafe.Pointer(&x.value[at])) }

// tail keeps what frames end with.
func (x *injector) tail(b []byte) (tail, error) {
	t := tail{x.tails, len(b)}
	if len(b) > tailMax || t.at+tailMax > atFrames {
		return t, fmt.Errorf("no room for the last %d bytes of frames", len(b))
	}
	copy(x.value[t.at:], b)
	x.tails += len(b)
	return t, nil
}

// put adds a frame.
func (x *injector) put(head []byte, t tail) error {
	if len(head) < headMin || len(head) > headMax || x.used+frameInfo+headMax > len(x.value) {
		return fmt.Errorf("no room for the first %d bytes of a frame", len(head))
	}
	at := x.value[x.used:]
	binary.NativeEndian.PutUint32(at, uint32(len(head)))
	binary.NativeEndian.PutUint32(at[4:], uint32(t.length))
	binary.NativeEndian.PutUint32(at[8:], uint32(t.at))
	copy(at[frameInfo:], head)
	x.used += frameInfo + len(head)
	return nil
}

// run has the kernel receive the frames, so many a second, for a while; it
// returns how many they were. The calling thread must be the caller's alone.
func (x *injector) run(rate int, length time.Duration) (taken int, took time.Duration, err error) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0, 0, err
	}
	*x.number(atDue) = uint64(now.Nano()) << dueShift
	*x.number(atStep) = uint64(1e9) << dueShift / uint64(rate)
	*x.number(atEnd) = uint64(x.used - atFrames)
	thread, over := unix.Gettid(), make(chan struct{})
	start := time.Now()
	ender := time.AfterFunc(length, func() {
		for {
			unix.Tgkill(unix.Getpid(), thread, unix.SIGURG) // which Go's runtime thinks nothing of
			select {
			case <-over:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	err = x.call()
	taken, took = int(*x.number(atTaken)), time.Since(start)
	ender.Stop()
	close(over)
	return taken, took, err
}

// call runs the program until a signal comes.
func (x *injector) call() error {
	frame := x.value[atFrames+frameInfo:][:headMin] // for the program to overwrite
	// struct xdp_md: data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex.
	context := u32s(0, headMin, 0, uint32(x.index), 0, 0)
	a := u32s(uint32(x.send), 0, headMin, 0)
	a = binary.NativeEndian.AppendUint64(a, whereIs(frame))
	a = binary.NativeEndian.AppendUint64(a, 0)
	a = append(a, u32s(math.MaxUint32, 0, uint32(len(context)), 0)...)
	a = binary.NativeEndian.AppendUint64(a, whereIs(context))
	a = binary.NativeEndian.AppendUint64(a, 0)
	a = append(a, u32s(unix.BPF_F_TEST_XDP_LIVE_FRAMES, 0, 0)...)
	_, err := bpf(unix.BPF_PROG_TEST_RUN, a)
	runtime.KeepAlive(context)
	if err != nil && err != unix.EINTR {
		return fmt.Errorf("BPF_PROG_TEST_RUN: %w", err)
	}
	return nil
}

// program is instructions of eBPF (RFC 9669).
type program []byte

// Opcodes, helper functions and verdicts that the programs here use.
const (
	bpfLoad64  = 0x18 // with the 8 bytes that follow
	bpfRead4   = 0x61 // 32 bits
	bpfRead    = 0x79 // 64 bits
	bpfWrite   = 0x7b // 64 bits
	bpfAdd     = 0x07
	bpfAddReg  = 0x0f
	bpfSubReg  = 0x1f
	bpfShift   = 0x67 // left
	bpfMov     = 0xb7
	bpfMovReg  = 0xbf
	bpfJump    = 0x05
	bpfIfOver  = 0x25 // unsigned
	bpfIfUnder = 0xa5
	bpfIfBelow = 0xad // of two registers
	bpfIfFrom  = 0x3d // of two registers: not below
	bpfIf0     = 0x15
	bpfIfNot0  = 0x55
	bpfCall    = 0x85
	bpfExit    = 0x95
	clock      = 5 // in nanoseconds, CLOCK_MONOTONIC
	adjustTail = 65
	buffLen    = 188
	storeBytes = 190
	xdpDrop    = 1
	xdpPass    = 2
)

func (p program) add(op, dst, src byte, off int16, imm int32) program {
	p = append(p, op, src<<4|dst)
	p = binary.NativeEndian.AppendUint16(p, uint16(off))
	return binary.NativeEndian.AppendUint32(p, uint32(imm))
}

// address loads an address within the value that is shared.
func (p program) address(dst byte, shared, at int) program {
	return p.add(bpfLoad64, dst, unix.BPF_PSEUDO_MAP_VALUE, 0, int32(shared)).add(0, 0, 0, 0, int32(at))
}

// dropAt is the instruction from which on sendProgram drops the packet.
const dropAt = 1

// orDrop adds a jump to where the packet is dropped.
func (p program) orDrop(op, dst, src byte, imm int32) program {
	return p.add(op, dst, src, int16(dropAt-len(p)/8-1), imm)
}

// sendProgram gives the packet the bytes of the next frame, when that is due, and
// lets it pass. No frame begins after last.
func sendProgram(shared, last int) program {
	return program{}.
		add(bpfJump, 0, 0, 2, 0).
		add(bpfMov, 0, 0, 0, xdpDrop).
		add(bpfExit, 0, 0, 0, 0).
		add(bpfMovReg, 6, 1, 0, 0). // r6: the packet
		add(bpfCall, 0, 0, 0, clock).
		add(bpfShift, 0, 0, 0, dueShift).
		address(9, shared, 0).
		add(bpfRead, 1, 9, atDue, 0).
		orDrop(bpfIfBelow, 0, 1, 0).
		add(bpfRead, 2, 9, atCursor, 0).
		add(bpfRead, 3, 9, atEnd, 0).
		orDrop(bpfIfFrom, 2, 3, 0).
		orDrop(bpfIfOver, 2, 0, int32(last)).
		add(bpfRead, 3, 9, atStep, 0).
		add(bpfAddReg, 1, 3, 0, 0).
		add(bpfWrite, 9, 1, atDue, 0).
		add(bpfRead, 1, 9, atTaken, 0).
		add(bpfAdd, 1, 0, 0, 1).
		add(bpfWrite, 9, 1, atTaken, 0).
		address(7, shared, atFrames).
		add(bpfAddReg, 7, 2, 0, 0). // r7: the frame
		add(bpfRead4, 8, 7, 0, 0).  // r8: how long its head is
		orDrop(bpfIfUnder, 8, 0, headMin).
		orDrop(bpfIfOver, 8, 0, headMax).
		add(bpfAddReg, 2, 8, 0, 0).
		add(bpfAdd, 2, 0, 0, frameInfo).
		add(bpfWrite, 9, 2, atCursor, 0).
		add(bpfRead4, 9, 7, 4, 0). // r9: how long its tail is
		add(bpfMovReg, 1, 6, 0, 0).
		add(bpfCall, 0, 0, 0, buffLen).
		add(bpfMovReg, 2, 8, 0, 0).
		add(bpfAddReg, 2, 9, 0, 0).
		add(bpfSubReg, 2, 0, 0, 0).
		add(bpfMovReg, 1, 6, 0, 0).
		add(bpfCall, 0, 0, 0, adjustTail).
		orDrop(bpfIfNot0, 0, 0, 0).
		add(bpfMovReg, 1, 6, 0, 0).
		add(bpfMov, 2, 0, 0, 0).
		add(bpfMovReg, 3, 7, 0, 0).
		add(bpfAdd, 3, 0, 0, frameInfo).
		add(bpfMovReg, 4, 8, 0, 0).
		add(bpfCall, 0, 0, 0, storeBytes).
		add(bpfIf0, 9, 0, 10, 0). // without a tail that is all
		orDrop(bpfIfOver, 9, 0, tailMax).
		add(bpfRead4, 1, 7, 8, 0).
		orDrop(bpfIfOver, 1, 0, atFrames-tailMax).
		address(3, shared, 0).
		add(bpfAddReg, 3, 1, 0, 0).
		add(bpfMovReg, 1, 6, 0, 0).
		add(bpfMovReg, 2, 8, 0, 0).
		add(bpfMovReg, 4, 9, 0, 0).
		add(bpfCall, 0, 0, 0, storeBytes).
		add(bpfMov, 0, 0, 0, xdpPass).
		add(bpfExit, 0, 0, 0, 0)
}

// loadXDP has the kernel check a program; the error says what is wrong with it.
func loadXDP(p program) (fd int, err error) {
	license, log := []byte("MIT\x00"), make([]byte, 1<<16)
	load := u32s(unix.BPF_PROG_TYPE_XDP, uint32(len(p)/8))
	load = binary.NativeEndian.AppendUint64(load, whereIs(p))
	load = binary.NativeEndian.AppendUint64(load, whereIs(license))
	load = append(load, u32s(1, uint32(len(log)))...)
	load = binary.NativeEndian.AppendUint64(load, whereIs(log))
	fd, err = bpf(unix.BPF_PROG_LOAD, load)
	runtime.KeepAlive(p)
	runtime.KeepAlive(license)
	if err != nil {
		err = fmt.Errorf("%w: %s", err, unix.ByteSliceToString(log))
	}
	return fd, err
}

// bpf is the system call bpf(2). A signal, such as Go's runtime sends, makes the
// kernel leave off checking a program.
func bpf(command uintptr, attributes []byte) (fd int, err error) {
	for {
		n, _, errno := unix.Syscall(unix.SYS_BPF, command, uintptr(unsafe.Pointer(&attributes[0])), uintptr(len(attributes)))
		switch errno {
		case 0:
			return int(n), nil
		case unix.EAGAIN:
		default:
			return -1, errno
		}
	}
}

// u32s are numbers of 32 bits, one after the other.
func u32s(all ...uint32) (b []byte) {
	for _, n := range all {
		b = binary.NativeEndian.AppendUint32(b, n)
	}
	return b
}

// whereIs tells where bytes lie; the caller keeps them alive.
func whereIs(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(&b[0]))) }
