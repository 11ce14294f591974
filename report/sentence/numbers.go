package sentence

import (
	"fmt"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

const (
	// blocksShown is how many SACK blocks are told; the first is the newest (RFC 2018 section 4).
	blocksShown = 2
	// usualMSS stands for an MSS that was not captured.
	usualMSS = 1460
	// maxShift is the greatest shift count of a window (RFC 7323 section 2.3).
	maxShift = 14
)

// windows are what the numbers in an end's window field mean.
type windows struct {
	syn    bool // its SYN or SYN/ACK was captured
	scaled bool // and offered a scale
	shift  uint8
	mss    uint16
	closed bool // the window it told last is zero
}

// learn takes what an end's SYN offers.
func (x *windows) learn(g *capture.Segment) {
	x.syn, x.mss = true, g.MSS
	if x.scaled = g.Options&capture.OptWScale != 0; x.scaled {
		x.shift = min(g.WScale, maxShift)
	}
}

// window is the window that a segment offers, in bytes, and the same where it matters: it has
// room for less than two full segments of the other end, or it opens again.
func (f *Teller) window(g *capture.Segment, from record.End) (offered, matters record.Opt[uint32]) {
	if from > record.Resp || g.Flags.Any(capture.SYN|capture.RST) || !g.Flags.Has(capture.ACK) {
		return offered, matters
	}
	own, other := &f.windows[from], &f.windows[from.Peer()]
	opens := own.closed && g.Window > 0
	own.closed = g.Window == 0
	if g.Window == 0 {
		return record.Some(uint32(0)), matters
	}
	if !own.syn || !other.syn {
		return offered, matters
	}
	n, full := uint32(g.Window), uint32(usualMSS)
	if own.scaled && other.scaled {
		n <<= own.shift
	}
	if own.mss > 0 {
		full = uint32(own.mss)
	}
	if opens || n < 2*full {
		matters = record.Some(n)
	}
	return record.Some(n), matters
}

// blocks are the SACK blocks of a segment, counted as its ACK is; a first block of what had
// arrived before is a D-SACK (RFC 2883 section 4).
func blocks(g *capture.Segment, relAck uint32) string {
	if g.NSACK == 0 || !g.Flags.Has(capture.ACK) {
		return ""
	}
	var b strings.Builder
	all := g.SACK[:min(int(g.NSACK), len(g.SACK))]
	for i, x := range all[:min(len(all), blocksShown)] {
		word := "sack"
		if i == 0 && twice(g.Ack, all) {
			word = "dsack"
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s %d:%d", word, x.Left-g.Ack+relAck, x.Right-g.Ack+relAck)
	}
	if n := len(all) - blocksShown; n > 0 {
		fmt.Fprintf(&b, " +%d", n)
	}
	return b.String()
}

// twice tells that the first block lies below the ACK, or within the second.
func twice(ack uint32, all []capture.SACKBlock) bool {
	x := all[0]
	if int32(x.Right-ack) <= 0 {
		return true
	}
	return len(all) > 1 && int32(x.Left-all[1].Left) >= 0 && int32(x.Right-all[1].Right) <= 0
}
