package capture

import (
	"encoding/hex"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"testing"
)

// cryptoPAnKey is that of the sample of the authors' program, and of its descendants.
var cryptoPAnKey = [32]byte{21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16, 216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2}

// Where no bit is pinned, addresses are mapped as the authors' program maps them.
func TestCryptoPAn(t *testing.T) {
	a := newAnonymizer(cryptoPAnKey)
	for _, test := range [][2]string{
		{"128.11.68.132", "135.242.180.132"},
		{"129.118.74.4", "134.136.186.123"},
		{"130.132.252.244", "133.68.164.234"},
		{"141.223.7.43", "141.167.8.160"},
		{"141.233.145.108", "141.129.237.235"},
		{"152.163.225.39", "151.140.114.167"},
		{"156.29.3.236", "147.225.12.42"},
		{"165.247.96.84", "162.9.99.234"},
		{"::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed"},
		{"::2", "78ff:f001:9fc0:20df:8380:b1f1:704:ef"},
		{"2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e"},
		{"2001:db8::2", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c"},
	} {
		x := AddrFrom(netip.MustParseAddr(test[0]))
		a.turn(x.Wire(), nil)
		if got := x.String(); got != test[1] {
			t.Errorf("%s becomes %s, want %s", test[0], got, test[1])
		}
	}
}

// common is how many of their first bits two addresses share.
func common(a, b Addr) int {
	x, y := a.Wire(), b.Wire()
	for i := range x {
		if d := x[i] ^ y[i]; d != 0 {
			return 8*i + bits.LeadingZeros8(d)
		}
	}
	return 8 * len(x)
}

// Two addresses share as many bits before as after, special ones too; the kind of an address
// stays, and the same key gives the same.
func TestPrefixesStay(t *testing.T) {
	key := [32]byte{7}
	a, again := NewAnonymizer(key), NewAnonymizer(key)
	r := rand.New(rand.NewPCG(1, 2))
	some := []string{"127.0.0.2", "127.255.0.1", "126.0.0.1", "169.254.1.1", "169.255.1.1", "224.0.0.5", "239.1.2.3", "240.0.0.1", "10.0.0.1", "10.0.0.2", "192.168.1.1", "192.168.1.2"}
	for range 300 {
		some = append(some, netip.AddrFrom4([4]byte{byte(r.UintN(4) * 80), byte(r.UintN(3)), byte(r.Uint32()), byte(r.Uint32())}).String())
	}
	six := []string{"fe80::1", "fe80::2:1", "fe80:0:0:1::1", "ff02::1", "ff05::2", "fe00::1", "2001:db8::1", "2001:db8::2", "2001:db8:1::2", "::2", "::ffff:10.0.0.1", "fd00::1"}
	changed := 0
	for _, all := range [][]string{some, six} {
		for i, x := range all {
			from := AddrFrom(netip.MustParseAddr(x))
			to := a.Addr(from)
			if to != again.Addr(from) {
				t.Fatalf("%s: another address the second time", x)
			}
			if to != from {
				changed++
			}
			b, c := from.Netip(), to.Netip()
			if b.IsLoopback() != c.IsLoopback() || b.IsMulticast() != c.IsMulticast() || b.IsLinkLocalUnicast() != c.IsLinkLocalUnicast() || b.Is4() != c.Is4() {
				t.Errorf("%s becomes %s, of another kind", b, c)
			}
			for _, y := range all[:i] {
				other := AddrFrom(netip.MustParseAddr(y))
				if stays(&from) || stays(&other) {
					continue
				}
				if before, after := common(from, other), common(to, a.Addr(other)); before != after {
					t.Fatalf("%s and %s have %d bits in common, %s and %s %d", x, y, before, to, a.Addr(other), after)
				}
			}
		}
	}
	if changed < 300 {
		t.Errorf("only %d were changed", changed)
	}
	for _, x := range []string{"0.0.0.0", "255.255.255.255", "127.0.0.1", "::", "::1"} {
		if got := a.Addr(AddrFrom(netip.MustParseAddr(x))).String(); got != x {
			t.Errorf("%s becomes %s", x, got)
		}
	}
}

// Broadcast and the kinds of groups stay of hardware addresses, all else goes.
func TestHardwareAddresses(t *testing.T) {
	a := NewAnonymizer([32]byte{7})
	for _, test := range []struct {
		from, keeps string
		group       bool
	}{
		{"ffffffffffff", "ffffffffffff", true}, {"000000000000", "000000000000", false}, {"0180c200000e", "0180c200000e", true},
		{"01005e0a0b0c", "01005e", true}, {"33330a0b0c0d", "3333", true}, {"03aabbccddee", "", true}, {"02aabbccddee", "", false}, {"00aabbccddee", "", false},
	} {
		b, _ := hex.DecodeString(test.from)
		a.mac(b)
		got := hex.EncodeToString(b)
		if got[:len(test.keeps)] != test.keeps || (b[0]&1 != 0) != test.group || (got == test.from) != (len(test.keeps) == 12) || b[0]&3 == 0 && len(test.keeps) != 12 {
			t.Errorf("%s becomes %s", test.from, got)
		}
	}
}
