package serve

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Address is where a Server listens: an IP address and a port, or a unix socket.
type Address struct {
	path string         // of a unix socket; "" for none
	at   netip.AddrPort // else
}

// addressForms says how an Address is written.
const addressForms = "127.0.0.1:8080, :8080 (the same), ADDRESS:PORT or unix:PATH"

// ParseAddress reads an Address: IP:PORT, :PORT or localhost:PORT for this host alone, or
// unix:PATH. A name is no address: nothing is looked up.
func ParseAddress(text string) (Address, error) {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		switch {
		case path == "":
			return Address{}, errors.New("unix: names no socket, as unix:/run/tcpwatch.sock does")
		case len(path) > 100:
			return Address{}, fmt.Errorf("unix:%s: a socket's path has at most 100 bytes", path)
		}
		return Address{path: path}, nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return Address{}, fmt.Errorf("%s is no address: %s", text, addressForms)
	}
	if host == "" || host == "localhost" {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return Address{}, fmt.Errorf("%s: an address in numbers, names are not looked up: %s", text, addressForms)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return Address{}, fmt.Errorf("%s: %q is no port from 0 to 65535", text, port)
	}
	return Address{at: netip.AddrPortFrom(ip, uint16(number))}, nil
}

// Open reports whether others than this host can reach it: only with a token may they read.
func (a Address) Open() bool { return a.path == "" && !a.at.Addr().Unmap().IsLoopback() }

// Listen opens the Address. A unix socket is for the user with these numbers alone; one that a
// program has left behind is removed, when it is that user's or root's.
func (a Address) Listen(uid, gid int) (net.Listener, error) {
	if a.path == "" {
		l, err := net.Listen("tcp", a.at.String())
		return l, plainError(err)
	}
	if err := removeLeft(a.path, uid); err != nil {
		return nil, err
	}
	before := syscall.Umask(0o177)
	l, err := net.Listen("unix", a.path)
	syscall.Umask(before)
	if err != nil {
		return nil, plainError(err)
	}
	if os.Geteuid() == 0 {
		if err := os.Lchown(a.path, uid, gid); err != nil {
			l.Close()
			return nil, err
		}
	}
	return l, nil
}

// removeLeft removes a socket that nobody listens at any more.
func removeLeft(path string, uid int) error {
	about, err := os.Lstat(path)
	if err != nil {
		return nil // what is wrong with it, listening tells
	}
	if about.Mode()&fs.ModeSocket == 0 {
		return fmt.Errorf("%s is there already, and no socket", path)
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return fmt.Errorf("%s: another program listens there", path)
	} else if !errors.Is(err, syscall.ECONNREFUSED) {
		return plainError(err)
	}
	if s, ok := about.Sys().(*syscall.Stat_t); ok && int(s.Uid) != uid && int(s.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is another user's socket", path)
	}
	return os.Remove(path)
}

// plainError is an error of package net without the words of its layers.
func plainError(err error) error {
	var op *net.OpError
	if !errors.As(err, &op) {
		return err
	}
	var call *os.SyscallError
	if errors.As(op.Err, &call) {
		return call.Err
	}
	return op.Err
}

// URLs are where browsers find what listens at l, the first of them for people; for a unix
// socket its name.
func (a Address) url(l net.Listener) string {
	if a.path != "" {
		return "unix:" + a.path
	}
	at, _ := netip.ParseAddrPort(l.Addr().String())
	ip := at.Addr().Unmap()
	if ip.IsUnspecified() {
		return fmt.Sprintf("http://ADDRESS-OF-THIS-HOST:%d/", at.Port())
	}
	return "http://" + netip.AddrPortFrom(ip, at.Port()).String() + "/"
}
