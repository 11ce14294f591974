package lab_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"tcpwatch/capture/lab"
)

// row is one line of the comparison of one end: what the kernel counted, what
// tcpwatch tells by the tap at that end, and what by the tap at the other end.
type row struct {
	name              string
	kernel, told, far int64
	slack             int64 // how far kernel and told may be apart
	atMost            bool  // told may be less
	shown             bool  // for people only: what the wire cannot tell, or two different things
}

func (r *row) differs() bool {
	return r.told-r.kernel > r.slack || r.kernel-r.told > r.slack && !r.atMost
}

// Slack of what is measured, in microseconds and as a share of the kernel's
// figure: no capture stands where the kernel measures.
const (
	// The kernel measures from handing a segment to the device until it has
	// taken the ACK, which on a loaded machine waits; by timestamps, in
	// milliseconds, where Karn's rule forbids more.
	rttSlack, rttShare = 3000, 4
	// The kernel adds up spans in ticks, of 10 ms at most.
	spanSlack, spanShare = 150_000, 5
)

// measured is a row of spans.
func measured(name string, kernel, told, far, slack, share int64) row {
	return row{name: name, kernel: kernel, told: told, far: far, slack: slack + kernel/share}
}

// rows compares an end of a scenario. Where the reader at the other end limits
// the transfer the time that the window forbids to send is comparable; elsewhere
// window and congestion window forbid it in turn, which no wire shows.
func rows(e *transferEnd, scenario string) []row {
	k, n, w, f := e.kernel.TCP, e.kernel.Namespace, &e.near, &e.far
	mss := int(k.MSS)
	var wire, wireBytes, told int64
	for _, p := range e.sent {
		if p.repeat {
			wire += int64(p.segments)
			wireBytes += int64(p.bytes)
		}
	}
	for _, r := range e.told {
		told += int64(segments(r.bytes, mss))
	}
	unknown := e.count("", packets) + e.count(lab.CauseUnknown, packets)
	// A timeout that found nothing to send doubled the next pause, unseen: a tail
	// loss probe may look like a timeout.
	unseen := max(0, n["TCPTimeouts"]-e.count(lab.CauseRTO, packets))
	alike := alikeCauses(scenario)
	class := func(name, cause, counter string, told, far uint32) []row {
		r := row{name: name, kernel: e.count(cause, packets), told: int64(told), far: int64(far), slack: unknown + unseen + alike}
		trace := row{name: "  " + counter, kernel: n[counter], told: e.count(cause, inSegments),
			slack: e.count("", inSegments) + e.count(lab.CauseUnknown, inSegments)}
		if counter == "TCPLossProbes" || counter == "TCPTimeouts" {
			// Probes may send new data, and a timeout may find that the segment
			// has not left the host yet: the trace has repeats only.
			trace.shown = true
		}
		return []row{r, trace}
	}
	return slices.Concat(
		[]row{
			{name: "repeats on the wire, segments", kernel: int64(k.TotalRetrans), told: wire},
			{name: "repeats on the wire, bytes", kernel: int64(k.BytesRetrans), told: wireBytes},
			{name: "retx, segments of the MSS", kernel: int64(k.TotalRetrans), told: told},
			{name: "retx, packets", kernel: e.repeats(), told: int64(w.Retx)},
			{name: "retx_bytes", kernel: int64(k.BytesRetrans), told: int64(w.RetxBytes), far: int64(f.RetxBytes)},
			{name: "retx at the other end, packets", kernel: int64(e.again), told: int64(f.Retx), slack: int64(e.unclear)},
		},
		class("retx_rto", lab.CauseRTO, "TCPTimeouts", w.RetxRTO, f.RetxRTO),
		class("retx_fast", lab.CauseFast, "TCPFastRetrans", w.RetxFast, f.RetxFast),
		class("retx_tlp", lab.CauseTLP, "TCPLossProbes", w.RetxTLP, f.RetxTLP),
		class("retx_other", lab.CauseSlowStart, "TCPSlowStartRetrans", w.RetxOther, f.RetxOther),
		[]row{
			// A copy that the path makes of an ACK is the capture's own to tcpwatch.
			{name: "dsacks", kernel: n["TCPDSACKRecv"] + n["TCPDSACKOfoRecv"], told: int64(w.DSACKs), far: int64(f.DSACKs),
				atMost: scenario == "duplicate-acks"},
			// No proof, no label: at most those that were needless indeed.
			{name: "retx_spurious, needless", kernel: int64(e.needless), told: int64(w.RetxSpurious), far: int64(f.RetxSpurious), atMost: true},
			// The kernel's duplicates may have been made on the path.
			{name: "  dsack_dups", kernel: int64(k.DSACKDups), told: int64(w.RetxSpurious), shown: true},
			// Right at its sender nothing is late; the kernel counts what waits behind a loss, too.
			{name: "out_of_order", kernel: 0, told: int64(w.OutOfOrder)},
			{name: "out_of_order at the other end", kernel: int64(e.late), told: int64(f.OutOfOrder), slack: int64(e.unclear)},
			{name: "  TCPOFOQueue of the peer", kernel: e.peer.Namespace["TCPOFOQueue"], far: int64(f.OutOfOrder), shown: true},
			{name: "  reord_seen", kernel: int64(k.ReordSeen), far: int64(f.OutOfOrder), shown: true},
			{name: "zero_windows", kernel: n["TCPToZeroWindowAdv"], told: int64(w.ZeroWindows), far: int64(f.ZeroWindows)},
			{name: "window_probes", kernel: n["TCPWinProbe"], told: int64(w.WindowProbes), far: int64(f.WindowProbes)},
			rttRow(e, scenario, measured("rtt_min or handshake, us", int64(k.MinRTT), e.minRTT(), f.RTT.Min/1e3, rttSlack, rttShare)),
			{name: "rtt_p50, smoothed rtt, us", kernel: int64(k.RTT), told: w.RTT.P50 / 1e3, far: f.RTT.P50 / 1e3, shown: true},
			busyRow(scenario, measured("busy, us", int64(k.BusyTime), (w.NetworkLimited+w.WindowLimited)/1e3, (f.NetworkLimited+f.WindowLimited)/1e3, spanSlack, spanShare)),
			shownUnless(strings.Contains(scenario, "reader"), measured("window limited, us", int64(k.RwndLimited), w.WindowLimited/1e3, f.WindowLimited/1e3, spanSlack, spanShare)),
			// The window may forbid a whole segment before it is zero.
			{name: "  zero window of the peer, us", kernel: int64(k.RwndLimited), told: e.peerNear.ZeroWindow / 1e3, shown: true},
		},
	)
}

// rttRow: the kernel's handshake waits for addresses to be resolved, which no
// segment shows; where ACKs are held back, or nothing was sent, it is the shortest.
func rttRow(e *transferEnd, scenario string, r row) row {
	r.atMost = e.near.RTT.N == 0 || strings.HasPrefix(scenario, "delayed")
	return r
}

// busyRow: data that waits in a loaded host keeps the kernel busy with nothing in
// flight; where the reader limits, that is little beside the whole.
func busyRow(scenario string, r row) row {
	r.atMost = !strings.Contains(scenario, "reader")
	return r
}

// alikeCauses is how many repeats may be told as of another cause, because the
// wire shows both alike.
func alikeCauses(scenario string) int64 {
	switch scenario {
	case "clean", "loss-1", "loss-5", "loss-1-download", "reorder", "offload":
		// No round trip to speak of: a timer's shortest pause and the time that a
		// loaded machine takes to answer an ACK are the same.
		return 1
	case "tail-loss-twice":
		// A lone segment repeated twice is a probe and a timeout, or two timeouts
		// when the second pause is twice the first. So it is after a probe, too,
		// when round trips vary much (RFC 6298 section 2).
		return 3
	case "sack-off", "sack-off-5":
		// Without SACK a timer that expires soon after a duplicate ACK, and what
		// that ACK sets off, are the same.
		return 1
	}
	return 0
}

func shownUnless(asserted bool, r row) row {
	r.shown = !asserted
	return r
}

// checkTransfer compares both ends of a transfer.
func checkTransfer(truth *lab.Truth, dir string) (v verdict) {
	both, err := transferEnds(truth, dir)
	if errors.Is(err, errStalled) {
		v.skip = err.Error()
		return v
	}
	if err != nil {
		v.problem("%v", err)
		return v
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, e := range both {
		fmt.Fprintf(w, "%s\tkernel\ttcpwatch\tat the other end\n", e.name)
		for _, r := range rows(e, truth.Name) {
			mark := ""
			if r.differs() && !r.shown {
				mark = "differs"
				v.problem("%s %s: kernel %d, tcpwatch %d, slack %d", e.name, r.name, r.kernel, r.told, r.slack)
			}
			if r.kernel|r.told|r.far != 0 {
				fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\n", r.name, r.kernel, r.told, r.far, mark)
			}
		}
		for _, d := range differingCauses(e.causes, e.told) {
			fmt.Fprintln(w, d)
		}
	}
	w.Flush()
	v.text = fmt.Sprintf("%s %q\n%s", truth.Doc, truth.Notes, b.String())
	return v
}
