package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

type reorderLimits struct{ least, rate uint64 }

func reordering() Detector {
	return Detector{
		Name: "reordering", Group: GroupTransfer, needs: traitRepeated,
		Doc: `Segments overtake each other on the path.

Rule: IP may reorder (RFC 9293 section 3.4 sorts by sequence number); a receiver answers
each late segment with duplicate ACKs, and three of them make a sender repeat what is
merely late (RFC 5681 section 3.2); RACK waits a little first (RFC 8985 section 6.2). Told
apart from loss by the IP identification, by timestamps, or by how soon the gap was
filled. Seen at the capture point: reordering behind it shows as needless repeats. On
What comes less than 1 ms late makes nobody wait: an info. On
Linux captures of several queues the card may reorder what the path did not.`,
		New: func(o *Options) Fold {
			l := reorderLimits{least: o.count("reordering", 20, "segments of one side that came late from which on it counts"),
				rate: o.count("reordering-rate", 5, "per 1,000 segments with data of that side, of the connections that had any")}
			return newEndFold(addLate, l.tell)
		},
	}
}

func addLate(s *subjects[disorder, *disorder], r *record.Record, e record.End) {
	y := &r.Ends[e]
	if y.OutOfOrder == 0 {
		return
	}
	x := s.At(sideOf(r, e))
	x.hitAt(r, r.Evidence.Ends[e].Late)
	x.wrong += uint64(y.OutOfOrder)
	x.all += uint64(y.DataSegments)
	x.longest = max(x.longest, y.ReorderMax)
}

func (l reorderLimits) tell(_ *Context, s Subject, x *disorder) (Finding, bool) {
	return Finding{
		Severity: effect{harmless: x.longest < millisecond}.severity(), Confidence: Likely,
		Title:       fmt.Sprintf("packets from %s came out of order on %s: %s of those with data, none later than %s", s.who(), say.Plural(x.n, "connection"), percentOf(x.wrong, x.all), span(x.longest)),
		Explanation: "Later segments overtook them between sender and capture point: duplicate ACKs follow, and repeats where they come three or more late (RFC 5681 section 3.2).",
		causes: []Cause{onPath("a path over several links that divides packet by packet: bonding in round-robin, ECMP by packet, several tunnels"), onPath("Wi-Fi or mobile retransmission below IP"),
			inCapture("several receive queues of the capturing card (the capture's order, not the path's)")},
		Advice: []string{"`ip -d link show type bond` shows the mode of bonds: balance-rr reorders.", "`nstat -az TcpExtTCPSACKReorder TcpExtTCPTSReorder` on the sender."},
	}, x.wrong >= l.least && x.wrong*1000 >= x.all*l.rate
}
