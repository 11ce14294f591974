package capture

// OptionOrder is whose way of writing the options of a SYN or SYN/ACK fits one: a system writes
// them in an order of its own.
type OptionOrder uint8

const (
	OrderUnknown OptionOrder = iota // no SYN, or none but the MSS: fits any
	OrderLinux                      // tcp_options_write: MSS, SACK and timestamps or each behind NOPs, NOP, window scale
	OrderBSD                        // macOS, FreeBSD, OpenBSD or NetBSD; Windows with timestamps writes as FreeBSD
	OrderOther
	NOptionOrders
)

// String is the name of the systems.
func (o OptionOrder) String() string {
	return [NOptionOrders]string{"", "linux", "bsd", "other"}[min(o, NOptionOrders-1)]
}

// maxOrder is how many options of a SYN are looked at: 40 bytes of options hold no more.
const maxOrder = 40

// optionOrder tells whose order the options in o have.
func optionOrder(o []byte) OptionOrder {
	var room [maxOrder]byte
	kinds := room[:0]
	for len(o) > 0 && len(kinds) < maxOrder && o[0] != optEnd {
		kinds = append(kinds, o[0])
		n := 1
		if o[0] != optNOP {
			if len(o) < 2 || o[1] < 2 || int(o[1]) > len(o) {
				return OrderUnknown // damaged or cut
			}
			n = int(o[1])
		}
		o = o[n:]
	}
	for _, signed := range [...]string{"\x01\x01\x13", "\x01\x01\x1d"} { // MD5, AO: first on Linux, but no sign
		kinds, _ = cutPrefix(kinds, signed)
	}
	rest, hasMSS := cutPrefix(kinds, "\x02")
	if len(rest) == 0 {
		return OrderUnknown
	}
	if !hasMSS {
		return OrderOther
	}
	switch string(rest) {
	case "\x01\x03\x01\x01\x08\x04", // macOS
		"\x01\x03\x04\x08", "\x01\x03\x04", // FreeBSD
		"\x01\x01\x04\x01\x03\x01\x01\x08",                                     // OpenBSD
		"\x01\x03\x04\x01\x01\x01\x01\x08", "\x01\x03\x01\x01\x01\x01\x08\x04": // NetBSD
		return OrderBSD
	}
	for _, next := range [...]string{"\x04\x08", "\x01\x01\x08", "\x01\x01\x04", "\x01\x03"} {
		rest, _ = cutPrefix(rest, next)
	}
	for _, kind := range rest {
		switch kind {
		case optMSS, optSACKPermitted, optTimestamps, optWScale:
			return OrderOther
		}
	}
	return OrderLinux
}

// cutPrefix is b without a prefix, and whether it had that.
func cutPrefix(b []byte, prefix string) ([]byte, bool) {
	if len(b) < len(prefix) || string(b[:len(prefix)]) != prefix {
		return b, false
	}
	return b[len(prefix):], true
}
