package diagnose

import (
	"fmt"
	"slices"

	"tcpwatch/internal/say"
)

func captureOneWay() Detector {
	return Detector{
		Name: "capture-one-way", Group: GroupCapture, needs: traitNone,
		Doc: `Only one direction was captured of many connections.

Rule: what is seen acknowledges data of the other end (RFC 9293 section 3.10.7.4) of
which not one packet was captured, by three packets or more, or with data for a second,
and its ACK numbers rise, or it goes on after its SYN: the other end sent in the time
that was captured. The way back does not pass here (asymmetric
routing), the mirror port copies one direction, or a filter names one address only. Where the
captured direction has holes itself, or nothing but data, a filter by content comes first; where
one direction is absent of each connection, or others show that the capture point is right
beside the hosts that were captured, a filter on source or destination does, and the way back after it.
From a fifth of all connections on it is a warning, and no other finding is more than
possible; below that those connections alone are left out of judgements that need
both directions. One or two among others may be a hole of the capture: they are
only possible, and so are one or two segments in all: a hole explains those. Segments that are longer than the
wire allows show a capture on an end's own host, where no mirror port stands between.`,
		New: func(*Options) Fold { return fromQuality{tell: tellOneWay} },
	}
}

// unseenFew is how many segments must be absent of one direction: one or two are a hole of the capture.
const unseenFew = 3

// pickedByContent tells that what one direction lacks itself shows a filter by content.
func (q *quality) pickedByContent() bool {
	return q.oneWay.n > 0 && (q.oneWay.n >= oneWayFew || q.conns == 0) && q.oneWayPicked()
}

// Picked reports whether the input was picked by content, as the one direction that was captured shows: gaps
// between its packets are then no pauses of the capture.
func (s *Set) Picked() bool { return s.quality.pickedByContent() }

func tellOneWay(c *Context, q *quality) (Finding, *tally) {
	few := q.oneWay.n < oneWayFew && q.conns > 0
	hole := q.unseen < unseenFew
	mirror := beforeCapture("the mirror port copies one direction only")
	f := Finding{
		Severity: effect{harmless: few || c.OneWay*100 < c.Conns*oneWayShare, felt: true}.severity(), Confidence: Proven,
		Title:       fmt.Sprintf("only one direction was captured of %s", outOf(q.oneWay.n, max(c.Conns, q.oneWay.n), "connection")),
		Explanation: "Of one end no packet was captured; only the other end's ACKs show what it sent (RFC 9293 section 3.10.7.4). What it did besides can't be known.",
		causes: []Cause{beforeCapture("the return path does not pass the capture point (asymmetric routing)"), mirror,
			inCapture("the capture filter names source or destination alone")},
		Advice: []string{"Mirror both directions of the port, or capture on the host itself: `tcpdump -i any -w FILE host 192.0.2.1` (its own address).",
			"Was a capture filter set (the command that captured, or the notes in the file, which capinfos prints)? If there was none, and the switch mirrors both directions, the way back is another."},
	}
	if q.lone > 0 {
		f.Explanation += fmt.Sprintf(" Of %s one end alone was captured too, in too few packets to tell of the other one.", say.Plural(q.lone, "more connection"))
	}
	filter := inCapture("a filter on source or destination alone: of the capture, or that the file was saved through")
	switch {
	case few, hole:
	case q.oneWay.n+q.lone == c.Conns:
		f.causes = f.causes[:2]
		f.lead(filter, "one direction is absent of each connection")
	case q.besideThem():
		f.Explanation += " Other connections were captured both ways, right beside the hosts that sent these packets: what is absent here came to that place too, unless by another of their interfaces."
		f.causes = f.causes[:2]
		f.lead(filter, "the capture point is right beside the hosts that were captured")
	}
	if f.leader == filter {
		slices.Reverse(f.Advice) // the filter is the first thing to ask for
	}
	if few || hole {
		f.Confidence = Possible
		f.causes = append(f.causes, inCapture("the capture missed the other end's packets"))
	}
	if q.onHost > 0 {
		f.Explanation += " It sent segments longer than the wire allows, whose checksums its card was to fill in: the capture was taken on its host, or on that of a virtual machine, and no mirror port lies between."
		f.causes = slices.DeleteFunc(f.causes, func(c Cause) bool { return c == mirror })
		f.Advice = []string{"Was a capture filter set (the command that captured, or the notes in the file, which capinfos prints)? If there was none, the way back comes in by another interface: `tcpdump -i any -w FILE host 192.0.2.1` (the host's own address)."}
	}
	if q.pickedByContent() {
		f.Explanation += " Of the direction that was captured segments are missing as well: ACKs without data, or bytes between others. A filter by content, or a hand, picked what is here."
		f.lead(inCapture("a filter by content kept some segments of one direction: the file was saved through it, or edited"), "segments of the captured direction are missing as well")
		f.Advice = append([]string{"Look into the capture from which this file was made."}, f.Advice...)
	}
	if q.inside == q.oneWay.n {
		f.causes = []Cause{inCapture("the capture filter names source, destination or one port alone"), inCapture("the file was saved through such a filter, or edited")}
		f.Advice = []string{c.systems.adviceOn("on the host itself", nil, "Capture both directions: `tcpdump -i lo -w FILE`.")}
		f.Explanation += " They are of the loopback interface, where both directions pass the same place."
	}
	return f, &q.oneWay
}
