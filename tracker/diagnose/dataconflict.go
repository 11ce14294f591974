package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// twoVersions sums up data that came in two versions under the same sequence numbers.
type twoVersions struct {
	tally
	segments uint64
	own      uint64    // of those, from the same sender, by TTL and IP identification
	strange  uint64    // that something else sent in its name, by TTL and timestamps
	ids      explained // connections with such
	others   uint64    // connections that sent data again, all of it with the same bytes
	partly   uint64    // connections of which packets are missing, or that began before the capture
}

// Fields walks over what is summed up.
func (x *twoVersions) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Sum(w, &x.segments, &x.own, &x.strange, &x.others, &x.partly)
	fold.Packets(w, &x.ids)
}

func dataConflict() Detector {
	return Detector{
		Name: "data-conflict", Group: GroupTransfer, needs: traitRepeated,
		Doc: `Different bytes were sent under the same sequence numbers.

Rule: what TCP sends again is what it sent before (RFC 9293 section 3.8.1): the receiver
keeps what comes first, and never sees the rest. Counted are segments whose first 8 bytes are not
those of an earlier segment with the same sequence number, as long as that is remembered
(in flight, or one of the last 64 acknowledged), both with a right TCP checksum. A segment
that was spoiled on its way is none of them: its checksum is that of what is sent again.
Data that came another way than all else of its end, by two hops or more, and lacks the timestamps
that both ends agreed on (RFC 7323 section 3.2), something else sent, whatever its bytes. Other bytes with that end's own
TTL and the next IP identifications its sender wrote anew, or sent as new data without counting what it had sent: a proxy, a user-mode TCP.
It can be mistaken for files that were joined or edited: they hold two connections
with the same numbers.`,
		New: func(o *Options) Fold {
			return newEndFold(atLeast{o.count("data-conflict", 1, "segments of one connection with other bytes than before, from which on it counts")}.addConflict, tellConflict)
		},
	}
}

func (l atLeast) addConflict(s *subjects[twoVersions, *twoVersions], r *record.Record, e record.End) {
	x := &r.Ends[e]
	if x.Strange > 0 {
		v := s.At(sideOf(r, e))
		v.strange += uint64(x.Strange)
		v.ids.Take(r.ID)
		if uint64(x.Conflicts) < l.least {
			v.hitAt(r, r.Evidence.Ends[e].Strange)
			return
		}
	}
	if uint64(x.Conflicts) < l.least {
		if x.Retx > 0 {
			s.Well(sideOf(r, e)).others++
		}
		return
	}
	v := s.At(sideOf(r, e))
	y := &r.Evidence.Ends[e]
	since, until := r.Start, r.End
	if y.RepeatTime > 0 { // what conflicts is a repeat
		since = y.RepeatTime
		if x.Conflicts == 1 && y.Conflict == y.Repeat {
			until = since
		}
	}
	v.hit(r, y.Conflict, since, until)
	v.segments += uint64(x.Conflicts)
	v.own += uint64(x.ConflictsOwn)
	if r.Capture.Midstream || r.Capture.MissingBytes > 0 {
		v.partly++
	}
}

// intoStrange tells of data that something else sent, and that what came of it has no other cause.
func (x *twoVersions) intoStrange(f *Finding, s Subject) {
	const how = "came another way (a TTL two hops or more apart) and without the timestamps that all else of that end has (RFC 7323 section 3.2): something else sent it in that end's name. The receiver takes what comes first: the end's own data under the same numbers it throws away."
	f.Confidence = max(f.Confidence, Likely)
	f.explains = x.ids
	if x.segments == 0 {
		f.Title = fmt.Sprintf("data in the name of %s came from somewhere else: %s, on %s", s.who(), say.Plural(x.strange, "segment"), say.Plural(x.n, "connection"))
		f.Explanation = "It " + how
	} else {
		f.Explanation += fmt.Sprintf(" Of the data, %s %s", say.Plural(x.strange, "segment"), how)
	}
	f.causes = f.causes[:1]
	f.Advice = []string{f.Advice[1], "Look for a filter, captive portal or inspection device on the path; where there is none, it is an attack on that connection: encrypt it (TLS)."}
}

func tellConflict(_ *Context, s Subject, x *twoVersions) (Finding, bool) {
	f := Finding{
		Severity: effect{felt: x.strange > 0}.severity(), Confidence: Possible,
		Title:       fmt.Sprintf("other bytes under sequence numbers that %s had used before: %s, on %s", s.who(), say.Plural(x.segments, "segment"), say.Plural(x.n, "connection")),
		Explanation: "Both have a right TCP checksum, so neither was spoiled on its way (the first 8 bytes are compared). The receiver takes what comes first and never sees the other (RFC 9293 section 3.8.1).",
		causes: []Cause{onPath("something on the path sends data in that end's name (a filter, a captive portal, an attack), and the end's own answer comes later"),
			app("a proxy or the end itself writes data anew before it sends it again"),
			hostReplaced("two hosts answer under one address"),
			inCapture("the capture was joined from several, edited, or made by a program")},
		Advice: []string{"Compare TTL, IP-ID and timestamps of both packets with that end's others: another TTL shows another sender.",
			"Capture at that end too: what is missing there it did not send."},
	}
	if x.own > 0 && x.own == x.segments && x.strange == 0 {
		f.Confidence = Likely
		f.Explanation += " They have that end's own TTL, and their IP identifications go on from its others: the same sender sent them."
		f.causes = append(f.causes[1:2:2], app("its TCP loses count (of a proxy, a VPN app, a small device): it sends new data under numbers that it has used, of which the receiver misses the beginning"))
		f.Advice = []string{"Look for what stands for that end and has a TCP of its own (a proxy, a VPN app): its log, and a capture behind it.",
			"Compare the payload of both: another message of the protocol is new data, the same one in other words was written anew."}
	}
	if x.strange > 0 {
		x.intoStrange(&f, s)
	}
	if x.others > 0 && x.segments > 0 {
		f.Explanation += fmt.Sprintf(" On %s it sent data again with the same bytes.", say.Plural(x.others, "other connection"))
	}
	if x.partly == x.n {
		f.Severity = min(f.Severity, Info) // packets are missing: it may be two connections
	}
	return f, x.n > 0
}
