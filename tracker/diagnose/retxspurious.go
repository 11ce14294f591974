package diagnose

import (
	"fmt"
	"slices"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

type needlessLimits struct{ least, share uint64 }

const (
	// needlessFew is from how many needless repeats on that D-SACKs tell of they count where they are many of what was sent.
	needlessFew = 5
	// needlessMany is of how many segments with data one must be a needless repeat for that.
	needlessMany = 8
)

func retxSpurious() Detector {
	return Detector{
		Name: "retx-spurious", Group: GroupTransfer, needs: traitRepeated,
		Doc: `Data is sent again though it had arrived: the sender was wrong about a loss.

Rule: the receiver reports by D-SACK what came twice (RFC 2883 section 4), a timestamp shows
that the ACK answers the first copy (Eifel, RFC 3522 section 3.2), and what was
acknowledged before its repeat was sent needed none. Where the receiver sends neither, repeats
are needless if each ACK since a timeout answers the next transmission, in order: data that comes twice draws
a duplicate ACK at once (RFC 9293 section 3.10.7.4). Each such repeat took the sender's
rate down for nothing. Reordering on the path, a delay that jumps, ACKs that are lost or
held back make these, and a timer that is shorter than the round trip. Fewer than the least count where D-SACKs tell of five or more: half of the repeats, one in 8 segments with data. Fewer than one in 100 of the segments with data
that the side sent, or the server on all of its connections, cost next to nothing: an info. Repeats that the capture itself doubled are not counted.`,
		New: func(o *Options) Fold {
			l := needlessLimits{least: o.count("retx-spurious", 10, "needless repeats of one side from which on it counts"),
				share: o.share("retx-spurious-share", 20, "of its repeats that must be needless")}
			return newEndFold(addNeedless, l.tell)
		},
	}
}

func addNeedless(s *subjects[disorder, *disorder], r *record.Record, e record.End) {
	y := &r.Ends[e]
	if y.Retx == 0 {
		return
	}
	// What nothing set the sender off to repeat was doubled, not repeated.
	causes, n := y.DSACKs+y.RetxRTO+y.RetxTLP+r.Ends[e.Peer()].DupAcks, min(y.RetxSpurious, y.Retx)
	needless := n > 0 && causes*4 >= n
	x := s.counted(sideOf(r, e), needless)
	x.all += uint64(y.Retx)
	x.segments += uint64(y.DataSegments)
	if needless {
		x.hitAt(r, r.Evidence.Ends[e].Needless)
		x.wrong += uint64(n)
		x.dsacks += uint64(y.DSACKs)
		// D-SACKs come with duplicate ACKs of their own, behind the repeats.
		peer := &r.Ends[e.Peer()]
		x.hastened += uint64(min(y.RetxFast, peer.DupAcks+peer.SACKBlocks-min(y.DSACKs, peer.SACKBlocks)))
	}
}

func (l needlessLimits) tell(c *Context, s Subject, x *disorder) (Finding, bool) {
	reordered := onPath("packets are reordered on the path (several links, a bonded interface, Wi-Fi): see reordering")
	shown := fmt.Sprintf("the receiver said so by D-SACK (%s, RFC 2883), or timestamps or ACKs show it (RFC 3522).", say.Thousands(x.dsacks))
	if x.dsacks == 0 {
		shown = "timestamps show it (RFC 3522), or ACKs: each answers one segment, in order, and what comes twice draws a duplicate ACK at once (RFC 9293 section 3.10.7.4)."
	}
	sent := x.segments
	if s.Kind == SubjectListener {
		sent = max(sent, c.sent(s.A))
	}
	f := Finding{
		Severity: effect{harmless: x.wrong*100 < sent}.severity(), Confidence: Likely,
		Title:       fmt.Sprintf("%s retransmitted data that had arrived: %s of its %s were spurious", s.who(), say.Thousands(x.wrong), say.Plural(x.all, "repeat")),
		Explanation: "The data had arrived: " + shown,
		causes: []Cause{reordered, hostOrPath("the delay jumps: a queue that fills, a mobile network, a paused virtual machine"),
			onPath("ACKs are lost or held back on the return path")},
		Advice: []string{fmt.Sprintf("On %s: `nstat -az TcpExtTCPDSACKRecv TcpExtTCPSpuriousRTOs TcpExtTCPSpuriousRtxHostQueues`.", s.A.Addr),
			"`ss -ti` shows reordering and the round trip's variation on each connection."},
	}
	// What a timer set off was not set off by reordering, which shows as duplicate ACKs.
	switch late := f.causes[1:]; {
	case x.hastened == 0:
		f.Explanation += " A timer set off each of the repeats, before the ACK was back: no duplicate ACK asked for one."
		f.causes = append([]Cause{onHost("the sender's timeout is shorter than the round trip: over a slow or far link, or with a timer that was set so")}, late...)
	case x.hastened*2 < x.all:
		f.Explanation += fmt.Sprintf(" A timer set off most of the repeats, before the ACK was back; duplicate ACKs or SACK set off %s at most: only these can be of reordering.", say.Thousands(x.hastened))
		f.causes = append(slices.Clone(late), reordered)
	}
	many := x.wrong >= l.least || x.dsacks >= min(l.least, needlessFew) && x.wrong*needlessMany >= sent && x.wrong*2 >= x.all
	return f, many && x.wrong*100 >= x.all*l.share
}
