package serve

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Without an address it is this host's alone, and only at loopback or a socket is no token asked for.
func TestAddress(t *testing.T) {
	for text, want := range map[string]struct {
		at   string
		open bool
	}{
		"127.0.0.1:8080": {"127.0.0.1:8080", false}, ":8080": {"127.0.0.1:8080", false}, "localhost:8080": {"127.0.0.1:8080", false}, "[::1]:80": {"[::1]:80", false},
		"127.1.2.3:80": {"127.1.2.3:80", false}, "[::ffff:127.0.0.1]:80": {"[::ffff:127.0.0.1]:80", false},
		"0.0.0.0:8080": {"0.0.0.0:8080", true}, "[::]:8080": {"[::]:8080", true}, "192.0.2.1:8080": {"192.0.2.1:8080", true}, "[fe80::1%eth0]:80": {"[fe80::1%eth0]:80", true},
	} {
		a, err := ParseAddress(text)
		if err != nil || a.at.String() != want.at || a.Open() != want.open {
			t.Errorf("%s: %v, open %t: %v", text, a.at, a.Open(), err)
		}
	}
	for _, text := range []string{"", "8080", "127.0.0.1", "example.org:80", "127.0.0.1:99999", "127.0.0.1:-1", "*:80", "unix:", "unix:/" + strings.Repeat("x", 100), "http://127.0.0.1:80/"} {
		if a, err := ParseAddress(text); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %+v %v", text, a, err)
		}
	}
	if a, err := ParseAddress("unix:/run/x"); err != nil || a.Open() || a.path != "/run/x" {
		t.Errorf("%+v %v", a, err)
	}
}

// A socket that somebody listens at is left alone, one that was left behind is taken.
func TestSocketLeftBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	a := Address{path: path}
	first, err := a.Listen(os.Getuid(), os.Getgid())
	if err != nil {
		t.Fatal(err)
	}
	if about, err := os.Stat(path); err != nil || about.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", about.Mode(), err)
	}
	if _, err := a.Listen(os.Getuid(), os.Getgid()); err == nil || !strings.Contains(err.Error(), "another program listens there") {
		t.Error(err)
	}
	first.(*net.UnixListener).SetUnlinkOnClose(false)
	first.Close()
	if os.Geteuid() == 0 { // another's is not taken for ours
		if err := os.Lchown(path, 4711, 4711); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Listen(1, 1); err == nil || !strings.Contains(err.Error(), "another user's") {
			t.Error(err)
		}
		os.Lchown(path, 1, 1)
	}
	again, err := a.Listen(1, 1)
	if os.Geteuid() != 0 {
		again, err = a.Listen(os.Getuid(), os.Getgid())
	}
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	if _, err := os.Stat(path); err == nil {
		t.Error("the socket is there still")
	}
}
