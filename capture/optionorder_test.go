package capture

import "testing"

// The order of a SYN's options tells Linux from the BSDs and from others; what any system may write
// tells nothing.
func TestOptionOrder(t *testing.T) {
	const mss, sack, stamps, nop, scale = "\x02\x04\x05\xb4", "\x04\x02", "\x08\x0aAAAABBBB", "\x01", "\x03\x03\x07"
	for _, x := range []struct {
		name, options string
		want          OptionOrder
	}{
		{"none", "", OrderUnknown},
		{"an MSS alone", mss, OrderUnknown},
		{"Linux", mss + sack + stamps + nop + scale, OrderLinux},
		{"Linux with fast open", mss + sack + stamps + nop + scale + "\x22\x02", OrderLinux},
		{"Linux without timestamps", mss + nop + nop + sack + nop + scale, OrderLinux},
		{"Linux without SACK", mss + nop + nop + stamps + nop + scale, OrderLinux},
		{"Linux without window scale", mss + sack + stamps, OrderLinux},
		{"Linux, signed", nop + nop + "\x13\x12AAAAAAAAAAAAAAAA" + mss + nop + nop + sack + nop + scale, OrderLinux},
		{"macOS", mss + nop + scale + nop + nop + stamps + sack + "\x00\x00", OrderBSD},
		{"FreeBSD", mss + nop + scale + sack + stamps, OrderBSD},
		{"OpenBSD", mss + nop + nop + sack + nop + scale + nop + nop + stamps, OrderBSD},
		{"Windows", mss + nop + scale + nop + nop + sack, OrderOther},
		{"Solaris", nop + nop + sack + mss, OrderOther},
		{"timestamps alone", nop + nop + stamps, OrderOther},
		{"cut", mss + "\x08\x0aAA", OrderUnknown},
		{"a length of 0", mss + "\x08\x00", OrderUnknown},
	} {
		if got := optionOrder([]byte(x.options)); got != x.want {
			t.Errorf("%s: %v, want %v", x.name, got, x.want)
		}
	}
}
