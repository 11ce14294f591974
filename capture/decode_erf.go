package capture

// erf reads a record of Endace's format: time, type, flags, record length, lost
// packets, length on the wire; extension headers of 8 bytes where the type's
// first bit says so, each telling whether another follows.
func (d *Decoder) erf(v view) Outcome {
	const header, extension, more, onWire = 16, 8, 0x80, 14
	b := v.data
	if len(b) < header {
		return d.short(v, header)
	}
	kind, wire := b[8], int(be16(b[onWire:]))
	n := header
	for extended := kind; extended&more != 0; n += extension {
		if len(b) < n+extension {
			return d.short(v, n+extension)
		}
		extended = b[n]
	}
	kind &^= more
	v = v.from(n)
	switch kind {
	case 2, 11, 16, 20: // Ethernet: in colours, and with a hash
		const pad = 2
		if len(v.data) < pad {
			return d.short(v, pad)
		}
		return d.ethernet(v.from(pad).of(wire))
	case 1, 10, 15, 19: // packets over SONET, likewise: PPP or Cisco HDLC
		return d.ppp(v.of(wire))
	case 22:
		return d.ip4(v.of(wire))
	case 23:
		return d.ip6(v.of(wire))
	case 27, 48: // about the capture; padding
		return d.skip(SkipNotIP)
	}
	return d.skip(SkipLinkType)
}

// of is v where the packet in it had n bytes on the wire, whatever was captured
// and padded.
func (v view) of(n int) view { return view{v.data[:min(n, len(v.data))], n} }
