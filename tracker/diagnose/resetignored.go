package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func resetIgnored() Detector {
	return Detector{
		Name: "reset-ignored", Group: GroupReset, needs: traitReset,
		Doc: `A RST that its receiver must ignore, or did not obey: forged, or from a segment of long ago.

Rule: an end obeys a RST only exactly at the number that it expects next; inside the
window it answers with a challenge ACK, outside it does nothing (RFC 5961 section
3.2). The connection lives on. Blind attackers, and middleboxes that guess, send
such; so does a host that answers an old duplicate, which is harmless and
not counted where its sender had closed. A RST at the expected number was not obeyed
where its receiver acknowledges what came after it, or still sends new data a second
later which the other end acknowledges; an ACK of what was sent before the RST may have
crossed it, and proves nothing.`,
		New: func(*Options) Fold {
			return newResets(resetKind{scale{}, pickIgnored, endedUnknown, (*resets).addIgnored, tellIgnored})
		},
	}
}

func pickIgnored(r *record.Record) bool {
	if r.Close.Ignored.Odd.Has(record.Damaged) {
		return false
	}
	if r.Close.Ignored.WentOn {
		return running(r)
	}
	return r.Close.Ignored.Packet != 0 && !r.Close.Ignored.GaveUp && r.Close.Kind != record.CloseReset && !r.Close.Ignored.Late && running(r)
}

func tellIgnored(s Subject, x *resets, all whole, _ scale) Finding {
	if x.disobeyed == x.n {
		return tellDisobeyed(s, x, all)
	}
	f := Finding{
		Severity: Notice, Confidence: Likely,
		Title:       fmt.Sprintf("%s got a RST that the receiver must ignore (%s in all)", x.what(s, all), say.Plural(x.ignored, "RST")),
		Explanation: "The RSTs did not carry the sequence number that the receiver expected: it answers with a challenge ACK, or not at all, and goes on (RFC 5961 section 3.2)." + x.oddly(),
		causes: []Cause{hostOrPath("a middlebox rejected an earlier segment, and its RST came behind data that had passed meanwhile"),
			hostOrPath("an attacker forges RSTs and guesses the numbers"), onHost("a host answers segments of an older connection")},
		Advice: []string{"`nstat -az TcpExtTCPChallengeACK TcpExtTCPSYNChallenge` on the receiver counts what it answered.", "Compare the RSTs' TTL with that of the end's other packets."},
	}
	if x.disobeyed > 0 {
		f.Explanation += fmt.Sprintf(" On %s the RST carried that number, and both ends went on all the same: what one sent after it the other acknowledged.", say.Plural(x.disobeyed, "connection"))
	}
	return f
}

// tellDisobeyed tells of RSTs that stood at the number expected, each of them.
func tellDisobeyed(s Subject, x *resets, all whole) Finding {
	f := Finding{
		Severity: Notice, Confidence: Possible,
		Title:       fmt.Sprintf("%s got a RST that its receiver did not obey (%s in all)", x.what(s, all), say.Plural(x.ignored, "RST")),
		Explanation: "The RST carried the sequence number that its receiver expected, and both ends went on all the same: what one sent after it the other acknowledged. The receiver did not get the RST, or refused it." + x.oddly(),
		causes: []Cause{onHost("a firewall on the receiver's host drops RSTs"), onPath("a firewall after the capture point drops RSTs"),
			onPath("something else sent the RST in that end's name, and it got no farther than the capture point")},
		Advice: []string{"On the receiver: `nft list ruleset` shows whether a rule drops it.", "Compare the RSTs' TTL with that of the end's other packets."},
	}
	switch signed := x.odd[3] == x.n; {
	case signed && x.keyed == 0:
		f.Confidence = Likely
		f.Title += ": the RST is signed, and the connection is not"
		f.Explanation += " The RST carries a signature (TCP MD5, RFC 2385, or TCP-AO, RFC 5925), the SYN none: a receiver without a key drops such a segment, and takes the others."
		f.causes = []Cause{onHost("who sent the RST signs it, and the receiver has no key for this connection: a test of an inspection device, or an attempt to make one believe that the connection is over")}
		f.Advice = []string{"On the receiver: `nstat -az TcpExtTCPMD5Unexpected TcpExtTCPAOKeyNotFound` counts what it dropped so.", f.Advice[1]}
	case signed:
		f.Confidence = Likely
		f.Title += ": it is not signed, and the connection is"
		f.Explanation += " The SYN carries a signature (TCP MD5, RFC 2385, or TCP-AO, RFC 5925), the RST none: a receiver that has a key drops what is not signed."
		f.causes = []Cause{hostOrPath("something else sent the RST in that end's name, without the key"), onHost("the end lost its key with its connection (a restart), and answers without")}
		f.Advice = []string{"On the receiver: `nstat -az TcpExtTCPMD5NotFound TcpExtTCPAORequired` counts what it dropped so.", f.Advice[1]}
	case x.keyed > 0:
		f.causes = append(f.causes, onHost("the receiver takes only signed segments, and the RST was not signed as agreed (TCP-AO, RFC 5925; MD5, RFC 2385)"))
		f.Advice = append(f.Advice, "On the receiver: `nstat -az TcpExtTCPAOBad TcpExtTCPMD5Failure` shows whether its TCP refused it.")
	}
	return f
}

// addIgnored takes a connection in for the first RST that was ignored.
func (x *resets) addIgnored(r *record.Record) {
	c := &r.Close.Ignored
	x.hit(r, c.Packet, r.Start, r.End)
	x.sources.add(r.Orig.Addr)
	x.targets.Add(listener(r.Resp).Hash())
	if c.By <= record.Resp {
		x.by[c.By]++
	}
	x.countOdd(c.Odd)
	x.ignored += uint64(r.Close.RSTsIgnored)
	if r.Open.Signed || r.Capture.Midstream {
		x.keyed++
	}
	if c.WentOn {
		x.disobeyed++
	}
}
