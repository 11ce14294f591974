package live

import (
	"errors"
	"net/netip"
	"os"
	"testing"
)

func TestFullLink(t *testing.T) {
	tests := []struct {
		low   uint8
		known []int
		want  int
	}{
		{1, []int{1, 143}, 1},
		{20, []int{113, 276}, 276}, // LINUX_SLL2 cut to eight bits
		{113, []int{113, 276}, 113},
		{20, []int{20, 276}, 20},
		{9, nil, 9},
	}
	for _, x := range tests {
		if got := fullLink(x.low, x.known); got != x.want {
			t.Errorf("fullLink(%d, %v) = %d, want %d", x.low, x.known, got, x.want)
		}
	}
}

func TestFileLink(t *testing.T) {
	for dlt, want := range map[int]int{0: 0, 1: 1, 12: 101, 113: 113, 276: 276} {
		if got := fileLink(dlt); got != want {
			t.Errorf("fileLink(%d) = %d, want %d", dlt, got, want)
		}
	}
}

func TestFirstUp(t *testing.T) {
	lo := Interface{Name: "lo", Up: true, Running: true, Loopback: true, Addresses: make([]netip.Prefix, 1)}
	down := Interface{Name: "eth1"}
	bare := Interface{Name: "eth2", Up: true, Running: true}
	unplugged := Interface{Name: "eth3", Up: true}
	good := Interface{Name: "eth0", Up: true, Running: true, Addresses: make([]netip.Prefix, 1)}
	pseudo := Interface{Name: Any, Up: true, Running: true, Pseudo: true}
	tests := []struct {
		all  []Interface
		want string
	}{
		{[]Interface{pseudo, lo, down, bare, good}, "eth0"},
		{[]Interface{lo, down, unplugged, bare}, "eth2"},
		{[]Interface{lo, unplugged}, "eth3"},
		{[]Interface{pseudo, down, lo}, "lo"},
		{[]Interface{pseudo, down}, ""},
		{nil, ""},
	}
	for _, x := range tests {
		got, err := FirstUp(x.all)
		if got.Name != x.want || (err == nil) != (x.want != "") {
			t.Errorf("of %v: %q, %v; want %q", x.all, got.Name, err, x.want)
		}
	}
}

func TestExplain(t *testing.T) {
	known := []Interface{{Name: "eth0"}, {Name: "lo"}}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	how := "no privilege to capture: use sudo, or sudo setcap cap_net_raw,cap_net_admin=eip " + self
	tests := []struct{ device, err, want string }{
		{"eth0", "Permission Denied", "eth0: " + how},
		{"eth0", "Error: socket: Operation not permitted", "eth0: " + how},
		{"eth9", "Error: socket: Operation not permitted", "eth9: no such interface; known: eth0, lo"},
		{"eth9", "No Such Device", "eth9: no such interface; known: eth0, lo"},
		{"eth0", "Interface Not Up", "eth0: the interface is down"},
		{"eth0", "Error: can't mmap rx ring", "eth0: Error: can't mmap rx ring"},
	}
	for _, x := range tests {
		if got := explain(x.device, errors.New(x.err), known).Error(); got != x.want {
			t.Errorf("%s: %q, want %q", x.err, got, x.want)
		}
	}
}

func TestInterfaceString(t *testing.T) {
	i := Interface{Name: "eth0", Description: "the first", Up: true, Running: true,
		Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("2001:db8::1/64")}}
	const want = "eth0 (the first) [up, running] 192.0.2.1/24 2001:db8::1/64"
	if got := i.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (Interface{Name: "x"}).String(); got != "x [down]" {
		t.Errorf("%q, want x [down]", got)
	}
}
