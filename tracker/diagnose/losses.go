package diagnose

import (
	"fmt"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// losses sums up repeated data on connections to a listener, by who sent it.
type losses struct {
	tally
	bytes    [2]uint64 // payload as sent
	again    [2]uint64 // of that, sent again
	repeats  [2]uint64
	before   [2]uint64
	after    [2]uint64
	lasting  [2]uint64 // of those, of segments that had been sent again before
	timeouts [2]uint64
	segments [2]uint64             // with data, repeats too: what can be lost and is missed
	joined   [2]uint64             // repeats of segments that something on the way had joined to one that is too big
	joiner   fold.First[teller]    // who said so
	mtu      uint32                // and the least MTU named
	long     [2]joinedLosses       // on connections that have segments longer than the other end takes
	blind    [2]uint64             // of the repeats, those of connections of which no ACK was captured
	afar     [2]uint64             // and those of connections of which no round trip tells how far from the capture point who sent them is
	receiver [2]fold.First[teller] // of what each end sent
}

// Fields walks over what is summed up.
func (x *losses) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	for _, by := range [...]*[2]uint64{&x.bytes, &x.again, &x.repeats, &x.before, &x.after, &x.lasting, &x.timeouts, &x.segments, &x.joined, &x.blind, &x.afar} {
		fold.Sums(w, by[:])
	}
	for _, e := range sides() {
		x.receiver[e].Fields(w)
		x.long[e].Fields(w)
	}
	x.joiner.Fields(w)
	fold.Least(w, &x.mtu)
}

// add takes in a connection in which something was repeated, first by a packet.
func (x *losses) add(r *record.Record, packet uint64) {
	x.hitAt(r, packet)
	x.volume(r)
	for _, e := range sides() {
		y := &r.Ends[e]
		x.again[e] += y.RetxBytes
		x.repeats[e] += uint64(y.Retx)
		if n := neededRepeats(r, e); n > 0 {
			x.before[e] += uint64(min(n, y.LostBeforeTap))
			x.after[e] += uint64(n - min(n, y.LostBeforeTap))
			x.lasting[e] += uint64(n - min(n, y.LostBeforeTap+y.LostAfterTap-min(y.LostAgain, y.LostBeforeTap+y.LostAfterTap)))
		}
		x.timeouts[e] += uint64(y.RetxRTO)
		if r.Ends[e.Peer()].Packets == 0 {
			x.blind[e] += uint64(y.Retx)
		}
		if r.Ends[e.Peer()].RTT.N == 0 {
			x.afar[e] += uint64(y.Retx)
		}
		x.receiver[e].Take(teller{r.ID, [...]capture.Addr{r.Resp.Addr, r.Orig.Addr}[e]})
	}
}

// joinedOnTheWay tells that what routers told to be too big is longer than it was sent, and
// was sent again in its pieces.
func joinedOnTheWay(t *record.TooBigRecord) bool { return t.Joined > 0 && t.Again > 0 }

// wereJoined is the first packet that tells so, 0 for none.
func wereJoined(r *record.Record) (packet uint64) {
	for _, e := range sides() {
		if t := &r.Path[e].TooBig; joinedOnTheWay(t) {
			packet = earlier(packet, t.Packet)
		}
	}
	return packet
}

// volume takes in how much a connection sent, whether something was repeated or not.
func (x *losses) volume(r *record.Record) {
	for _, e := range sides() {
		if t := &r.Path[e].TooBig; joinedOnTheWay(t) {
			x.joined[e] += uint64(t.Again)
			x.joiner.Take(teller{t.Packet, t.From})
			fold.TakeLeast(&x.mtu, t.MTU)
		}
		x.long[e].add(r, e)
		x.bytes[e] += r.Ends[e].WireBytes
		x.segments[e] += uint64(r.Ends[e].DataSegments)
	}
}

// neededRepeats is how many of an end's repeats make up for a loss: what had arrived, or
// was acknowledged when it came again, was needless, what had been thrown away was not lost, what came sooner than a loss can be known was doubled on the way or by
// the capture, and so was everything where neither a timer, a duplicate ACK nor SACK
// set the sender off.
func neededRepeats(r *record.Record, e record.End) uint32 {
	x := &r.Ends[e]
	if diesBeyond(r, e) {
		return 0 // no loss: a window taken without its scale
	}
	hasty := r.Path[e].Doubled
	if hasty*2 >= x.Retx || x.RetxRTO+x.RetxTLP == 0 && r.Ends[e.Peer()].DupAcks+r.Ends[e.Peer()].SACKBlocks == 0 && !r.Capture.OneWay {
		return 0
	}
	return min(x.Retx-min(x.Retx, x.RetxSpurious+x.RetxRefused+hasty), x.LostBeforeTap+x.LostAfterTap)
}

// firstRepeat is the first packet by which an end made up for a loss, 0 for none.
func firstRepeat(r *record.Record) (packet uint64) {
	for _, e := range sides() {
		if neededRepeats(r, e) > 0 {
			packet = earlier(packet, r.Evidence.Ends[e].Repeat)
		}
	}
	return packet
}

// earlier is the lesser of two packets, of which either may be 0 for none.
func earlier(a, b uint64) uint64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// share is what part of n is of all, in per cent.
func share(n, all uint64) float64 {
	if all == 0 {
		return 0
	}
	return float64(n) * 100 / float64(all)
}

// percentOf is what part of n is of all in words: 0% and 100% only where it is none or all.
func percentOf(n, all uint64) string {
	text := say.Digits(share(n, all), 1) + "%"
	switch {
	case text == "0%" && n > 0:
		return "under 0.1%"
	case text == "100%" && n < all:
		return "over 99.9%"
	}
	return text
}

// whichSide tells how many segments were lost on which side of the capture point.
func whichSide(before, after uint64) string {
	switch {
	case before*10 <= after:
		return fmt.Sprintf("%s were lost after the capture point, on the receiver's side: seen here before the retransmission", say.Thousands(before+after))
	case after*10 <= before:
		return fmt.Sprintf("%s were lost before the capture point, on the sender's side: only the retransmission was seen here", say.Thousands(before+after))
	}
	return fmt.Sprintf("%s were lost before the capture point, on the sender's side, %s behind it", say.Thousands(before), say.Thousands(after))
}

// lostAgain tells how many of the losses counted for one side are of what had been sent again.
func lostAgain(n uint64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %s of these were retransmissions lost again, which the share leaves out", say.Thousands(n))
}

func lossAdvice(host string) []string {
	return []string{fmt.Sprintf("On %s and on the routers between: `ip -s link` shows drops and errors; `ethtool -S eth0` (the interface's own name) what the card counts.", host),
		"`nstat -az TcpRetransSegs TcpExtTCPLostRetransmit TcpExtTCPTimeouts` on the sender.",
		fmt.Sprintf("From the other end: `mtr -n --tcp %s` shows at which hop loss begins.", host)}
}
