//go:build cgo

package live

import (
	"net/netip"
	"strings"
	"testing"

	"tcpwatch/capture"
)

func endpoint(s string) capture.Endpoint {
	a := netip.MustParseAddrPort(s)
	return capture.Endpoint{Addr: capture.AddrFrom(a.Addr()), Port: a.Port()}
}

func syn(src, dst string) *capture.Segment {
	return &capture.Segment{Src: endpoint(src), Dst: endpoint(dst), Flags: capture.SYN}
}

func TestWeakens(t *testing.T) {
	const (
		a4, b4 = "192.0.2.1:40000", "192.0.2.2:80"
		a6, b6 = "[2001:db8::1]:40000", "[2001:db8::2]:80"
		icmp   = HidesICMP
		tags   = HidesVLAN
		frags  = HidesFragments
		tunnel = HidesTunnels
	)
	tests := []struct {
		filter   string
		src, dst string
		stripped bool
		want     Weakness
	}{
		{"", a4, b4, false, 0},
		{"ip or ip6", a4, b4, true, 0},
		{"tcp", a4, b4, false, icmp | tags | tunnel},
		{"tcp", a4, b4, true, icmp | tunnel},
		{"tcp", a6, b6, true, icmp | tunnel},
		{"tcp or icmp or icmp6", a4, b4, true, tunnel},
		{"port 80", a4, b4, true, icmp | frags | tunnel},
		{"port 80 or icmp", a4, b4, true, frags | tunnel},
		{"tcp port 80 or (vlan and tcp port 80)", a4, b4, false, icmp | frags | tunnel},
		{"host 192.0.2.1", a4, b4, true, icmp | tunnel}, // the error about the answer goes to the other
		{"src host 192.0.2.1 or icmp", a4, b4, true, HidesDirection | tunnel},
		{"dst port 80", a4, b4, true, HidesDirection | icmp | frags | tunnel},
		{"tcp[13] & 2 != 0", a4, b4, true, HidesClosing | HidesACKs | HidesPayload | icmp | frags | tunnel},
		{"tcp[13] & 7 != 0", a4, b4, true, HidesACKs | HidesPayload | icmp | frags | tunnel},
		{"tcp and not tcp[13] & 4 != 0 or icmp", a4, b4, true, HidesClosing | tunnel}, // a fragment has no byte 13
		{"tcp and greater 60 or icmp", a4, b4, true, 0},                               // the plain copy of the sample is too short: nothing is said
		{"udp", a4, b4, true, 0},                                                      // it cannot have let the sample through
	}
	for _, x := range tests {
		got := Weakens(matcher(t, capture.LinkEthernet, x.filter), capture.LinkEthernet, syn(x.src, x.dst), x.stripped)
		if got != x.want {
			t.Errorf("%q %s: hides %q, want %q", x.filter, x.src, got.Hides(), x.want.Hides())
		}
	}
}

func TestHides(t *testing.T) {
	for _, x := range []struct {
		w    Weakness
		want string
	}{
		{0, ""},
		{HidesICMP | HidesFragments | HidesVLAN | HidesTunnels, "ICMP errors (some failed opens look unanswered); fragments; VLANs; tunnels"},
		{HidesACKs, "pure ACKs (states, keepalives and losses are unknown)"},
		{HidesACKs | HidesPayload, "what follows a SYN/ACK (completed handshakes, states and losses are unknown)"},
	} {
		if got := strings.Join(x.w.Hides(), "; "); got != x.want {
			t.Errorf("%b hides %q, want %q", x.w, got, x.want)
		}
	}
}

func TestWeakensUnknownLink(t *testing.T) {
	all := func(*capture.Packet) bool { return true }
	if w := Weakens(all, capture.LinkDBus, syn("192.0.2.1:1", "192.0.2.2:2"), false); w != 0 {
		t.Errorf("hides %q of a link type that cannot be made up", w.Hides())
	}
}
