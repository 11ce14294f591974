//go:build cgo

package live

import (
	"errors"
	"io"
	"net"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"golang.org/x/sys/unix"

	"tcpwatch/capture"
)

const patience = 20 * time.Second // for what must happen at once, on a slow machine

// open captures on device, or skips the test where that is not allowed.
func open(t *testing.T, o Options) *Handle {
	t.Helper()
	h, err := Open(o)
	if err != nil && strings.Contains(err.Error(), "no privilege") {
		t.Skip("needs the privilege to capture")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// listener accepts on loopback and closes what it accepted; its port is a string.
func listener(t *testing.T) (address, port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return l.Addr().String(), port
}

func connect(t *testing.T, address string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	io.ReadAll(c)
	c.Close()
}

// next is the next packet, past read timeouts.
func next(t *testing.T, h *Handle, p *capture.Packet) error {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if err := h.Next(p); err != capture.ErrTimeout {
			return err
		}
	}
	t.Fatal("no packet came")
	return nil
}

func TestCapture(t *testing.T) {
	for _, x := range []struct {
		device string
		link   capture.LinkType
	}{{"lo", capture.LinkEthernet}, {Any, capture.LinkLinuxSLL}} {
		t.Run(x.device, func(t *testing.T) {
			address, port := listener(t)
			h := open(t, Options{Interface: x.device, Filter: "tcp port " + port})
			if h.Link() != x.link && h.Link() != capture.LinkLinuxSLL2 {
				t.Errorf("link type %v, want %v", h.Link(), x.link)
			}
			if h.pcap.Resolution() != gopacket.TimestampResolutionMicrosecond { // it has its two answers exchanged
				t.Error("stamps are not in nanoseconds")
			}
			before := time.Now().UnixNano()
			connect(t, address)
			d := capture.NewDecoder(capture.DecoderOptions{})
			var p capture.Packet
			for i, want := range []capture.Flags{capture.SYN, capture.SYN | capture.ACK, capture.ACK} {
				if err := next(t, h, &p); err != nil {
					t.Fatal(err)
				}
				if p.Number != uint64(i+1) || p.FileNumber != p.Number {
					t.Errorf("packet %d has number %d, in its file %d", i+1, p.Number, p.FileNumber)
				}
				if p.Time < before-int64(time.Second) {
					t.Errorf("packet %d at %d, before the connection at %d", i+1, p.Time, before)
				}
				if d.Decode(&p) != capture.OutcomeSegment || d.Segment.Flags != want {
					t.Errorf("packet %d: %v, want %v", i+1, d.Segment.Flags, want)
				}
			}
			if s, err := h.Stats(); err != nil || s.Received < 3 || !s.InterfaceCounted {
				t.Errorf("stats %+v, %v", s, err)
			}
			h.Close()
			if err := h.Next(&p); err != io.EOF {
				t.Errorf("after Close: %v", err)
			}
			if _, err := h.Stats(); err != nil {
				t.Errorf("stats after Close: %v", err)
			}
		})
	}
}

func TestReadTimeout(t *testing.T) {
	h := open(t, Options{Interface: "lo", Filter: "tcp port 1 and tcp port 2", ReadTimeout: 10 * time.Millisecond})
	var p capture.Packet
	if err := h.Next(&p); err != capture.ErrTimeout {
		t.Errorf("%v, want ErrTimeout", err)
	}
}

func TestKernelDrops(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, port, _ := net.SplitHostPort(c.LocalAddr().String())
	h := open(t, Options{Interface: "lo", Buffer: 512, Filter: "udp port " + port})
	for range 4000 {
		c.WriteTo(make([]byte, 1400), c.LocalAddr())
	}
	s, err := h.Stats()
	if err != nil || s.KernelDrops == 0 {
		t.Errorf("5.6 MB into a buffer of 512 KiB that nobody reads: %+v, %v", s, err)
	}
	again, _ := h.Stats()
	if again.KernelDrops < s.KernelDrops {
		t.Errorf("%d drops after %d", again.KernelDrops, s.KernelDrops)
	}
}

func TestNextAllocates(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, port, _ := net.SplitHostPort(c.LocalAddr().String())
	h := open(t, Options{Interface: "lo", Filter: "udp port " + port})
	for range 300 {
		c.WriteTo([]byte("x"), c.LocalAddr())
	}
	var p capture.Packet
	if err := next(t, h, &p); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(200, func() { h.Next(&p) }); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

func TestOpenErrors(t *testing.T) {
	open(t, Options{Interface: "lo"})
	tests := []struct {
		o    Options
		want string
	}{
		{Options{Interface: "none0"}, "none0: no such interface; known: "},
		{Options{Interface: "lo", Filter: "tcp prot 1"}, "can't parse filter expression: syntax error"},
	}
	for _, x := range tests {
		h, err := Open(x.o)
		if err == nil {
			h.Close()
			t.Errorf("%+v: opened", x.o)
		} else if !strings.Contains(err.Error(), x.want) {
			t.Errorf("%+v: %v, want %q", x.o, err, x.want)
		}
	}
}

// inNamespace makes the rest of the test run in a network namespace of its
// own, with a pair of interfaces a0 and b0.
func inNamespace(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skip("needs the privilege to make a network namespace: ", err)
	}
	ipCommand(t, "link", "add", "a0", "type", "veth", "peer", "name", "b0")
}

func ipCommand(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Skipf("ip %v: %v: %s", args, err, out)
	}
}

func TestInterfaceDown(t *testing.T) {
	inNamespace(t)
	_, err := Open(Options{Interface: "a0"})
	if err == nil || err.Error() != "a0: the interface is down" {
		t.Errorf("%v", err)
	}
}

// While a capture waits it can be told why nothing comes.
func TestTrouble(t *testing.T) {
	inNamespace(t)
	for _, x := range []struct{ set, want string }{{"", "is down"}, {"a0", "has no link"}, {"b0", ""}} {
		if x.set != "" {
			ipCommand(t, "link", "set", x.set, "up")
		}
		got := Trouble("a0")
		for end := time.Now().Add(5 * time.Second); got != x.want && time.Now().Before(end); got = Trouble("a0") {
			time.Sleep(10 * time.Millisecond) // the kernel takes its time to see the link
		}
		if got != x.want {
			t.Errorf("with %q up: %q, want %q", x.set, got, x.want)
		}
	}
	ipCommand(t, "link", "delete", "a0")
	if got := Trouble("a0"); got != "is gone" {
		t.Errorf("deleted: %q", got)
	}
	if got := Trouble(Any); got != "" {
		t.Errorf("any: %q", got)
	}
}

func TestInterfaceVanishes(t *testing.T) {
	inNamespace(t)
	ipCommand(t, "link", "set", "a0", "up")
	ipCommand(t, "link", "set", "b0", "up")
	h, err := Open(Options{Interface: "a0"})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	ipCommand(t, "link", "del", "a0")
	var p capture.Packet
	for err == nil {
		err = next(t, h, &p)
	}
	if errors.Is(err, io.EOF) || !strings.HasPrefix(err.Error(), "a0: capture ended: ") {
		t.Errorf("%v", err)
	}
}

// What came before the interface went away is read before the capture ends.
func TestInterfaceVanishesBehindPackets(t *testing.T) {
	for _, wait := range []time.Duration{DefaultReadTimeout, time.Second} {
		t.Run(wait.String(), func(t *testing.T) { vanishBehindPackets(t, wait) })
	}
}

func vanishBehindPackets(t *testing.T, wait time.Duration) {
	inNamespace(t)
	ipCommand(t, "link", "set", "a0", "addrgenmode", "none", "up")
	ipCommand(t, "link", "set", "b0", "addrgenmode", "none", "up")
	to, err := net.InterfaceByName("b0")
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	h, err := Open(Options{Interface: "a0", Filter: "ether proto 0x88b5", ReadTimeout: wait})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	frame := make([]byte, 1000)
	frame[12], frame[13] = 0x88, 0xb5 // for local experiments (IEEE 802)
	const sent = 5000
	for range sent {
		if err := unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: to.Index, Halen: 6}); err != nil {
			t.Fatal(err)
		}
	}
	ipCommand(t, "link", "del", "a0")
	n := 0
	var p capture.Packet
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if err = h.Next(&p); err == nil {
			n++
		} else if !errors.Is(err, capture.ErrTimeout) {
			break
		}
	}
	if n != sent || err == nil || !strings.HasPrefix(err.Error(), "a0: capture ended: ") {
		t.Errorf("%d of %d packets, then %v", n, sent, err)
	}
	if again := h.Next(&p); again == nil || err == nil || again.Error() != err.Error() {
		t.Errorf("after that %v", again)
	}
}

// The kernel takes a VLAN tag off before the filter sees the frame, and libpcap
// puts it back: the default filter must let such frames through. (On Any a
// second tag is beyond help: Linux 6 then tells the EtherType behind both while
// the inner tag is still in the packet.)
func TestDefaultFilterTagged(t *testing.T) {
	inNamespace(t)
	ipCommand(t, "link", "set", "a0", "up")
	ipCommand(t, "link", "set", "b0", "up")
	for _, x := range []struct {
		device string
		tags   int // most in a frame
	}{{"b0", 2}, {Any, 1}} {
		h, err := Open(Options{Interface: x.device, Filter: DefaultFilter})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		sendTagged(t, x.tags)
		d := capture.NewDecoder(capture.DecoderOptions{})
		var p capture.Packet
		for want := 0; want <= x.tags; {
			if err := next(t, h, &p); err != nil {
				t.Fatal(err)
			}
			switch d.Decode(&p) {
			case capture.OutcomeSkipped:
				if d.Skip == capture.SkipNotTCP && p.Data[len(p.Data)-5] == 53 {
					t.Errorf("%s: DNS passed: % x", x.device, p.Data)
				}
			case capture.OutcomeSegment:
				if d.Segment.Marks&capture.MarkOutbound != 0 {
					continue // Any sees it leave, too
				}
				if int(d.Segment.NVLAN) != want || d.Segment.Dst.Port != 80 {
					t.Errorf("%s: segment to %v with %d tags, want %d", x.device, d.Segment.Dst, d.Segment.NVLAN, want)
				}
				want++
			}
		}
	}
}

// sendTagged sends, out of a0, DNS and a SYN without a tag, then a SYN with
// one, and so on up to tags.
func sendTagged(t *testing.T, tags int) {
	t.Helper()
	sender, err := Open(Options{Interface: "a0"})
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	s := syn("192.0.2.1:40000", "192.0.2.2:80")
	segment := half{s.Src, s.Dst}.tcp(capture.SYN, 0)
	dns := ip(s.Src.Addr, s.Dst.Addr, protoUDP, 0, []byte{0x9c, 0x40, 0, 53, 0, 8, 0, 0})
	ether, _ := linkHeader(capture.LinkEthernet, false)
	send := func(tag []byte, ip []byte) {
		frame := append(append([]byte{}, ether[:12]...), tag...)
		frame = append(append(frame, ether[12:]...), ip...)
		if err := sender.pcap.WritePacketData(frame); err != nil {
			t.Fatal(err)
		}
	}
	send(nil, dns)
	for n, tag := range [][]byte{nil, {0x81, 0, 0, 100}, {0x88, 0xa8, 0, 200, 0x81, 0, 0, 100}} {
		if n <= tags {
			send(tag, segment)
		}
	}
}
