package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

type readerLimits struct {
	bulkLimits
	closed closedLimits
}

func receiverLimited() Detector {
	return Detector{
		Name: "receiver-limited", Group: GroupTransfer, needs: traitLong,
		Doc: `Transfers wait for the receiver's window, not for the network.

Rule: a sender may have no more in flight than the receiver's window (RFC 9293 section
3.8.6); where that is used up most of the time, the window is smaller than what
the path can hold (bandwidth times delay). Without window scaling (RFC 7323 section 2)
it can't exceed 65,535 bytes, which over 100 ms is 5 Mbit/s. Measured is the time
in which the sender's data in flight filled the window, seen at the capture point: near
the receiver it comes out too small. Of the slowest transfer it is shown what the largest
window that was used up allows, one in each round trip (Siekkinen et al., A root cause
analysis toolkit for TCP, 2008). A window that was closed is zero-window, from
zero-window-least on.`,
		New: func(o *Options) Fold {
			return newEndFold(readerLimits{o.bulkLimits("receiver-limited"), closedLimitsOf(o.others())}.add, tellReader)
		},
	}
}

func (l readerLimits) add(s *subjects[waits, *waits], r *record.Record, e record.End) {
	x := &r.Ends[e]
	if l.waited(x, x.WindowLimited) {
		if _, _, stalls := l.closed.felt(r, e.Peer()); stalls && r.Ends[e.Peer()].ZeroWindow*2 >= x.WindowLimited {
			return
		}
		w := s.At(sideOf(r, e.Peer()))
		w.add(r, r.Evidence.Ends[e].WindowFull, x.WindowFull, x.WindowLimited)
		w.bytes += x.WireBytes
		w.takePace(r, e, record.WindowLimit)
		if unscaled(r) {
			w.unscaled++
		}
	}
}

func tellReader(_ *Context, s Subject, x *waits) (Finding, bool) {
	f := Finding{
		Severity: Notice, Confidence: Likely,
		Title:       fmt.Sprintf("%s to %s, %s bytes, waited for its window for %s", say.Plural(x.n, "transfer"), s.who(), say.Thousands(x.bytes), span(x.total)),
		Explanation: "The data in flight filled the receiver's window most of the time (RFC 9293 section 3.8.6): the receiver, not the network, sets the pace.",
		causes: []Cause{onHost("its receive buffer is small for a path of this delay, set by SO_RCVBUF or tcp_rmem"),
			app("its application reads slowly")},
		Advice: []string{fmt.Sprintf("On %s: `sysctl net.ipv4.tcp_rmem net.core.rmem_max`, and no SO_RCVBUF in the application: it turns the growth of the buffer off.", s.A.Addr),
			fmt.Sprintf("`ss -tim state established %s` shows rcv_space and the buffers.", s.ss())},
	}
	f.Explanation += x.slowestWords(record.WindowLimit)
	if x.unscaled > 0 {
		f.Explanation += fmt.Sprintf(" %s had no window scaling: 65,535 bytes are the most (RFC 7323 section 2).", say.Plural(x.unscaled, "connection"))
		f.lead(hostOrPath("window scaling is off at one end, or stripped on the path: see option-stripped"), say.Plural(x.unscaled, "connection")+" had no window scaling")
		f.Advice = append(f.Advice, "`sysctl net.ipv4.tcp_window_scaling` at both ends.")
	}
	return f, true
}
