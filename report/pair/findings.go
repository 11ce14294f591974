package pair

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/diagnose"
)

// Detector is what findings about two places come from.
type Detector struct {
	Name string
	Doc  string // what it looks for, by which rule
	find func(*Result) []diagnose.Finding
}

// Detectors are all of them, in the order of a report.
func Detectors() []Detector {
	return []Detector{
		{"lost-between", "segments that one place sent and that did not come to the other. A segment counts as lost when it was captured at the sender's place, no copy of it at the receiver's, and the receiver did not acknowledge it before another copy came; segments sent while the other place did not capture are left out.", (*Result).lostBetween},
		{"doubled-between", "segments that came to the other place more often than they were sent: copies with the same numbers and, where that passes unchanged, the same IP identification. Those that the sender sent again are none, nor are the copies of a capture that takes each packet twice, as one of all interfaces does.", (*Result).doubledBetween},
		{"reordered-between", "segments that came behind others that were sent more than 20 us later in the same direction of the same connection. Those that the sender sent again count by when they were sent again.", (*Result).reorderedBetween},
		{"only-one-side", "connections that one place saw and that did not come to the other, although others to the same server did.", (*Result).onlyOneSide},
		{"reset-made-between", "a RST or FIN that was captured at the receiver's place and not at that of the end in whose name it came: a box between the places made it.", (*Result).madeBetween},
		{"changed-between", "what differs in the same segment, or in the same connection, at the two places: addresses, ports, initial sequence numbers, TCP options, ECN bits, payload.", (*Result).changedBetween},
		{"delay-between", "one direction in which a part of the segments takes much longer than the fastest: waiting in a queue, or another way. One-way times are as sure as the bound of the clocks' offset.", (*Result).delayBetween},
		{"clock-skew", "clocks of the two places that differ, part, or were set while the captures ran.", (*Result).clockSkew},
	}
}

// Explain is the rule of a detector of Detectors.
func Explain(name string) (text string, known bool) {
	for _, d := range Detectors() {
		if d.Name == name {
			return d.Name + " (tcpwatch pair)\n\n" + strings.Join(say.Wrap(strings.ToUpper(d.Doc[:1])+d.Doc[1:], ruleWidth), "\n") + "\n", true
		}
	}
	return "", false
}

// ruleWidth is how wide a rule is written.
const ruleWidth = 78

// Findings are what the two places show together, the worst first.
func (r *Result) Findings() (found []diagnose.Finding) {
	for _, d := range Detectors() {
		for _, f := range d.find(r) {
			f.Detector = d.Name
			if f.ID == "" {
				f.ID = d.Name + ":" + f.Subject.String()
			}
			found = append(found, f)
		}
	}
	slices.SortStableFunc(found, func(x, y diagnose.Finding) int { return int(y.Severity) - int(x.Severity) })
	return found
}

// names are the sender's and the receiver's place of a direction.
func (r *Result) names(d int) (from, to string) {
	if d == Forth {
		return r.A.Name(), r.B.Name()
	}
	return r.B.Name(), r.A.Name()
}

// sure is proven, or likely where a capture may have lost packets of its own.
func (r *Result) sure() diagnose.Confidence {
	for _, p := range [...]*Place{r.A, r.B} {
		if h := p.Headline; h != nil && (h.KernelDrops.V > 0 || h.InterfaceDrops.V > 0 || h.Undecoded > 0 || len(h.Damaged) > 0) {
			return diagnose.Likely
		}
	}
	return diagnose.Proven
}

// byClass is "12 data, 2 SYN", the most first.
func byClass(n [NClasses]uint64) string {
	var parts []string
	order := []Class{ClassSYN, ClassSYNACK, ClassData, ClassACK, ClassFIN, ClassRST}
	slices.SortStableFunc(order, func(a, b Class) int { return int(min(n[b], 1<<30)) - int(min(n[a], 1<<30)) })
	for _, c := range order {
		if n[c] > 0 {
			parts = append(parts, say.Thousands(n[c])+" "+c.String())
		}
	}
	return strings.Join(parts, ", ")
}

// percent is a share with the digits that count.
func percent(n, of uint64) string {
	if of == 0 {
		return "0%"
	}
	v := 100 * float64(n) / float64(of)
	switch {
	case n == of:
		return "100%"
	case v >= 10:
		return say.Digits(v, 0) + "%"
	case v >= 0.1:
		return say.Digits(v, 1) + "%"
	}
	return "less than 0.1%"
}

// about makes a finding about examples: of their only listener, or of the capture.
func about(e *examples) diagnose.Finding {
	f := diagnose.Finding{Count: e.n, Conns: e.conns, Since: e.since, Until: e.until, Group: diagnose.GroupTransfer}
	if l, ok := e.one(); ok {
		f.Subject = diagnose.Subject{Kind: diagnose.SubjectListener, A: l}
	}
	return f
}

// lossWarns is the share of segments lost from which on users feel it, 1 in so many; RFC 3649 section 1 has
// what standard TCP makes of loss rates.
const lossWarns = 1000

func (r *Result) lostBetween() (found []diagnose.Finding) {
	found = r.fewerCame()
	for d := range NDirections {
		flow := &r.Flows[d]
		lost := All(flow.Lost)
		if lost == 0 {
			continue
		}
		from, to := r.names(d)
		f := about(&r.tally.lost[d])
		f.ID = "lost-between:" + from + ">" + to
		f.Severity, f.Confidence = diagnose.Notice, r.sure()
		if lost*lossWarns >= flow.Known() {
			f.Severity = diagnose.Warning
		}
		f.Title = fmt.Sprintf("%s of the segments from %s to %s were lost between the two: %s of %s, on %s",
			percent(lost, flow.Known()), from, to, say.Thousands(lost), say.Thousands(flow.Known()), say.Plural(f.Count, "connection"))
		again := All(flow.LostAgain)
		f.Explanation = fmt.Sprintf("They were captured at %s; at %s no copy of them was, nor an ACK for them before another copy came. By kind: %s.", from, to, byClass(flow.Lost))
		if p := [...]*Place{r.B, r.A}[d]; p.opt.Watched {
			f.Explanation += fmt.Sprintf(" That %s captured all the while is what --watched says.", to)
		}
		if n := r.Inferred[d]; n > 0 {
			f.Confidence = diagnose.Likely
			f.Explanation += fmt.Sprintf(" Of the kind of %s of them %s captured none at all: that they were lost is known by %s, where the other end was heard after them and never acknowledged them.", say.Thousands(n), to, from)
		}
		if again > 0 {
			f.Explanation += fmt.Sprintf(" %s of them had been sent before: the repeat was lost too.", say.Thousands(again))
		}
		if other := All(r.Flows[1-d].Lost); other == 0 && r.Flows[1-d].Known() > 0 {
			f.Explanation += fmt.Sprintf(" In the other direction none of %s was lost.", say.Plural(r.Flows[1-d].Known(), "segment"))
		}
		f.Causes = []string{"a link, queue or filter between the two capture points drops them"}
		if long := flow.LostLeast; long > 0 && flow.ArrivedMost > 0 && flow.ArrivedMost < long && flow.Lost[ClassData] == lost && lost >= fewest {
			f.Explanation += fmt.Sprintf(" All that were lost carry %s bytes or more, all that arrived %s or less: the length decides.", say.Thousands(uint64(long)), say.Thousands(uint64(flow.ArrivedMost)))
			f.Causes = []string{"a link between the two capture points has a smaller MTU than its neighbours, and the ICMP errors that would tell the sender so do not come through, or none is sent"}
		}
		f.Advice = []string{"Capture half-way at the same time and pair again: that says on which side of it they are lost.",
			"On each device between: `ip -s link` and `ethtool -S eth0` (the interface's own name) show drops; `nft list ruleset` or `iptables -nvL` what a filter drops."}
		found = append(found, f)
	}
	return found
}

func (r *Result) onlyOneSide() (found []diagnose.Finding) {
	for side := range r.Alone {
		e, dead := &r.Alone[side].Missing, r.Alone[side].Dead
		if e.n == 0 {
			continue
		}
		here, there := r.names(side)
		f := about(e)
		f.ID = "only-one-side:" + here
		f.Group, f.Severity, f.Confidence = diagnose.GroupOpen, diagnose.Warning, diagnose.Likely
		f.Title = fmt.Sprintf("%s that %s saw never came to %s", say.Plural(f.Count, "connection"), here, there)
		f.Explanation = fmt.Sprintf("%s captured at that time, and saw the same server in others.", there)
		switch {
		case side == 0 && dead == f.Count:
			f.Confidence = r.sure()
			f.Explanation += fmt.Sprintf(" None of them opened: the SYNs were lost between %s and %s, or refused there.", here, there)
			f.Causes = []string{"a filter, a full connection table or a lossy link between the two capture points drops the SYNs",
				fmt.Sprintf("a box between them answers in the server's name, or sends them to a host that does not pass %s", there)}
		case side == 0 && dead == 0:
			f.Severity = diagnose.Notice
			f.Explanation += " They opened all the same: something else answered."
			f.Causes = []string{fmt.Sprintf("a proxy or cache between the two answers them itself, or a load balancer sends them to hosts that do not pass %s", there)}
		default:
			f.Severity = diagnose.Notice
			f.Causes = []string{fmt.Sprintf("other clients, or health checks, reach the server by a way that does not pass %s", there),
				"a box between rewrote all that a connection can be known by"}
			f.Confidence = diagnose.Possible
		}
		if !r.stored() {
			f.Advice = []string{fmt.Sprintf("Draw one: --why %d.", e.conns[0])}
		}
		found = append(found, f)
	}
	return found
}

func (r *Result) madeBetween() (found []diagnose.Finding) {
	for d := range NDirections {
		for _, c := range [...]Class{ClassRST, ClassFIN} {
			e := &r.tally.made[d][c]
			if e.n == 0 {
				continue
			}
			from, to := r.names(d)
			f := about(e)
			f.ID = fmt.Sprintf("reset-made-between:%s>%s:%s", from, to, c)
			f.Group, f.Severity, f.Confidence = diagnose.GroupReset, diagnose.Warning, diagnose.Likely
			if r.sure() == diagnose.Proven && r.Unheld == 0 && All(r.Flows[d].Extra) == r.Flows[d].Extra[ClassRST]+r.Flows[d].Extra[ClassFIN] {
				f.Confidence = diagnose.Proven
			}
			end := "server"
			if d == Forth {
				end = "client"
			}
			f.Title = fmt.Sprintf("A box between %s and %s made the %s of %s in the %s's name", r.A.Name(), r.B.Name(), c, say.Plural(e.n, "connection"), end)
			f.Explanation = fmt.Sprintf("The %s was captured at %s. The capture at %s, on the %s's side, holds the connection all the while and no such %s.", c, to, from, end, c)
			if r.Unheld > 0 {
				f.Explanation = fmt.Sprintf("The records of %s count the %s. Those of %s, on the %s's side, cover the connections from beginning to end and count none.", to, c, from, end)
			}
			f.Causes = []string{"a firewall, load balancer or proxy between the two capture points ends connections: by an idle limit, a limit of its table, or a rule"}
			f.Advice = []string{fmt.Sprintf("Look for the devices between %s and %s; their logs at the time of the %s name the rule.", r.A.Name(), r.B.Name(), c)}
			found = append(found, f)
		}
	}
	return found
}

func (r *Result) changedBetween() []diagnose.Finding {
	var all []string
	f := diagnose.Finding{Group: diagnose.GroupCapture, Severity: diagnose.Info, Confidence: diagnose.Proven}
	worse := func(s diagnose.Severity) { f.Severity = max(f.Severity, s) }
	for c := range NChanges {
		e := &r.tally.changed[c]
		if e.n == 0 {
			continue
		}
		text := c.String()
		switch c {
		case ChangedClientMSS, ChangedServerMSS:
			from, to := r.tally.commonMSS(endOfMSS(c))
			if c == ChangedServerMSS { // it passed the server's place first
				from, to = to, from
			}
			text += fmt.Sprintf(" (%d became %d)", from, to)
		case DroppedSACK, DroppedTimestamps, ChangedWindowScale:
			worse(diagnose.Notice)
			text += r.tally.sides[c]
		case ClearedSYNECN, ClearedSYNACKECN, SetSYNECN:
			worse(diagnose.Notice)
		case SpoiledChecksums:
			worse(diagnose.Warning)
			text += " (wrong where it comes)"
		}
		all = append(all, fmt.Sprintf("%s on %s", text, say.Thousands(e.n)))
		f.Count = max(f.Count, e.n)
		if len(e.conns) > len(f.Conns) {
			f.Conns, f.Since, f.Until = e.conns, e.since, e.until
		}
	}
	for d := range NDirections {
		from, to := r.names(d)
		flow := &r.Flows[d]
		add := func(n uint64, what string, s diagnose.Severity) {
			if n > 0 {
				all = append(all, fmt.Sprintf("%s of %s from %s to %s", what, say.Plural(n, "segment"), from, to))
				worse(s)
			}
		}
		add(flow.Payloads, "the payload", diagnose.Warning)
		add(flow.TSVals, "the timestamp (TSval)", diagnose.Notice)
		add(flow.Cleared, "the ECN bits (cleared)", diagnose.Notice)
		add(flow.Marked, "the ECN bits (congestion marked)", diagnose.Info)
		add(flow.IPIDs, "the IP identification", diagnose.Info)
		add(flow.TTLs, "the TTL (raised)", diagnose.Info)
	}
	if len(all) == 0 {
		return nil
	}
	if f.Count == 0 {
		f.Count = r.Pairs
	}
	f.Title = fmt.Sprintf("The way between %s and %s changed %s", r.A.Name(), r.B.Name(), all[0])
	if len(all) > 1 {
		f.Title += fmt.Sprintf(" of %s, and %s more", say.Plural(r.Pairs, "connection"), say.Plural(uint64(len(all)-1), "thing"))
	} else {
		f.Title += " of " + say.Plural(r.Pairs, "connection")
	}
	f.Explanation = "Changed: " + strings.Join(all, "; ") + "."
	f.Causes = []string{"a NAT, firewall, load balancer, SYN proxy or tunnel between the two capture points"}
	return []diagnose.Finding{f}
}

// delayed is how much later than the fastest the slowest twentieth must come to be told, ns and as a factor.
const (
	delayed       = int64(10e6)
	delayedFactor = 3
)

func (r *Result) delayBetween() (found []diagnose.Finding) {
	if !r.Clock.Known() {
		return nil
	}
	for d := range NDirections {
		h := &r.Flows[d].Delay
		least, most := h.Quantile(0), h.Quantile(95)
		if h.N() < mostExamples || most-least < delayed || most < delayedFactor*least {
			continue
		}
		from, to := r.names(d)
		f := diagnose.Finding{ID: "delay-between:" + from + ">" + to, Group: diagnose.GroupTransfer, Severity: diagnose.Notice, Confidence: diagnose.Proven,
			Count: r.Pairs}
		f.Title = fmt.Sprintf("From %s to %s one segment of 20 takes %s or more; the fastest took %s", from, to, say.Duration(most, true), say.Duration(least, true))
		f.Explanation = fmt.Sprintf("By the clocks' offset, which is known within %s; the difference between the two is sure without it.", say.Duration(r.Clock.Pieces[0].Bound, true))
		f.Causes = []string{"a queue between the two capture points fills", "some segments take a longer way, or wait for a radio link"}
		f.Advice = []string{"Look at the interface with the queue: `tc -s qdisc` shows its backlog on Linux."}
		found = append(found, f)
	}
	return found
}

// skewTold is from which offset on clocks are told as a finding, ns, and from which drift on, ns in a second.
const (
	skewTold  = int64(100e6)
	driftTold = 100 * 1000
	driftSpan = int64(10e9) // ns that it was watched for
)

func (r *Result) clockSkew() []diagnose.Finding {
	if !r.Clock.Known() {
		return nil
	}
	p := &r.Clock.Pieces[0]
	f := diagnose.Finding{Group: diagnose.GroupCapture, Severity: diagnose.Notice, Confidence: diagnose.Proven, Count: r.Pairs}
	switch {
	case len(r.Clock.Pieces) > 1:
		next := &r.Clock.Pieces[1]
		f.Title = fmt.Sprintf("A clock was set while the captures ran: by %s", signed(next.Offset-p.Offset))
		f.Since, f.Until = next.From, next.From
		f.Explanation = fmt.Sprintf("%s was %s %s before, and %s it after. Which of the two was set, the packets do not tell; each stretch is compared by its own offset.",
			r.B.Name(), ahead(p.Offset), r.A.Name(), ahead(next.Offset))
	case abs(p.Offset) >= skewTold:
		f.Title = fmt.Sprintf("The clock of %s is %s that of %s", r.B.Name(), ahead(p.Offset), r.A.Name())
		f.Explanation = fmt.Sprintf("The offset is known within %s. Times of the two captures cannot be compared without it.", say.Duration(p.Bound, true))
	case math.Abs(p.Drift)-p.DriftBound >= driftTold && r.A.last-r.A.first >= driftSpan:
		f.Title = fmt.Sprintf("The clocks of %s and %s part by %.0f millionths", r.A.Name(), r.B.Name(), p.Drift/1000)
		f.Explanation = "A crystal is off by less than 100 millionths; NTP slews a clock by at most 500."
	default:
		return nil
	}
	f.Causes = []string{"a host without NTP or PTP, or one whose clock was just set"}
	f.Advice = []string{"`chronyc tracking` or `timedatectl timesync-status` on each host."}
	return []diagnose.Finding{f}
}

// ahead is "1.7 s ahead of" or "1.7 s behind".
func ahead(ns int64) string {
	if ns < 0 {
		return precise(-ns) + " behind"
	}
	return precise(ns) + " ahead of"
}

// signed is a span with its sign.
func signed(ns int64) string {
	if ns < 0 {
		return "-" + precise(-ns)
	}
	return "+" + precise(ns)
}
