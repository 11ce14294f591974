package host

import (
	"errors"
	"io/fs"
	"net"
	"strings"
	"testing"
)

// TestOwnSockets looks for a listener and an accepted connection of this very
// process in the kernel's table.
func TestOwnSockets(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip("no loopback: ", err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	d, err := OpenDiag(0)
	if err != nil {
		t.Skip("no sock_diag: ", err)
	}
	defer d.Close()
	found := map[State]int{}
	err = d.TCP(AllStates, func(s *Socket) {
		if s.Local.String() == l.Addr().String() || s.Remote.String() == l.Addr().String() {
			found[s.State]++
		}
	})
	if err != nil {
		t.Skip("sock_diag does not answer: ", err)
	}
	if found[Listen] != 1 || found[Established] != 2 {
		t.Errorf("found %v, want one listener and both ends established", found)
	}
	if ReadLimits().Ports() == 0 {
		t.Error("no ports")
	}
}

// Each reason why a namespace can't be entered is told with what to do.
func TestWhyNoNamespace(t *testing.T) {
	other := errors.New("other")
	for _, x := range []struct {
		name string
		err  error
		want string
	}{
		{"12", fs.ErrPermission, "use sudo"},
		{"12", fs.ErrNotExist, "no process has this number"},
		{"a/b", fs.ErrNotExist, "no such file"},
		{"blue", fs.ErrNotExist, "no network namespace has this name"},
		{"blue", other, "other"},
	} {
		if got := why(x.name, x.err).Error(); !strings.Contains(got, x.want) {
			t.Errorf("%s, %v: %q, want %q", x.name, x.err, got, x.want)
		}
	}
}

// What is run in no Namespace is run here.
func TestNoNamespace(t *testing.T) {
	var n *Namespace
	ran := false
	n.Do(func() { ran = true })
	n.Close()
	if !ran || n.String() != "" {
		t.Errorf("ran: %v; its name is %q", ran, n)
	}
}
