package diagnose

import (
	"fmt"

	"tcpwatch/tracker/record"
)

// waits sums up time that one side lost on connections, or made the other lose.
type waits struct {
	tally
	times    uint64 // episodes
	total    int64  // ns
	longest  int64  // ns on one connection, or at once
	probes   uint64
	unscaled uint64 // connections without window scaling
	bytes    uint64
}

// Merge takes in another.
func (x *waits) Merge(o *waits) {
	x.tally.Merge(&o.tally)
	x.times += o.times
	x.total += o.total
	x.longest = max(x.longest, o.longest)
	x.probes += o.probes
	x.unscaled += o.unscaled
	x.bytes += o.bytes
}

func (x *waits) add(r *record.Record, packet uint64, times uint32, total int64) {
	x.hit(r.ID, packet, r.Start, r.End)
	x.times += uint64(times)
	x.total += total
	x.longest = max(x.longest, total)
}

// longestClosed is the longest time that an end kept its window closed, and the
// packet that closed it.
func longestClosed(r *record.Record, e record.End) (ns int64, packet uint64) {
	x := &r.Ends[e]
	for i := range x.ZeroWindowList {
		z := &x.ZeroWindowList[i]
		end := z.End
		if end == 0 {
			end = r.End
		}
		if d := end - z.Start; d > ns {
			ns, packet = d, z.Packet
		}
	}
	if x.ZeroWindows > 0 {
		ns = max(ns, x.ZeroWindow/int64(x.ZeroWindows)) // not all are in the list
	}
	return ns, packet
}

// feltClosed tells that an end kept its window closed long enough to be felt,
// and which packet closed it then.
// Windows closed for some milliseconds are how a fast sender is slowed down.
func feltClosed(r *record.Record, e record.End, least int64) (ns int64, packet uint64, ok bool) {
	ns, packet = longestClosed(r, e)
	return ns, packet, r.Ends[e].ZeroWindows > 0 && ns >= least
}

func zeroWindow() Detector {
	return Detector{
		Name: "zero-window", Group: GroupTransfer, needs: signFull,
		Doc: `A receiver closed its window: its application did not read, and the sender had to wait.

Rule: the window says how much a receiver can still take (RFC 9293 section 3.8.6); it
is 0 when its buffer is full, which means that the application does not read as
fast as data comes. The sender then probes with doubling pauses until it opens
(section 3.8.6.1). Counted are connections with an episode long enough to be felt; those
of some milliseconds slow a fast sender down, which is receiver-limited. A RST's window
of 0 is none. A person who pauses a download does the same.`,
		Thresholds: []Threshold{{"zero-window-least", Span, 100 * millisecond, "the longest time with the window closed on a connection, from which on it counts"},
			{"zero-window", Span, second, "the same, from which on it is a warning"}},
		New: func(o *Options) Fold {
			least, much := o.get("zero-window-least"), o.get("zero-window")
			return newFold(func(s *subjects[waits, *waits], r *record.Record) {
				for _, e := range sides() {
					if ns, packet, ok := feltClosed(r, e, least); ok {
						w := s.At(sideOf(r, e))
						w.hit(r.ID, packet, r.Start, r.End)
						w.times += uint64(r.Ends[e].ZeroWindows)
						w.total += r.Ends[e].ZeroWindow
						w.longest = max(w.longest, ns)
						w.probes += uint64(r.Ends[e.Peer()].WindowProbes)
						return
					}
				}
			}, func(_ *Context, s Subject, x *waits) (Finding, bool) {
				f := Finding{
					Severity: Notice, Confidence: Proven,
					Title: fmt.Sprintf("%s closed its window %s on %s, for %s in all: its application does not read", s.who(), Plural(x.times, "time"), Plural(x.n, "connection"), span(x.total)),
					Explanation: fmt.Sprintf("A window of 0 says that the receive buffer is full (RFC 9293 section 3.8.6); the sender had to wait, up to %s at once.",
						span(x.longest)),
					Causes: []string{"the application is busy, blocked (disk, lock, a slow consumer behind it) or paused on purpose", "its receive buffer is small for what comes in bursts"},
					Advice: []string{fmt.Sprintf("On %s: `ss -tmp state established %s` shows Recv-Q and buffers: a full Recv-Q is the application's.", s.A.Addr, s.ss()),
						"`nstat -az TcpExtTCPToZeroWindowAdv TcpExtTCPWantZeroWindowAdv` counts them on that host; `sysctl net.ipv4.tcp_rmem` bounds the buffer."},
				}
				if x.probes > 0 {
					f.Explanation += fmt.Sprintf(" It probed the closed window %s.", Plural(x.probes, "time"))
				}
				if x.longest >= much {
					f.Severity = Warning
				}
				return f, true
			})
		},
	}
}

// bulk tells that an end sent enough, for long enough, to ask what its pace
// depended on; how long the three limits held together.
func bulk(x *record.EndRecord, least int64) (total int64, ok bool) {
	total = paced(x)
	return total, x.WireBytes >= uint64(least) && total >= second
}

// paced is how long the pace of an end depended on any of the three.
func paced(x *record.EndRecord) int64 { return x.SenderLimited + x.NetworkLimited + x.WindowLimited }

// limitThresholds are those of a detector of what a transfer waits for.
func limitThresholds(detector string) []Threshold {
	return []Threshold{{detector + "-bytes", Number, 1e6, "bytes that an end must have sent on a connection"},
		{detector, Share, 50, "of the time of such a transfer"}}
}

func receiverLimited() Detector {
	return Detector{
		Name: "receiver-limited", Group: GroupTransfer, needs: signLong,
		Doc: `Transfers wait for the receiver's window, not for the network.

Rule: a sender may have no more in flight than the receiver's window (RFC 9293 section
3.8.6); where that is used up most of the time, the window is smaller than what
the path can hold (bandwidth times delay). Without window scaling (RFC 7323 section 2)
it can't exceed 65,535 bytes, which over 100 ms is 5 Mbit/s. Measured is the time
in which the sender's data in flight filled the window, seen at the capture point: near
the receiver it comes out too small. A window that was closed is zero-window.`,
		Thresholds: limitThresholds("receiver-limited"),
		New: func(o *Options) Fold {
			share, least, stall := o.get("receiver-limited"), o.get("receiver-limited-bytes"), o.get("zero-window-least")
			return newFold(func(s *subjects[waits, *waits], r *record.Record) {
				for _, e := range sides() {
					x := &r.Ends[e]
					if total, ok := bulk(x, least); ok && x.WindowLimited*100 >= total*share {
						if _, _, stalls := feltClosed(r, e.Peer(), stall); stalls && r.Ends[e.Peer()].ZeroWindow*2 >= x.WindowLimited {
							continue
						}
						w := s.At(sideOf(r, e.Peer()))
						w.add(r, r.Evidence.Ends[e].WindowFull, x.WindowFull, x.WindowLimited)
						w.bytes += x.WireBytes
						if unscaled(r) {
							w.unscaled++
						}
					}
				}
			}, func(_ *Context, s Subject, x *waits) (Finding, bool) {
				f := Finding{
					Severity: Notice, Confidence: Likely,
					Title:       fmt.Sprintf("%s to %s, %s bytes, waited for its window for %s", Plural(x.n, "transfer"), s.who(), Thousands(x.bytes), span(x.total)),
					Explanation: "The data in flight filled the receiver's window most of the time (RFC 9293 section 3.8.6): the receiver, not the network, sets the pace.",
					Causes: []string{"its receive buffer is small for a path of this delay, set by SO_RCVBUF or tcp_rmem",
						"its application reads slowly"},
					Advice: []string{fmt.Sprintf("On %s: `sysctl net.ipv4.tcp_rmem net.core.rmem_max`, and no SO_RCVBUF in the application: it turns the growth of the buffer off.", s.A.Addr),
						fmt.Sprintf("`ss -tim state established %s` shows rcv_space and the buffers.", s.ss())},
				}
				if x.unscaled > 0 {
					f.Explanation += fmt.Sprintf(" %s had no window scaling: 65,535 bytes are the most (RFC 7323 section 2).", Plural(x.unscaled, "connection"))
					f.Causes = append([]string{"window scaling is off at one end, or stripped on the way: see option-stripped"}, f.Causes...)
					f.Advice = append(f.Advice, "`sysctl net.ipv4.tcp_window_scaling` at both ends.")
				}
				return f, true
			})
		},
	}
}

// unscaled tells that a handshake was seen which did not agree on window scaling.
func unscaled(r *record.Record) bool {
	a, b := &r.Ends[record.Orig], &r.Ends[record.Resp]
	return a.SACK.OK && b.SACK.OK && !(a.WScale.OK && b.WScale.OK)
}

func senderLimited() Detector {
	return Detector{
		Name: "sender-limited", Group: GroupTransfer, needs: signLong,
		Doc: `Transfers wait for the sending application: nothing else holds them up.

Rule: when everything sent is acknowledged and the window is open, a sender that
sends nothing has nothing to send (RFC 9293 section 3.8.6.2.1): the disk, the
database or a rate limit behind it sets the pace, or the application talks in turns.
Told so that nobody looks for the fault in the network. Measured over transfers
of some size, from the first to the last byte.`,
		Thresholds: limitThresholds("sender-limited"),
		New: func(o *Options) Fold {
			share, least := o.get("sender-limited"), o.get("sender-limited-bytes")
			return newFold(func(s *subjects[waits, *waits], r *record.Record) {
				for _, e := range sides() {
					x := &r.Ends[e]
					if total, ok := bulk(x, least); ok && x.SenderLimited*100 >= total*share {
						w := s.At(sideOf(r, e))
						w.add(r, 0, 0, x.SenderLimited) // what was not sent is no packet
						w.bytes += x.WireBytes
					}
				}
			}, func(_ *Context, s Subject, x *waits) (Finding, bool) {
				return Finding{
					Severity: Info, Confidence: Likely,
					Title:       fmt.Sprintf("%s from %s waited for its application: for %s it had nothing to send", Plural(x.n, "transfer"), s.who(), span(x.total)),
					Explanation: "Everything sent was acknowledged and the window was open: the network and the receiver were ready (RFC 9293 section 3.8.6).",
					Causes:      []string{"the application talks in turns, or pauses between requests", "disk, database or a rate limit behind it"},
				}, true
			})
		},
	}
}

func sillyWindow() Detector {
	return Detector{
		Name: "silly-window", Group: GroupTransfer, needs: signFull,
		Doc: `A receiver offers tiny windows: the sender has to send small segments.

Rule: a receiver should not offer more window until it can offer a full segment or half
its buffer (RFC 9293 section 3.8.6.2.2); one that offers crumbs makes the sender
send crumbs, and every one of them costs a packet and an ACK: the silly window
syndrome. Counted are the times that the window went below a segment and half of
the largest window offered. Small embedded systems do this by nature.`,
		Thresholds: []Threshold{{"silly-window", Number, 10, "times on one connection from which on it counts"}},
		New: func(o *Options) Fold {
			least := uint32(o.get("silly-window"))
			return newFold(func(s *subjects[waits, *waits], r *record.Record) {
				for _, e := range sides() {
					if n := r.Ends[e].SillyWindows; n >= least {
						s.At(sideOf(r, e)).add(r, r.Evidence.Ends[e].Silly, n, 0)
					}
				}
			}, func(_ *Context, s Subject, x *waits) (Finding, bool) {
				return Finding{
					Severity: Notice, Confidence: Likely,
					Title:       fmt.Sprintf("%s offers tiny windows, %s on %s", s.who(), Plural(x.times, "time"), Plural(x.n, "connection")),
					Explanation: "It offered less than a segment and less than half its window instead of nothing (RFC 9293 section 3.8.6.2.2): the sender has to send small segments.",
					Causes:      []string{"its application reads a few bytes at a time out of a full buffer", "a small or simple TCP, as embedded systems have"},
					Advice:      []string{fmt.Sprintf("On %s: `ss -tm %s` shows the buffers; larger reads, or a larger SO_RCVBUF, help.", s.A.Addr, s.ss())},
				}, true
			})
		},
	}
}
