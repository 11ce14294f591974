package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tcpwatch/capture/lab/wire"
)

// In another network namespace its interfaces are captured on, its addresses are this host's,
// and its ports are counted; the privilege that this took is gone when packets are read.
func TestCapturesInANamespace(t *testing.T) {
	needsRoot(t)
	n, err := wire.NewNamespace("netns", 64)
	if err != nil {
		t.Skip("no network namespaces: ", err)
	}
	defer n.Close()
	if err := n.IP("link set lo up"); err != nil {
		t.Fatal(err)
	}
	if err := n.SysctlText("ipv4/ip_local_port_range", "20000 20009"); err != nil {
		t.Fatal(err)
	}
	cmd, errs := program(t, "--netns", n.Path(), "-i", "lo", "-c", "6", "-o", "table")
	out := &bytes.Buffer{}
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	if missing := threads(cmd.Process.Pid, `CapEff:\t0+`, `CapPrm:\t0+`); missing != "" {
		t.Fatal(missing, errs)
	}
	err = n.Do(func() error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			return err
		}
		a, err := l.Accept()
		if err != nil {
			return err
		}
		c.Close()
		io.Copy(io.Discard, a)
		return a.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err, errs)
	}
	for _, want := range []string{`from interface lo\n`, `Handshakes: 1 attempt, 1 completed`, `(?m)^127\.0\.0\.1 -> 127\.0\.0\.1:.* 10\.0 %`} {
		if !regexp.MustCompile(want).Match(out.Bytes()) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if want := "capturing on lo in network namespace " + n.Path() + ", default filter"; !strings.Contains(errs.String(), want) {
		t.Errorf("no %q in\n%s", want, errs)
	}
}

// What can't be entered is told in a line, and -D lists the interfaces of one that can.
func TestNamespaces(t *testing.T) {
	needsRoot(t)
	n, err := wire.NewNamespace("netns", 64)
	if err != nil {
		t.Skip("no network namespaces: ", err)
	}
	defer n.Close()
	if err := n.IP("link add vee0 type veth peer name vee1"); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name, out, err string
		status         int
	}{
		{n.Path(), `(?m)^vee0 \[down\]$`, `^$`, 0},
		{strconv.Itoa(os.Getpid()), `(?m)^lo `, `^$`, 0},
		{"999999999", `^$`, `^tcpwatch: --netns 999999999: no process has this number\n$`, 2},
		{"no such", `^$`, `^tcpwatch: --netns no such: no network namespace has this name[;,] .*\n$`, 2},
		{"/dev/null", `^$`, `^tcpwatch: --netns /dev/null: not a network namespace\n$`, 2},
		{"/none/such", `^$`, `^tcpwatch: --netns /none/such: no such file\n$`, 2},
	} {
		cmd, errs := program(t, "-D", "--netns", x.name)
		out := &bytes.Buffer{}
		cmd.Stdout = out
		status := 0
		if err := cmd.Run(); err != nil {
			exit, ok := err.(*exec.ExitError)
			if !ok {
				t.Fatal(err)
			}
			status = exit.ExitCode()
		}
		if status != x.status || !regexp.MustCompile(x.out).Match(out.Bytes()) || !regexp.MustCompile(x.err).Match(errs.Bytes()) {
			t.Errorf("--netns %s: status %d\n%s%s", x.name, status, out, errs)
		}
	}
}
