package capture

// Tunnels of wireless access points and of what captures there.
const (
	portCAPWAP = 5247 // data
	portTZSP   = 37008
)

// capwap reads a data packet of RFC 5415 section 4: an 802.11 or an 802.3 frame.
func (d *Decoder) capwap(v view) Outcome {
	const header, dtls = 8, 1
	const native, fragment, keepalive, wifiBinding = 0x100, 0x80, 0x08, 1
	b := v.data
	if len(b) < 1 {
		return d.short(v, 1)
	}
	switch b[0] { // version 0, type
	case dtls:
		return d.skip(SkipEncrypted)
	case 0:
	default:
		return d.skip(SkipNotTCP)
	}
	if len(b) < header {
		return d.short(v, header)
	}
	flags := be16(b[2:])
	n := int(b[1]>>3) * 4
	switch {
	case n < header:
		return d.skip(SkipMalformed)
	case flags&keepalive != 0:
		return d.skip(SkipNotTCP)
	case flags&fragment != 0:
		return d.skip(SkipFragment)
	case len(b) < n:
		return d.short(v, n)
	}
	d.tunnel(TunnelOther)
	v = v.from(n)
	if flags&native == 0 {
		return d.ethernet(v)
	}
	if flags>>9&0x1f != wifiBinding {
		return d.skip(SkipLinkType)
	}
	// Some access points send the two bytes of the frame control in turn.
	if len(v.data) < 2 {
		return d.short(v, wifiHeaderLen)
	}
	if c := v.data; c[0]&0x0f != wifiData && c[1]&0x0f == wifiData {
		return d.wifiFrame(v, c[1], c[0], false)
	}
	return d.wifi(v, false)
}

// tzsp reads a frame sent on by the TaZmen Sniffer Protocol: version 1, type (0
// received, 1 to be sent), what is carried, tagged fields up to an end tag.
func (d *Decoder) tzsp(v view) Outcome {
	const header, padding, end = 4, 0, 1
	b := v.data
	if len(b) < header {
		return d.short(v, header)
	}
	carries := be16(b[2:])
	if b[0] != 1 || b[1] > 1 {
		return d.skip(SkipNotTCP)
	}
	n := header
	for {
		if len(b) < n+1 {
			return d.short(v, n+1)
		}
		tag := b[n]
		n++
		if tag == end {
			break
		}
		if tag == padding {
			continue
		}
		if len(b) < n+1 {
			return d.short(v, n+1)
		}
		n += 1 + int(b[n])
	}
	if len(b) < n {
		return d.short(v, n)
	}
	v = v.from(n)
	switch carries {
	case 1:
		d.tunnel(TunnelOther)
		return d.ethernet(v)
	case 18:
		d.tunnel(TunnelOther)
		return d.wifi(v, false)
	case 119, 127: // behind a header of the Prism or AVS drivers
		d.tunnel(TunnelOther)
		return d.prism(v)
	}
	return d.skip(SkipNotTCP)
}
