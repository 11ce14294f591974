package diagnose

import (
	"fmt"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// probes counts lone segments of no connection, each answered by a RST.
type probes struct {
	n        uint64
	fins     uint64        // with FIN: a FIN or Xmas scan; the others are ACKs, or have no flags
	silent   uint64        // that nothing answered: without ACK
	noACK    tally         // connections of which the segments had no ACK: no TCP sends such
	noFlags  uint64        // of those, without FIN too
	srcPorts fold.Distinct // from which they were sent
}

func (p *probes) add(r *record.Record, by record.End, port uint16) {
	p.n++
	if r.Close.FINs[by] > 0 {
		p.fins++
	}
	if !r.Close.ResetTime.OK {
		p.silent++
	}
	p.srcPorts.Add(fold.Mix(uint64(port)))
	bare := r.Ends[by].PureACKs == 0 && r.Close.FINs[by] == 0
	if bare || !r.Close.ResetTime.OK {
		p.noACK.hitAt(r, r.FirstPacket)
	}
	if bare {
		p.noFlags++
	}
}

// Fields walks over what is summed up.
func (p *probes) Fields(w *fold.Walk) {
	fold.Sum(w, &p.n, &p.fins, &p.silent, &p.noFlags)
	p.noACK.Fields(w)
	p.srcPorts.Fields(w)
}

// mostProbes is how many segments an end may send, repeats and copies counted,
// to be no more than a probe.
const mostProbes = 3

// probedInVain tells that all that was seen of a connection is a segment or so
// without data and SYN, and the RST that answers it: its receiver has no such
// connection (RFC 9293 section 3.10.7.1). by is who sent it.
func probedInVain(r *record.Record) (by record.End, ok bool) {
	if r.Open.Kind != record.OpenMidstream {
		return 0, false
	}
	if !r.Close.ResetTime.OK {
		return probedInSilence(r)
	}
	for e := record.Orig; e <= record.Resp; e++ {
		x, y := &r.Ends[e], &r.Ends[e.Peer()]
		if x.Packets > 0 && x.Packets <= mostProbes && y.Packets > 0 && y.Packets <= mostProbes &&
			r.Close.RSTs[e] == 0 && uint64(r.Close.RSTs[e.Peer()]) == y.Packets && x.SeenBytes == 0 && r.Keepalive[e].Probes == 0 {
			return e, true
		}
	}
	return 0, false
}

// probedInSilence tells that all that was seen of a connection is a segment or so
// without ACK, SYN, RST and data: with an ACK it would show the other direction of a
// connection that was not captured. No connection has such segments (RFC 9293 section 3.10.7.4, fifth: what has no ACK
// is dropped); a port with a socket that listens drops them, as a firewall does.
func probedInSilence(r *record.Record) (by record.End, ok bool) {
	for e := record.Orig; e <= record.Resp; e++ {
		x, y := &r.Ends[e], &r.Ends[e.Peer()]
		if x.Packets > 0 && x.Packets <= mostProbes && y.Packets == 0 && x.SeenBytes == 0 && r.Close.RSTs[e] == 0 && !r.Capture.OneWay {
			return e, true
		}
	}
	return 0, false
}

// probedEnds are the opener and the listener of a connection: of one that was
// probed, who probed it and what.
func probedEnds(r *record.Record) (from, to capture.Endpoint) {
	if by, ok := probedInVain(r); ok && by == record.Resp {
		return r.Resp, r.Orig
	}
	return r.Orig, r.Resp
}

// tooLittle tells that of what began without SYN too little was seen to call it a connection: one packet, which may be damaged, a
// stray or a probe, or a lone segment that a RST answers.
func tooLittle(r *record.Record) bool {
	if r.Open.Kind != record.OpenMidstream {
		return false
	}
	if r.Ends[record.Orig].Packets+r.Ends[record.Resp].Packets <= 1 {
		return true
	}
	_, ok := probedInVain(r)
	return ok
}

// tellFewProbes tells of segments without ACK where they are too few for a scan: one is enough to know that a program
// made it.
func tellFewProbes(s Subject, x *scan) Finding {
	p := &x.probes
	what := "with FIN and without ACK"
	switch p.noFlags {
	case 0:
	case p.noACK.n:
		what = "without flags"
	default:
		what += ", or without flags"
	}
	title := fmt.Sprintf("%s sent lone segments %s, which no TCP sends: %s", s.A.Addr, what, say.Plural(p.noACK.n, "probe"))
	if more := p.n - p.noACK.n; more > 0 {
		title = fmt.Sprintf("%s probes: %s that belong to no connection, %s of them %s, which no TCP sends", s.A.Addr, say.Plural(p.n, "lone segment"), say.Thousands(p.noACK.n), what)
	}
	f := Finding{
		Severity: Notice, Confidence: Likely,
		Title:       title,
		Explanation: "Every segment of a connection but its first SYN and some RSTs carries an ACK (RFC 9293 section 3.10.7.4). A port without a socket answers such a segment by a RST, one that listens does not: so ports are found (FIN, NULL and Xmas scans).",
		causes:      []Cause{app("a port scanner that looks for what a firewall lets pass, or asks what system a host is of"), app("a test program that makes packets itself")},
		Advice:      []string{fmt.Sprintf("On %s: its own processes with raw sockets are what to look for: `ss -wp`.", s.A.Addr)},
	}
	if more := p.n - p.noACK.n; more > 0 {
		f.Explanation += fmt.Sprintf(" %s a RST as well, with FIN or ACK: of one host they are most likely probes too.", drew(more))
	}
	if failed := x.n - p.n; failed > 0 {
		f.Explanation += fmt.Sprintf(" Its SYNs failed too, on %s: it tried %s of %s in vain.", say.Plural(failed, "connection"), x.ports.words(), about(&x.hosts, "host"))
	} else {
		f.Explanation += " They are too few to be called a scan."
	}
	p.noACK.into(&f)
	return f
}

// drew are so many other segments that drew something.
func drew(n uint64) string {
	if n == 1 {
		return "1 other drew"
	}
	return say.Thousands(n) + " others drew"
}

func tellProbes(s Subject, x *scan) Finding {
	p := &x.probes
	what, kind := "ACKs", "an ACK scan"
	if p.fins*2 >= p.n {
		what, kind = "FINs", "a FIN or Xmas scan"
	} else if p.silent*2 >= p.n {
		what, kind = "segments without flags", "a NULL scan"
	}
	answer := fmt.Sprintf("each of %s drew a RST, which is how a host answers what meets no socket, open ports to an ACK too (RFC 9293 section 3.10.7.1).", say.Plural(p.n, "lone segment"))
	if p.silent > 0 {
		answer = fmt.Sprintf("of %s %s had no answer: a port that listens, or a firewall, drops what has no ACK, and a port without a socket answers by a RST (RFC 9293 section 3.10.7.1).",
			say.Plural(p.n, "lone segment"), say.Thousands(p.silent))
	}
	f := Finding{
		Severity: Warning, Confidence: Likely,
		Title:       fmt.Sprintf("%s scans: %s of %s probed with %s that belong to no connection", s.A.Addr, x.ports.words(), about(&x.hosts, "host"), what),
		Explanation: fmt.Sprintf("It looks like %s: %s No program aborted.", kind, answer),
		causes:      []Cause{app("a port scanner that looks for what a firewall lets pass"), app("malware that looks for victims")},
		Advice:      []string{fmt.Sprintf("On %s: its own processes with raw sockets are what to look for: `ss -wp`.", s.A.Addr)},
	}
	if p.srcPorts.Count()*2 > p.n && p.silent*2 < p.n {
		// A scanner mostly keeps its port; connections have one each.
		f.atMost(Notice, Possible)
		f.causes = append(f.causes, onPath("connections that began before the capture, which something on the path has forgotten: a NAT or firewall that restarted"))
	}
	return f
}
