package diagnose

import (
	"fmt"
	"strings"

	"tcpwatch/tracker/record"
)

// offers sums up what the handshakes with a listener agreed on.
type offers struct {
	tally                   // of handshakes that lack something which others have
	agreed, lacks [3]uint64 // window scaling, SACK, timestamps, where the opener offered them
	sources       [3]sources
}

func optionNames() [3]string { return [...]string{"window scaling", "SACK", "timestamps"} }

// Merge takes in another.
func (x *offers) Merge(o *offers) {
	x.tally.Merge(&o.tally)
	for i := range x.agreed {
		x.agreed[i] += o.agreed[i]
		x.lacks[i] += o.lacks[i]
		x.sources[i].merge(&o.sources[i])
	}
}

// offered tells which options an end announced.
func offered(e *record.EndRecord) [3]bool { return [...]bool{e.WScale.OK, e.SACK.V, e.Timestamps.V} }

// handshakeSeen tells that both the SYN and the SYN/ACK of a connection that opened were seen.
func handshakeSeen(r *record.Record) bool {
	return r.Open.Kind == record.OpenHandshake && r.Ends[record.Orig].SACK.OK && r.Ends[record.Resp].SACK.OK
}

func optionStripped() Detector {
	return Detector{
		Name: "option-stripped", Group: GroupTransfer,
		Doc: `Some handshakes with a listener lack options that others agree on: stripped on the way.

Rule: window scaling, SACK and timestamps hold only when both SYN and SYN/ACK carry them
(RFC 7323 sections 2.2 and 3.2, RFC 2018 section 2), and a listener that supports one
answers it to everybody who offers it. Where it does so for some openers and not for
others, either something on the way of those takes the option out of the SYN or the SYN/ACK
(firewalls that normalise, old load balancers), or several different hosts answer
behind one address. SYN cookies without timestamps drop them too (Linux). Without window
scaling 64 KiB are the largest window; without SACK every loss costs more.`,
		Thresholds: []Threshold{{"option-stripped", Number, 3, "handshakes that lack an option, and as many that have it, from which on it counts"}},
		New: func(o *Options) Fold {
			least := uint64(o.get("option-stripped"))
			return newFold(func(s *subjects[offers, *offers], r *record.Record) {
				if !handshakeSeen(r) {
					return
				}
				atListener(s, r).add(r)
			}, func(_ *Context, s Subject, x *offers) (Finding, bool) {
				var what, who []string
				for i, name := range optionNames() {
					if x.agreed[i] >= least && x.lacks[i] >= least {
						what = append(what, fmt.Sprintf("%s (%s of %s)", name, Thousands(x.lacks[i]), Thousands(x.lacks[i]+x.agreed[i])))
						who = append(who, x.sources[i].who())
					}
				}
				if len(what) == 0 {
					return Finding{}, false
				}
				return Finding{
					Severity: Notice, Confidence: Possible,
					Title: fmt.Sprintf("some handshakes with %s lack %s though offered", name(s.A), strings.Join(what, ", ")),
					Explanation: fmt.Sprintf("The SYN offered it and the SYN/ACK did not agree, for %s, while others got it (RFC 7323 section 2.2, RFC 2018 section 2).",
						strings.Join(who, "; ")),
					Causes: []string{"a firewall or load balancer on the way of these openers takes options out of SYN or SYN/ACK",
						"several hosts with different settings answer behind one address", "SYN cookies were sent while the SYN queue was full"},
					Advice: []string{"Capture beside the listener too: does the SYN arrive with the option, does the SYN/ACK leave with it?",
						fmt.Sprintf("On %s: `sysctl net.ipv4.tcp_window_scaling net.ipv4.tcp_sack net.ipv4.tcp_timestamps`.", s.A.Addr)},
				}, true
			})
		},
	}
}

func (x *offers) add(r *record.Record) {
	a, b := offered(&r.Ends[record.Orig]), offered(&r.Ends[record.Resp])
	lacks := false
	for i := range a {
		switch {
		case !a[i]:
		case b[i]:
			x.agreed[i]++
		default:
			lacks = true
			x.lacks[i]++
			x.sources[i].add(r.Orig.Addr)
		}
	}
	if lacks {
		x.hitAt(r, r.Evidence.SYNACK)
	}
}

// segmentSizes sums up connections on which one side announces a small MSS.
type segmentSizes struct {
	tally
	least, most int64
}

// Merge takes in another.
func (x *segmentSizes) Merge(o *segmentSizes) {
	widen(&x.least, &x.most, x.n > 0, o.least, o.most, o.n > 0)
	x.tally.Merge(&o.tally)
}

func mssClamped() Detector {
	return Detector{
		Name: "mss-clamped", Group: GroupTransfer,
		Doc: `An end announces a small MSS: a tunnel on its side, or something that clamps it.

Rule: the MSS is the MTU of the sender's interface less 40 bytes (IPv6: 60; RFC 9293
section 3.7.1), so 1,460 on Ethernet and 1,452 over PPPoE; less than that means a tunnel
or a VPN there, or a router that lowers the number in passing SYNs so that nothing has to be
fragmented (RFC 4459 section 3.2). That is mostly a good thing: information. A notice
below 536, what every host takes: such segments cost more header than they carry.`,
		Thresholds: []Threshold{{"mss-clamped", Number, 1400, "MSS below which it is told"}},
		New: func(o *Options) Fold {
			usual := o.get("mss-clamped")
			return newFold(func(s *subjects[segmentSizes, *segmentSizes], r *record.Record) {
				if !handshakeSeen(r) {
					return
				}
				for _, e := range sides() {
					if m := r.Ends[e].MSS; m.OK && int64(m.V) < usual {
						whose, packet := listener(r.Resp), r.Evidence.SYNACK
						if e == record.Orig {
							whose, packet = host(r.Orig.Addr), r.FirstPacket // the SYN
						}
						x := s.At(whose)
						widen(&x.least, &x.most, x.n > 0, int64(m.V), int64(m.V), true)
						x.hitAt(r, packet)
					}
				}
			}, func(_ *Context, s Subject, x *segmentSizes) (Finding, bool) {
				mss := fmt.Sprint(x.least)
				if x.most != x.least {
					mss = fmt.Sprintf("%d to %d", x.least, x.most)
				}
				f := Finding{
					Severity: Info, Confidence: Likely,
					Title:       fmt.Sprintf("%s announces a small MSS, %s, on %s", s.who(), mss, Plural(x.n, "connection")),
					Explanation: "Ethernet alone would allow 1,460 (RFC 9293 section 3.7.1); the segments sent to it are no larger than this.",
					Causes:      []string{"a tunnel, VPN or overlay network on that side", "a router or firewall that lowers the MSS of passing SYNs"},
					Advice:      []string{fmt.Sprintf("On %s: `ip link` shows the MTU of each interface, `ip route` an advmss.", s.A.Addr)},
				}
				if x.least < 536 {
					f.Severity = Notice
					f.Causes = append([]string{"a small or embedded system with little memory", "the application sets TCP_MAXSEG"}, f.Causes...)
				}
				return f, true
			})
		},
	}
}

func ecnBleached() Detector {
	return Detector{
		Name: "ecn-bleached", Group: GroupTransfer, needs: signECN,
		Doc: `Both ends agreed on ECN, but the data comes without it: something clears the field.

Rule: once SYN and SYN/ACK agreed, a sender marks its data ECT(0) or ECT(1) in the IP
header (RFC 3168 section 6.1.2; not repeats, not pure ACKs), so that routers can mark
congestion instead of dropping. Where none of an end's data carries the mark, a
router between it and the capture point clears those bits, often together with the old TOS
field; or the sender's congestion control does not use it. ECN then does nothing, and
senders that rely on it (DCTCP, L4S) do not see congestion. Counted on connections with
at least ecn-bleached segments' worth of data.`,
		Thresholds: []Threshold{{"ecn-bleached", Number, 20, "full segments that an end must have sent"}},
		New: func(o *Options) Fold {
			least := uint64(o.get("ecn-bleached"))
			return newFold(func(s *subjects[waits, *waits], r *record.Record) {
				if !handshakeSeen(r) || !r.Ends[record.Orig].ECN.V || !r.Ends[record.Resp].ECN.V {
					return
				}
				for _, e := range sides() {
					x := &r.Ends[e]
					if x.Packets > 0 && x.WireBytes-min(x.WireBytes, x.RetxBytes) >= least*1460 && !r.Path[e].ECT {
						w := s.At(sideOf(r, e))
						w.add(r, r.Evidence.Ends[e].Unmarked, 0, 0)
						w.bytes += x.WireBytes
					}
				}
			}, func(_ *Context, s Subject, x *waits) (Finding, bool) {
				return Finding{
					Severity: Notice, Confidence: Likely,
					Title: fmt.Sprintf("data from %s comes without ECN marks on %s that agreed on ECN", s.who(), Plural(x.n, "connection")),
					Explanation: fmt.Sprintf("%s bytes of data, none of it ECN-capable, after a handshake that agreed (RFC 3168 sections 6.1.1 and 6.1.2): routers drop instead of marking.",
						Thousands(x.bytes)),
					Causes: []string{"a router or tunnel between it and the capture point clears the ECN bits with the old TOS byte", "the sender's stack agreed to ECN and does not use it"},
					Advice: []string{fmt.Sprintf("On %s: `sysctl net.ipv4.tcp_ecn`; capture there: do segments leave with tos 0x2?", s.A.Addr),
						"`tcpdump -c 20 -nv 'tcp and ip[1] & 3 != 0'` shows what arrives marked."},
				}, true
			})
		},
	}
}
