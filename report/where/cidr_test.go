package where

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
)

// An address lies in a prefix when its first bits are the prefix's, one by one.
func FuzzNetworks(f *testing.F) {
	f.Add(uint64(0), uint64(0x0a010203), uint64(0), uint64(0x0a000000), uint8(8), true)
	f.Add(uint64(0x20010db8<<32), uint64(1), uint64(0x20010db8<<32), uint64(2), uint8(126), false)
	f.Add(uint64(0), uint64(0xffff0a010203), uint64(0), uint64(0xffff0a000000), uint8(104), false)
	f.Add(uint64(0), uint64(0), uint64(0), uint64(1), uint8(0), true)
	f.Fuzz(func(t *testing.T, aHigh, aLow, pHigh, pLow uint64, bits uint8, v4 bool) {
		address := func(high, low uint64) netip.Addr {
			if v4 {
				return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(low))))
			}
			return netip.AddrFrom16([16]byte(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, high), low)))
		}
		a, p := address(aHigh, aLow), address(pHigh, pLow)
		n := int(bits) % (a.BitLen() + 1)
		x, y := a.AsSlice(), p.AsSlice()
		want, masked := true, true
		for i := range a.BitLen() {
			mask := byte(0x80) >> (i % 8)
			if i < n {
				want = want && x[i/8]&mask == y[i/8]&mask
			} else {
				masked = masked && y[i/8]&mask == 0
			}
		}
		all, err := parseNetworks(fmt.Sprintf("%s/%d", p, n))
		if (err == nil) != masked {
			t.Fatalf("%s/%d: %v", p, n, err)
		}
		if err == nil && all.holds(a.String()) != want {
			t.Errorf("%s in %s/%d: want %v", a, p, n, want)
		}
	})
}
