package host

import (
	"net"
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
