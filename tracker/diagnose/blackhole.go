package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// holes sums up connections in which large segments alone are lost.
type holes struct {
	tally
	least    uint32             // payload of the smallest segment that was lost again and again
	passed   uint32             // of the largest one that got through
	behind   uint64             // seen from behind the place where they are lost
	shrunk   uint64             // got through once they were made smaller
	told     uint64             // an ICMP error passed the tap
	headless uint64             // seen from behind, and heard no more
	reach    uint64             // all that was lost reached beyond the window without its scale, and nothing else was
	mtu      uint32             // the least that those named
	from     fold.First[teller] // of the first error that passed
}

// Fields walks over what is summed up.
func (x *holes) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Least(w, &x.least, &x.mtu)
	fold.Max(w, &x.passed)
	fold.Sum(w, &x.shrunk, &x.behind, &x.told, &x.reach, &x.headless)
	x.from.Fields(w)
}

// headlessLeast is how many connections of which only the small rest came show that size
// matters: one alone may have met a cut of the way.
const headlessLeast = 2

// blackHoleTimes is how often a large segment must have been repeated to no
// avail: Linux itself tries a smaller one after tcp_retries1, 3 times.
const blackHoleTimes = 3

// blackHoled tells that an end's large segments were lost again and again while
// small ones got through, or while the other end went on sending: it, and the
// way to it, were there.
func blackHoled(r *record.Record, e record.End) bool {
	x := &r.Path[e]
	s := &x.Stuck
	if r.Capture.OneWay || diesJoined(r, e) {
		return false
	}
	if unfilled(r, e) {
		return true
	}
	if s.Times < blackHoleTimes {
		return false
	}
	if s.Shrunk > 0 && s.Passed {
		return true
	}
	return s.Heard && x.Passed < s.Bytes
}

// unfilledFor is how long an end must have gone on sending around a hole: time
// enough for three repeats on Linux, after 200, 400 and 800 ms.
const unfilledFor = 1500 * millisecond

// unfilled tells the same seen from behind the place where large segments are
// lost: a hole of at least one of them, which none of its sender's repeats fills,
// though that end is heard, and nothing nearly as large ever came.
func unfilled(r *record.Record, e record.End) bool {
	x, full := &r.Path[e], int64(r.Ends[e.Peer()].MSS.V)
	return full > 0 && x.Waited >= unfilledFor && int64(x.Hole)*10 >= full*9 && x.Passed > 0 && int64(x.Passed)*10 < full*9
}

// headless tells that of what an end sent only the small rest came, behind a hole of at
// least a full segment, and then nothing: its repeats are lost as well.
func headless(r *record.Record, e record.End) bool {
	x, full, seen := &r.Path[e], int64(r.Ends[e.Peer()].MSS.V), int64(r.Ends[e].SeenBytes)
	return r.Unfinished && r.Close.Kind == record.CloseOpen && !r.Capture.OneWay && !r.Capture.Midstream && full > 0 && r.Silent >= unfilledFor &&
		int64(x.Hole)*10 >= full*9 && seen > 0 && seen*10 < full*9
}

// addHeadless takes in such a connection.
func (x *holes) addHeadless(r *record.Record, e record.End) {
	full := uint32(r.Ends[e.Peer()].MSS.V)
	x.behind++
	x.headless++
	fold.TakeLeast(&x.least, min(r.Path[e].Hole, full))
	x.passed = max(x.passed, uint32(r.Ends[e].SeenBytes))
	x.hit(r, r.LastPacket, r.End, r.End+r.Silent)
}

func mtuBlackHole() Detector {
	return Detector{
		Name: "mtu-black-hole", Group: GroupTransfer, needs: traitStuck, onACKs: true,
		Doc: `Large segments are lost, small ones pass: a path MTU black hole.

Rule: a router that can't forward a packet for its size says so by ICMP "fragmentation
needed" (RFC 1191 section 4) or "packet too big" (RFC 8201 section 4), and the sender makes
its segments smaller; where that message is dropped the large segments vanish and
are repeated without effect, while handshake, small requests and ACKs get through (RFC 2923
section 2.1). Counted where a segment was repeated 3 times or more and either a smaller
one with the same data got through (Linux tcp_mtu_probing, RFC 4821) or no segment of
its size ever had, while the other end went on sending; possible where a capture point after the
loss sees a hole that is never filled, or where on two or more connections only a small last
segment came behind such a hole. It can be mistaken for loss in one direction that
starts with the first large segment.`,
		New: func(*Options) Fold { return newFold(addHoles, tellHole) },
	}
}

func addHoles(s *subjects[holes, *holes], r *record.Record) {
	for _, e := range sides() {
		if blackHoled(r, e) {
			s.At(sideOf(r, e)).add(r, &r.Path[e], uint32(r.Ends[e.Peer()].MSS.V))
			return
		}
		if headless(r, e) {
			s.At(sideOf(r, e)).addHeadless(r, e)
			return
		}
	}
}

// add takes in what an end met whose full segments have so many bytes.
func (x *holes) add(r *record.Record, y *record.PathRecord, full uint32) {
	bytes, packet, since := y.Stuck.Bytes, y.Stuck.Packet, y.Stuck.Since
	if y.Stuck.Times < blackHoleTimes {
		bytes, packet, since = min(y.Hole, full), r.LastPacket, r.End-y.Waited
		x.behind++
	}
	fold.TakeLeast(&x.least, bytes)
	x.hit(r, packet, since, r.End)
	if y.Stuck.Shrunk > 0 && y.Stuck.Passed {
		x.shrunk++
		x.passed = max(x.passed, y.Stuck.Shrunk)
	} else {
		x.passed = max(x.passed, y.Passed)
	}
	if u := &y.Unscaled; u.BeyondLost > 0 && u.BeyondLost*3 >= u.Beyond*2 && u.WithinLost == 0 && u.Within > 0 && y.Stuck.Shrunk == 0 {
		x.reach++
	}
	if t := &y.TooBig; t.N > 0 {
		x.told++
		fold.TakeLeast(&x.mtu, t.MTU)
		x.from.Take(teller{t.Packet, t.From})
	}
}

func tellHole(_ *Context, s Subject, x *holes) (Finding, bool) {
	if x.headless == x.n && x.n < headlessLeast {
		return Finding{}, false // it may be the way that was cut
	}
	f := Finding{
		Severity: Warning, Confidence: Likely,
		Title: fmt.Sprintf("large segments from %s do not get through on %s: segments of %s bytes are lost, smaller ones pass", s.who(), say.Plural(x.n, "connection"), say.Thousands(uint64(x.least))),
		causes: []Cause{onPath("a link on the path has a smaller MTU (tunnel, VPN, PPPoE), and a firewall drops the ICMP errors that say so"),
			onPath("a router is configured to send none")},
		Advice: []string{fmt.Sprintf("On %s: `ping -M do -s 1472 DEST` towards the other end, with less until it passes, finds the MTU; `tracepath -n DEST` where.", s.A.Addr),
			"Let ICMP 3/4 and ICMPv6 type 2 pass on every firewall; or clamp the MSS at the tunnel: `iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu`.",
			"`sysctl net.ipv4.tcp_mtu_probing`: 1 lets Linux find the path MTU by itself.",
			"A capture at the router that tracepath names shows whether it sends ICMP errors: if so, a firewall drops them on the path."},
	}
	if x.behind < x.n {
		f.Explanation = fmt.Sprintf("The same data was retransmitted %d times or more without success", blackHoleTimes)
		if x.shrunk < x.n-x.behind {
			f.Explanation += ", while the other end was heard"
		}
		f.Explanation += " (RFC 2923 section 2.1)."
	} else {
		f.Confidence = Possible
		f.Explanation = "The sender is heard, but what is missing never comes, nor anything as large (RFC 2923 section 2.1): it is lost before the capture point."
		if x.headless == x.n {
			f.Title = fmt.Sprintf("answers from %s come without their beginning on %s: full segments are lost, the small remainder passes", s.who(), say.Plural(x.n, "connection"))
			f.Explanation = "The small last segment came, and nothing after it: what is missing before it is one or more full segments, and none of their repeats comes (RFC 2923 section 2.1). They are lost before the capture point."
		}
	}
	if x.passed > 0 {
		f.Explanation += fmt.Sprintf(" The largest segment that got through had %s bytes.", say.Thousands(uint64(x.passed)))
	}
	if x.shrunk > 0 {
		f.Confidence = Proven
		f.Explanation += fmt.Sprintf(" On %s the data got through once the sender made it smaller by itself.", say.Plural(x.shrunk, "connection"))
	}
	if x.reach == x.n && x.told == 0 {
		f.Explanation += " All that was lost also reached beyond the window taken without its scale (RFC 7323 section 2.2), and nothing else was lost: the size may not be why."
		f.causes = append(f.causes, onPath("a firewall on the path ignores window scaling: see window-scale-ignored"))
		f.Advice = append(f.Advice, "A ping of the same size that passes speaks for the firewall, one that does not for the MTU.")
	}
	switch {
	case x.told == 0:
		f.Explanation += " No ICMP error about it passed the capture point."
	case x.mtu > 0:
		f.Explanation += fmt.Sprintf(" %s sent ICMP errors that name an MTU of %d: the sender does not heed them.", x.from.V.Addr, x.mtu)
		f.causes = []Cause{onHost("the sender's own host drops the ICMP errors (a firewall rule), or does not believe them"),
			onPath("a firewall between the capture point and the sender drops them")}
		f.Advice[3] = fmt.Sprintf("On %s: `nstat -az IcmpInDestUnreachs Icmp6InPktTooBigs` counts the errors that arrive: if it grows, the host does not heed them; if not, a firewall before it drops them.", s.A.Addr)
	default:
		f.Explanation += fmt.Sprintf(" %s sent ICMP errors that name no MTU (RFC 1191 section 5).", x.from.V.Addr)
	}
	return f, true
}
