package main

import (
	"bytes"
	"flag"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stopped is for how long the screen takes nothing in TestHeldScreenLosesNothing.
var stopped = flag.Duration("stop", 3*time.Second, "for how long a screen takes nothing while packets are captured")

// A screen that takes nothing (Ctrl-S) for a while costs no packet, and goes on when it does again.
func TestHeldScreenLosesNothing(t *testing.T) {
	if ok, err := condition("capture"); !ok {
		t.Skip("live capture needs root or CAP_NET_RAW: ", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for c, err := listener.Accept(); err == nil; c, err = listener.Accept() {
			c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	master, slave := pseudoTerminal(t)
	if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 200}); err != nil {
		t.Fatal(err)
	}
	packets, settings := filepath.Join(t.TempDir(), "w.pcap"), filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(settings, []byte("refresh = 100ms\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := &exec.Cmd{Path: program, Args: []string{"tcpwatch", "-i", "lo", "--config", settings, "-w", packets, "port", port}, Stdin: slave, Stdout: slave, Stderr: slave,
		Env: append(os.Environ(), "TERM=xterm-256color")}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	size := func() int64 { return sizeOf(packets) }
	const each = 16 + 66 // of a file: a segment with timestamps
	until := func(bytes int64) bool {
		for end := time.Now().Add(30 * time.Second); size() < bytes; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				return false
			}
		}
		return true
	}
	if !until(24) {
		t.Fatal("nothing is captured")
	}
	const stop, start = 0, 1 // TCOOFF, TCOON of tcflow(3), which no package has
	if err := unix.IoctlSetInt(int(slave.Fd()), unix.TCXONC, stop); err != nil {
		t.Fatal(err)
	}
	before, end := size(), time.Now().Add(*stopped) // there is a frame each 100 ms
	var opened atomic.Int64
	var clients sync.WaitGroup
	for range 3 {
		clients.Go(func() {
			for ; time.Now().Before(end); time.Sleep(time.Millisecond) {
				if c, err := net.Dial("tcp", listener.Addr().String()); err == nil {
					c.(*net.TCPConn).SetLinger(0) // no port is held in TIME-WAIT
					c.Close()
					opened.Add(1)
				}
			}
		})
	}
	clients.Wait()
	n := opened.Load()
	t.Logf("%d connections in %v", n, *stopped)
	if want := before + n*4*each; !until(want) {
		t.Errorf("%d bytes of %d connections were captured, not %d: reading waits for the screen", size()-before, n, want-before)
	}
	if err := unix.IoctlSetInt(int(slave.Fd()), unix.TCXONC, start); err != nil {
		t.Fatal(err)
	}
	var shown bytes.Buffer
	done := make(chan struct{})
	go func() {
		io.Copy(&shown, master) // to an error: the other side is closed
		close(done)
	}()
	time.Sleep(500 * time.Millisecond)
	if _, err := master.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	slave.Close()
	<-done
	for _, part := range []string{"no packet dropped", "tcpwatch: ", "Handshakes"} {
		if !bytes.Contains(shown.Bytes(), []byte(part)) {
			t.Errorf("%q is not shown", part)
		}
	}
}
