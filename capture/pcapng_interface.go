package capture

import (
	"math"
	"math/bits"
)

// Option codes (draft-ietf-opsawg-pcapng sections 3.5, 4.2 and 4.6).
const (
	optionEnd        = 0
	optionName       = 2  // if_name
	optionResolution = 9  // if_tsresol
	optionOffset     = 14 // if_tsoffset
	optionStartTime  = 2  // isb_starttime
	optionEndTime    = 3  // isb_endtime
	optionReceived   = 4  // isb_ifrecv
	optionIfDrop     = 5  // isb_ifdrop: for want of room in the interface
	optionAccepted   = 6  // isb_filteraccept: what the filter let through
	optionOSDrop     = 7  // isb_osdrop: for want of room in the capturing program's buffer
	optionDelivered  = 8  // isb_usrdeliv: what the capturing program got
)

const second = 1_000_000_000 // in nanoseconds

// clock turns an interface's ticks into nanoseconds since 1970.
type clock struct {
	tick   uint64 // nanoseconds in a tick, 0 when that is no whole number
	second uint64 // ticks in a second
	offset int64  // nanoseconds to add
}

// newClock reads if_tsresol and if_tsoffset; false when a second has more
// ticks than 64 bits hold.
func newClock(resolution byte, offset int64) (clock, bool) {
	var c clock
	exponent := resolution & 0x7f
	switch {
	case resolution&0x80 != 0 && exponent <= 63:
		c.second = 1 << exponent
	case resolution&0x80 == 0 && exponent <= 19:
		c.second = 1
		for range exponent {
			c.second *= 10
		}
	default:
		return c, false
	}
	if second%c.second == 0 {
		c.tick = second / c.second
	}
	switch {
	case offset > math.MaxInt64/second:
		c.offset = math.MaxInt64
	case offset < math.MinInt64/second:
		c.offset = math.MinInt64
	default:
		c.offset = offset * second
	}
	return c, true
}

// nanoseconds saturates where int64 does not reach (the year 2262).
func (c *clock) nanoseconds(ticks uint64) int64 {
	var high, t uint64
	if c.tick != 0 {
		high, t = bits.Mul64(ticks, c.tick)
	} else {
		high, t = bits.Mul64(ticks/c.second, second)
		fh, fl := bits.Mul64(ticks%c.second, second)
		fraction, _ := bits.Div64(fh, fl, c.second) // less than 1e9
		var carry uint64
		t, carry = bits.Add64(t, fraction, 0)
		high += carry
	}
	if high != 0 || t > math.MaxInt64 {
		t = math.MaxInt64
	}
	sum := int64(t) + c.offset
	if c.offset > 0 && sum < c.offset {
		return math.MaxInt64
	}
	return sum
}

// addInterface takes an interface description (section 4.2).
func (f *pcapngFile) addInterface(body []byte) error {
	if len(body) < 8 {
		return damage(f.at, "an interface description of %d bytes", f.size)
	}
	i := sectionInterface{link: LinkType(f.u16(body)), snaplen: f.u32(body[4:])}
	seen := Interface{Link: i.link, Snaplen: int(i.snaplen)}
	resolution, offset := byte(6), int64(0)
	for options := body[8:]; ; {
		code, value, rest := f.option(options)
		if code == optionEnd {
			break
		}
		options = rest
		switch {
		case code == optionName && seen.Name == "":
			seen.Name = string(value[:min(len(value), longestInterface)])
		case code == optionResolution && len(value) == 1:
			resolution = value[0]
		case code == optionOffset && len(value) == 8:
			offset = int64(f.u64(value))
		}
	}
	var ok bool
	if i.clock, ok = newClock(resolution, offset); !ok {
		return damage(f.at, "an interface clock of resolution %#02x", resolution)
	}
	seen.Resolution = resolution
	i.swapNFLOG = i.link == LinkNFLOG && f.swapped != hostIsBigEndian()
	if i.index, ok = f.all.add(describedAs{seen, len(f.section)}); !ok || len(f.section) == mostInterfaces {
		return damage(f.at, "more than %d interfaces", mostInterfaces)
	}
	f.section = append(f.section, i)
	f.longest = max(f.longest, int(longestPacket(i.link))+packetOverhead)
	return nil
}

// statistics takes the drop counters of an interface statistics block
// (section 4.6). They count from the section's start, so the latest holds.
func (f *pcapngFile) statistics(body []byte) {
	if len(body) < 12 {
		return
	}
	id := f.u32(body)
	if id >= uint32(len(f.section)) {
		return
	}
	i := &f.section[id]
	var lost uint64
	received := uint64(math.MaxUint64) // none told
	var span [2]int64
	for options := body[12:]; ; {
		code, value, rest := f.option(options)
		if code == optionEnd {
			break
		}
		options = rest
		if len(value) != 8 {
			continue
		}
		switch code {
		case optionIfDrop, optionOSDrop:
			lost = addUpTo(lost, f.u64(value))
			i.counted = true
		case optionReceived, optionAccepted, optionDelivered:
			if n := f.u64(value); n > 0 {
				received = min(received, n)
			}
		case optionStartTime:
			span[0] = i.clock.nanoseconds(f.ticks(value))
		case optionEndTime:
			span[1] = i.clock.nanoseconds(f.ticks(value))
		}
	}
	i.lost = max(i.lost, lost)
	if received < math.MaxUint64 && received > f.got[id] {
		if f.got == nil {
			f.got = map[uint32]uint64{}
		}
		f.gotAll = addUpTo(f.gotAll, received-f.got[id])
		f.got[id] = received
		f.received = max(f.received, f.gotAll)
	}
	if span[0] == 0 || span[1] < span[0] {
		return
	}
	if f.spans == nil {
		f.spans = map[uint32][2]int64{}
	}
	f.spans[id] = span
}

// option splits the first option off; optionEnd also stands for options that
// do not fit their block.
func (f *pcapngFile) option(b []byte) (code uint16, value, rest []byte) {
	if len(b) < 4 {
		return optionEnd, nil, nil
	}
	n := int(f.u16(b[2:]))
	padded := (n + 3) &^ 3
	if padded > len(b)-4 {
		return optionEnd, nil, nil
	}
	return f.u16(b), b[4 : 4+n], b[4+padded:]
}

// ticks are those of a time: its higher half comes first in either byte order.
func (f *pcapngFile) ticks(b []byte) uint64 { return uint64(f.u32(b))<<32 | uint64(f.u32(b[4:])) }

// ran is from when until when all interfaces of the section were captured from, 0 where that is not told.
func (f *pcapngFile) ran() (from, until int64) {
	if len(f.spans) == 0 || len(f.spans) < len(f.section) {
		return 0, 0
	}
	until = math.MaxInt64
	for _, s := range f.spans {
		from, until = max(from, s[0]), min(until, s[1])
	}
	return from, until
}

// Received is how many packets the capturing program got, as the file tells (pcapng interface statistics, as
// far as read), in the section with the most; 0 where none tells. Of a file that was saved from a capture it is
// that capture's; of files joined end to end, the last's.
func (f *File) Received() uint64 {
	if x, ok := f.format.(*pcapngFile); ok {
		return x.received
	}
	return 0
}

// Ran is from when until when packets were captured, in nanoseconds since 1970, where the file tells (pcapng interface
// statistics, as far as read): that was so when none came, too. Of files joined end to end, and of several sections,
// it is that of the last.
func (f *File) Ran() (from, until int64, told bool) {
	if x, ok := f.format.(*pcapngFile); ok {
		from, until = x.ran()
	}
	return from, until, until > from
}
