package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// reach sums up segments by whether they reached beyond the window without its scale.
type reach struct {
	tally
	within, withinLost uint64
	beyond, beyondLost uint64
	sized              uint64 // connections on which segments as large as those that were lost passed
}

// Fields walks over what is summed up.
func (x *reach) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Sum(w, &x.within, &x.withinLost, &x.beyond, &x.beyondLost, &x.sized)
}

// reachLeast is how many segments beyond, and how many within, show a difference.
const reachLeast = 5

// separated tells that most of what reached beyond was lost, of what did not at most one
// in ten, and that neither is chance. What stands farther on may know later ACKs, so that
// some of what reaches beyond here does not there; a queue that overflows takes the half of a
// flight at most, so the share beyond must be more than that as well (interval).
func separated(within, withinLost, beyond, beyondLost uint64) bool {
	least, _ := interval(beyondLost, beyond)
	return beyond >= reachLeast && within >= reachLeast && least > 50 && withinLost*10 <= within &&
		fisher(int(beyondLost), int(beyond-beyondLost), int(withinLost), int(within-withinLost)) < chanceMost
}

// diesBeyond tells so of one connection on which segments as large as those that were
// lost passed: size does not explain it.
func diesBeyond(r *record.Record, e record.End) bool {
	u := &r.Path[e].Unscaled
	return u.Least > 0 && r.Path[e].Passed >= u.Least && separated(uint64(u.Within), uint64(u.WithinLost), uint64(u.Beyond), uint64(u.BeyondLost))
}

func scaleIgnored() Detector {
	return Detector{
		Name: "window-scale-ignored", Group: GroupTransfer,
		Doc: `Something on the path takes the window without its scale and drops what lies beyond.

Rule: both ends agreed on window scaling in their SYNs, so the window in the header counts in
units of 2, 4 or up to 16,384 bytes (RFC 7323 section 2.2). A firewall that did not see
the SYNs, or does not know the option, takes it for bytes and drops each segment that ends
farther beyond the last ACK than that. Compared are all segments of new data by whether they
reach beyond the window without its scale: reported where most that do were lost (more than half
beyond doubt, by the 95 % interval of that share: what stands farther on may know later ACKs than
those seen here), at most one in ten of the others was, and that is no chance (Fisher's exact
test, p below 0.01). Possible only, where each that was lost was larger than all that passed: a
path MTU black hole looks the same.`,
		New: func(*Options) Fold { return newEndFold(addReach, tellReach) },
	}
}

func addReach(s *subjects[reach, *reach], r *record.Record, e record.End) {
	u := &r.Path[e].Unscaled
	if u.Beyond == 0 || r.Capture.OneWay || lostAtRest(r, u) {
		return
	}
	x := s.counted(sideOf(r, e), u.BeyondLost > 0)
	x.within += uint64(u.Within)
	x.withinLost += uint64(u.WithinLost)
	x.beyond += uint64(u.Beyond)
	x.beyondLost += uint64(u.BeyondLost)
	if u.BeyondLost > 0 {
		x.hitAt(r, u.Packet)
	}
	if u.Least > 0 && r.Path[e].Passed >= u.Least {
		x.sized++
	}
}

// lostAtRest tells that the connection had rested before something was lost on it, so that whatever
// its size, nothing may have passed there then.
func lostAtRest(r *record.Record, u *record.UnscaledRecord) bool {
	return u.BeyondLost > 0 && max(r.Idle.Gap, r.Idle.Longest.V) >= idleAge
}

func tellReach(_ *Context, s Subject, x *reach) (Finding, bool) {
	f := Finding{
		Severity: Critical, Confidence: Likely,
		Title: fmt.Sprintf("something ignores window scaling on the path from %s: %s of %s beyond the unscaled window were lost, %s of %s within", s.who(),
			say.Thousands(x.beyondLost), say.Plural(x.beyond, "segment"), say.Thousands(x.withinLost), say.Thousands(x.within)),
		Explanation: "Both ends agreed on window scaling (RFC 7323 section 2.2). Segments that end farther beyond the last ACK than the number in the header are lost, others pass: what drops them takes that number for bytes.",
		causes: []Cause{onPath("a stateful firewall that did not see the SYNs (failover, another path for one direction) or does not know the option"),
			onPath("a middlebox that strips or rewrites the scale for one end only")},
		Advice: []string{"Let that firewall see both directions from the SYN on, or be liberal with windows: `sysctl net.netfilter.nf_conntrack_tcp_be_liberal` on Linux.",
			"Until then: `sysctl -w net.ipv4.tcp_window_scaling=0` at one end helps new connections.",
			"Capture the SYNs on both sides of it: if their window scale differs, it rewrites the option; if not, it did not see them or does not know it."},
	}
	if x.sized == 0 {
		f.Confidence = Possible
		f.Explanation += " Each that was lost was larger than all that passed: it may be their size."
		f.causes = append(f.causes, onPath("a path MTU black hole: see mtu-black-hole"))
		f.Advice = append(f.Advice, "A ping of the same size that passes speaks for the firewall, one that does not for the MTU.")
	}
	return f, separated(x.within, x.withinLost, x.beyond, x.beyondLost)
}
