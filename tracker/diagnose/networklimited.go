package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func networkLimited() Detector {
	return Detector{
		Name: "network-limited", Group: GroupTransfer, needs: traitLong,
		Doc: `Transfers wait for the network: data was under way and the receiver had room for more.

Rule: a sender that has data to send, and a window of the receiver with room in it, waits
for ACKs: its congestion window sets the pace (RFC 5681 section 3), by what the path
carries, by losses and by the round trip. Neither the application nor the receiver is slow
then. It is the time that is left after that of sender-limited and receiver-limited
(Siekkinen et al., A root cause analysis toolkit for TCP, 2008), waits for
retransmission timeouts included. Seen near the receiver, time in which the window was used
up looks the same: then it is only possible. Where the path is slow because packets are
lost or wait in a queue, loss or queueing says so.`,
		New: func(o *Options) Fold {
			return newEndFold(o.bulkLimits("network-limited").addNetwork, tellNetwork)
		},
	}
}

func (l bulkLimits) addNetwork(s *subjects[waits, *waits], r *record.Record, e record.End) {
	x := &r.Ends[e]
	if !l.waited(x, x.NetworkLimited) || r.Capture.ScaleUnknown {
		return
	}
	w := s.At(sideOf(r, e))
	w.add(r, 0, 0, x.NetworkLimited) // no packet shows what could have been sent
	w.bytes += x.WireBytes
	w.takePace(r, e, record.NetworkLimit)
	if far := record.TapResp; e == record.Orig && r.Capture.Tap == far || e == record.Resp && r.Capture.Tap == record.TapOrig {
		w.unsure++
	}
}

func tellNetwork(_ *Context, s Subject, x *waits) (Finding, bool) {
	f := Finding{
		Severity: Info, Confidence: Likely,
		Title:       fmt.Sprintf("%s from %s, %s bytes, waited for the network for %s", say.Plural(x.n, "transfer"), s.who(), say.Thousands(x.bytes), span(x.total)),
		Explanation: "Data was under way and the receiver's window had room: neither the application nor the receiver was slow (RFC 5681 section 3)." + x.slowestWords(record.NetworkLimit),
		causes: []Cause{onPath("the path carries no more, or not yet: its slowest link is full, or the sender has just begun"),
			hostOrPath("packets are lost, and the sender slows down"), onPath("the round trip is long for a short transfer")},
		Advice: []string{fmt.Sprintf("On %s: `ss -tino state established %s` shows cwnd, delivery_rate and retrans.", s.A.Addr, s.ss()),
			"`tcpwatch --report transfers` shows rate, round trips and losses of each transfer."},
	}
	if x.unsure == x.n {
		f.Confidence = Possible
	}
	return f, true
}
