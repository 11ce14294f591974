package diagnose

import (
	"fmt"

	"tcpwatch/tracker/record"
)

// disorder sums up needless repeats, or segments that came out of order, of
// what one side sent.
type disorder struct {
	tally
	wrong   uint64 // repeats that were needless, or segments that came late
	all     uint64 // repeats, or packets
	dsacks  uint64
	longest int64 // that a segment came late
}

// Merge takes in another.
func (x *disorder) Merge(o *disorder) {
	x.tally.Merge(&o.tally)
	x.wrong += o.wrong
	x.all += o.all
	x.dsacks += o.dsacks
	x.longest = max(x.longest, o.longest)
}

func retxSpurious() Detector {
	return Detector{
		Name: "retx-spurious", Group: GroupTransfer, needs: signRepeated,
		Doc: `Data is sent again though it had arrived: the sender was wrong about a loss.

Rule: the receiver tells by D-SACK what came twice (RFC 2883 section 4), a timestamp tells
that the ACK answers the first copy (Eifel, RFC 3522 section 3.2), and what was
acknowledged before its repeat was sent needed none. Each such repeat took the sender's
rate down for nothing. Reordering on the path, a delay that jumps, ACKs that are lost or
held back make these. Repeats that the capture itself doubled are not counted.`,
		Thresholds: []Threshold{{"retx-spurious", Number, 10, "needless repeats of one side from which on it counts"},
			{"retx-spurious-share", Share, 20, "of its repeats that must be needless"}},
		New: func(o *Options) Fold {
			least, part := uint64(o.get("retx-spurious")), uint64(o.get("retx-spurious-share"))
			return newFold(func(s *subjects[disorder, *disorder], r *record.Record) {
				for _, e := range sides() {
					y := &r.Ends[e]
					if y.Retx == 0 {
						continue
					}
					x := s.At(sideOf(r, e))
					x.all += uint64(y.Retx)
					// What nothing set the sender off to repeat was doubled, not repeated.
					causes := y.DSACKs + y.RetxRTO + y.RetxTLP + r.Ends[e.Peer()].DupAcks
					if n := min(y.RetxSpurious, y.Retx); n > 0 && causes*4 >= n {
						x.hitAt(r, r.Evidence.Ends[e].Needless)
						x.wrong += uint64(n)
						x.dsacks += uint64(y.DSACKs)
					}
				}
			}, func(_ *Context, s Subject, x *disorder) (Finding, bool) {
				if x.wrong < least || x.wrong*100 < x.all*part {
					return Finding{}, false
				}
				return Finding{
					Severity: Notice, Confidence: Likely,
					Title: fmt.Sprintf("%s sent data again in vain: %s of its %s were needless", s.who(), Thousands(x.wrong), Plural(x.all, "repeat")),
					Explanation: fmt.Sprintf("The data had arrived: the receiver said so by D-SACK (%s, RFC 2883), or timestamps or ACKs show it (RFC 3522).",
						Thousands(x.dsacks)),
					Causes: []string{"packets are reordered on the path (several links, a bonded interface, Wi-Fi): see reordering", "the delay jumps: a mobile network, a paused virtual machine",
						"ACKs are lost or held back on the way back"},
					Advice: []string{fmt.Sprintf("On %s: `nstat -az TcpExtTCPDSACKRecv TcpExtTCPSpuriousRTOs TcpExtTCPSpuriousRtxHostQueues`.", s.A.Addr),
						"`ss -ti` shows reordering and the round trip's variation on each connection."},
				}, true
			})
		},
	}
}

func reordering() Detector {
	return Detector{
		Name: "reordering", Group: GroupTransfer, needs: signRepeated,
		Doc: `Segments overtake each other on the path.

Rule: IP may reorder (RFC 9293 section 3.4 sorts by sequence number); a receiver answers
each late segment with duplicate ACKs, and three of them make a sender repeat what is
merely late (RFC 5681 section 3.2); RACK waits a little first (RFC 8985 section 6.2). Told
apart from loss by the IP identification, by timestamps, or by how soon the gap was
filled. Seen at the capture point: reordering behind it shows as needless repeats. On
Linux captures of several queues the card may reorder what the path did not.`,
		Thresholds: []Threshold{{"reordering", Number, 20, "segments of one side that came late from which on it counts"},
			{"reordering-rate", Number, 5, "per 1,000 packets of that side, of the connections that had any"}},
		New: func(o *Options) Fold {
			least, rate := uint64(o.get("reordering")), uint64(o.get("reordering-rate"))
			return newFold(func(s *subjects[disorder, *disorder], r *record.Record) {
				for _, e := range sides() {
					y := &r.Ends[e]
					if y.OutOfOrder == 0 {
						continue
					}
					x := s.At(sideOf(r, e))
					x.hitAt(r, r.Evidence.Ends[e].Late)
					x.wrong += uint64(y.OutOfOrder)
					x.all += y.Packets
					x.longest = max(x.longest, y.ReorderMax)
				}
			}, func(_ *Context, s Subject, x *disorder) (Finding, bool) {
				if x.wrong < least || x.wrong*1000 < x.all*rate {
					return Finding{}, false
				}
				return Finding{
					Severity: Notice, Confidence: Likely,
					Title:       fmt.Sprintf("packets from %s came out of order on %s: %s of their packets, up to %s late", s.who(), Plural(x.n, "connection"), percentOf(x.wrong, x.all), span(x.longest)),
					Explanation: "Later segments overtook them between sender and capture point: duplicate ACKs follow, and repeats where they come three or more late (RFC 5681 section 3.2).",
					Causes: []string{"a path over several links that divides packet by packet: bonding in round-robin, ECMP by packet, several tunnels", "Wi-Fi or mobile retransmission below IP",
						"several receive queues of the capturing card (the capture's order, not the path's)"},
					Advice: []string{"`ip -d link show type bond` shows the mode of bonds: balance-rr reorders.", "`nstat -az TcpExtTCPSACKReorder TcpExtTCPTSReorder` on the sender."},
				}, true
			})
		},
	}
}
