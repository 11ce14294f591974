//go:build cgo

package live

import (
	"strings"
	"testing"

	"golang.org/x/net/bpf"

	"tcpwatch/capture"
)

// matcher compiles expr for link and returns the program as a function.
func matcher(t *testing.T, link capture.LinkType, expr string) func(*capture.Packet) bool {
	t.Helper()
	raw, err := Compile(link, expr)
	if err != nil {
		t.Fatalf("%v: %v", link, err)
	}
	program, ok := bpf.Disassemble(raw)
	if !ok {
		t.Fatalf("%v: not all instructions known: %v", link, program)
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatalf("%v: %v", link, err)
	}
	return func(p *capture.Packet) bool {
		n, err := vm.Run(p.Data)
		if err != nil {
			t.Fatal(err)
		}
		return n > 0
	}
}

func TestCompileLinkTypes(t *testing.T) {
	for _, link := range []capture.LinkType{
		capture.LinkNull, capture.LinkEthernet, capture.LinkPPP, capture.LinkFDDI, capture.LinkRaw, capture.LinkCHDLC,
		capture.LinkIEEE80211, capture.LinkFrameRelay, capture.LinkLoop, capture.LinkLinuxSLL, capture.LinkLinuxSLL2,
		capture.LinkIEEE80211Radiotap, capture.LinkIPv4, capture.LinkIPv6,
	} {
		for _, expr := range []string{"tcp port 443", DefaultFilter} {
			if program, err := Compile(link, expr); err != nil || len(program) == 0 {
				t.Errorf("%v %.20q: %d instructions, %v", link, expr, len(program), err)
			}
		}
	}
}

// A link type above 255 must not be read as its lower eight bits: 276 & 255 is 20.
func TestCompileWideLinkType(t *testing.T) {
	s := syn("192.0.2.1:40000", "192.0.2.2:80")
	header, _ := linkHeader(capture.LinkLinuxSLL2, false)
	p := &capture.Packet{Data: append(header, half{s.Src, s.Dst}.tcp(capture.SYN, 0)...)}
	if !matcher(t, capture.LinkLinuxSLL2, "tcp port 80")(p) {
		t.Error("tcp port 80 does not match a SYN to port 80")
	}
	if matcher(t, capture.LinkLinuxSLL2, "tcp port 81")(p) {
		t.Error("tcp port 81 matches a SYN to port 80")
	}
}

func TestCompileErrors(t *testing.T) {
	tests := []struct {
		link capture.LinkType
		expr string
		want string
	}{
		{capture.LinkEthernet, "tcp prot 80", "can't parse filter expression: syntax error"},
		{capture.LinkEthernet, "port 99999", "illegal port number 99999"},
		{60000, "tcp", "unknown data link type 60000"},
	}
	for _, x := range tests {
		_, err := Compile(x.link, x.expr)
		if err == nil || !strings.Contains(err.Error(), x.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v %q: %v; want one line with %q", x.link, x.expr, err, x.want)
		}
	}
}

func TestDefaultFilter(t *testing.T) {
	for _, link := range []capture.LinkType{capture.LinkEthernet, capture.LinkLinuxSLL, capture.LinkLinuxSLL2,
		capture.LinkNull, capture.LinkLoop, capture.LinkRaw, capture.LinkPPP} {
		match := matcher(t, link, DefaultFilter)
		for _, s := range []*capture.Segment{syn("192.0.2.1:40000", "192.0.2.2:80"), syn("[2001:db8::1]:40000", "[2001:db8::2]:80")} {
			if w := Weakens(match, link, s, false); w != 0 {
				t.Errorf("%v %v: hides %q", link, s.Src, w.Hides())
			}
			h := half{s.Src, s.Dst}
			udp := []byte{0x9c, 0x40, 0, 53, 0, 8, 0, 0}
			echo := []byte{8, 0, 0, 0, 0, 1, 0, 1}
			proto := uint8(protoICMP)
			if h.v6() {
				proto, echo[0] = protoICMPv6, 128
			}
			tr := trial{match: match, link: link}
			if tr.passes(ip(s.Src.Addr, s.Dst.Addr, protoUDP, 0, udp), h.v6()) {
				t.Errorf("%v %v: lets DNS through", link, s.Src)
			}
			if tr.passes(ip(s.Src.Addr, s.Dst.Addr, proto, 0, echo), h.v6()) {
				t.Errorf("%v %v: lets an echo request through", link, s.Src)
			}
		}
	}
}
