package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pseudoTerminal is both sides of one: who reads what is written to slave has master.
func pseudoTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals: ", err)
	}
	t.Cleanup(func() { master.Close() })
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

// sizeOf is how large a file is by now, 0 while there is none.
func sizeOf(name string) int64 {
	about, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return about.Size()
}

// A terminal that takes nothing (Ctrl-S) stops no capture.
func TestHeldTerminalStopsNoCapture(t *testing.T) {
	if ok, err := condition("capture"); !ok {
		t.Skip("live capture needs root or CAP_NET_RAW: ", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	to := listener.Addr().String()
	_, port, _ := net.SplitHostPort(to)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	master, slave := pseudoTerminal(t)
	packets := filepath.Join(t.TempDir(), "w.pcap")
	cmd := &exec.Cmd{Path: program, Args: []string{"tcpwatch", "-i", "lo", "-s", "64", "-w", packets, "port", port}, Stdout: slave, Stderr: slave}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	size := func() int64 { return sizeOf(packets) }
	reaches := func(want int64, meanwhile func()) bool {
		for end := time.Now().Add(60 * time.Second); size() < want; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				return false
			}
			meanwhile()
		}
		return true
	}
	connect := func() {
		if c, err := net.Dial("tcp", to); err == nil {
			c.Close()
		}
	}
	// Lines of so many connections fill what a terminal holds.
	if !reaches(500_000, connect) {
		t.Fatalf("%d bytes were captured", size())
	}
	// More than all that could wait between who reads packets and who writes lines.
	const each, many = 16 + 43, 400_000
	want := size() + 300_000*each
	from, err := net.ListenPacket("udp", "127.0.0.1:0") // not connected: no answer refuses anything
	if err != nil {
		t.Fatal(err)
	}
	where := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: listener.Addr().(*net.TCPAddr).Port}
	defer from.Close()
	for i := range many {
		from.WriteTo([]byte{0}, where)
		if i%2000 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	if !reaches(want, func() {}) {
		t.Errorf("%d bytes were captured, not %d: reading waits for the terminal", size(), want)
	}
	var shown bytes.Buffer
	done := make(chan struct{})
	go func() {
		io.Copy(&shown, master) // to an error: the other side is closed
		close(done)
	}()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	slave.Close()
	<-done
	for _, part := range []string{"tcpwatch: capturing on lo", " open ", "Handshakes"} {
		if !bytes.Contains(shown.Bytes(), []byte(part)) {
			t.Errorf("%q is not shown", part)
		}
	}
}
