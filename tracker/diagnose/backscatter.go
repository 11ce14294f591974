package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// echoes sums up answers of a host to SYNs that were never captured.
type echoes struct {
	tally
	to              fold.Distinct
	synAcks, resets uint64
}

// Fields walks over what is summed up.
func (x *echoes) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	x.to.Fields(w)
	fold.Sum(w, &x.synAcks, &x.resets)
}

func backscatter() Detector {
	return Detector{
		Name: "backscatter", Group: GroupAttack, needs: traitSilent,
		Doc: `A host answers SYNs that nobody here sent: someone floods it with forged addresses.

Rule: SYN/ACKs and RSTs that come to many different addresses, each alone, with no
SYN before them and nothing after, are a flooded host's answers to forged senders
(Moore et al., Inferring Internet Denial-of-Service Activity, 2001; RFC 4987 section 2).

It can be mistaken for a capture of one direction only: there data follows the
SYN/ACKs, and such a host is not counted.`,
		New: func(o *Options) Fold {
			return newEndFold(addEchoes, atLeast{o.count("backscatter", 20, "different addresses that got such an answer from one host")}.tellEchoes)
		},
	}
}

func addEchoes(s *subjects[echoes, *echoes], r *record.Record, e record.End) {
	from := &r.Ends[e]
	if from.Packets == 0 || r.Ends[e.Peer()].Packets > 0 || from.SeenBytes > 0 || r.Open.SYNs > 0 {
		return
	}
	synAcks, rsts := uint64(0), uint64(r.Close.RSTs[e])
	if e == record.Resp {
		synAcks = uint64(r.Open.SYNACKs)
	}
	if synAcks+rsts != from.Packets {
		return
	}
	ends := [2]Subject{host(r.Orig.Addr), host(r.Resp.Addr)}
	x := s.At(ends[e])
	x.hitAt(r, r.FirstPacket)
	x.to.Add(ends[e.Peer()].Hash())
	if synAcks > 0 {
		x.synAcks++
	} else {
		x.resets++
	}
}

func (l atLeast) tellEchoes(_ *Context, s Subject, x *echoes) (Finding, bool) {
	return Finding{
		Severity: Notice, Confidence: Likely,
		Title: fmt.Sprintf("%s answers %s that never asked: it is flooded with forged addresses", s.A.Addr, about(&x.to, "host")),
		Explanation: fmt.Sprintf("%s lone SYN/ACKs and %s lone RSTs came without a SYN (RFC 4987 section 2: answers to forged senders).",
			say.Thousands(x.synAcks), say.Thousands(x.resets)),
		causes: []Cause{onHost("a SYN flood with forged addresses hits that host"), inCapture("the capture misses what these addresses send")},
		Advice: []string{"Nothing is wrong with the addresses here; tell whoever runs that host."},
	}, x.to.Count() >= l.least
}
