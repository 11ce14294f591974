package schema

import "tcpwatch/tracker/record"

// keepaliveFields are what each end asked of a connection at rest, and what came of it.
func keepaliveFields() []Field {
	fields := append(probeFields("orig", "originator", record.Orig), probeFields("resp", "responder", record.Resp)...)
	return append(fields, Field{"keepalive.outcome", Text, "", "`alive`, `dead` or `unknown`", hidden{}, wordOf(record.NKeepaliveOutcomes, record.KeepaliveNone, func(r *record.Record) *record.KeepaliveOutcome { return &r.KeepaliveOutcome })})
}

// probeFields are the keepalive probes of one end.
func probeFields(name, who string, e record.End) []Field {
	p := "keepalive." + name + "."
	probed, answers := hidden{without: probesOf(e)}, hidden{by: oneWay, without: probesOf(e)} // answers went another way
	fields := []Field{
		{p + "probes", Count, "packets", "keepalive probes that the " + who + " sent; no field of this group without any", probed, at(func(r *record.Record) any { return &r.Keepalive[e].Probes })},
		{p + "answered", Count, "packets", "of those, answered", answers, at(func(r *record.Record) any { return &r.Keepalive[e].Answered })},
		{p + "unanswered", Count, "packets", "of those, not answered", answers, at(func(r *record.Record) any { return &r.Keepalive[e].Unanswered })},
		{p + "idle_s", Seconds, "s", "last exchange to first probe", probed, at(func(r *record.Record) any { return &r.Keepalive[e].Idle })},
		{p + "interval_s", Seconds, "s", "between unanswered probes, or answered ones when all were", probed, at(func(r *record.Record) any { return &r.Keepalive[e].Interval })},
	}
	return append(fields, probeDetails(p, e)...)
}

// idleFields are how the pauses of a connection ended.
func idleFields() []Field {
	none, last := hidden{}, hidden{without: lastRest}
	fields := []Field{
		{"rest.longest_s", Seconds, "s", "longest pause of at least 30 s, with no data in flight, after which the other end answered", none, at(func(r *record.Record) any { return &r.Idle.Longest })},
		{"rest.longest_packet", Count, "", "packet of that answer", hidden{without: longRest}, packetAt(func(r *record.Record) any { return &r.Idle.Answered })},
		{"rest.outcome", Text, "", "what followed the last such pause, where no answer did: `unanswered`, `reset` (a RST answered) or `ended` (a RST ended it)", none, wordOf(record.NIdleOutcomes, record.IdleAnswered, func(r *record.Record) *record.IdleOutcome { return &r.Idle.Outcome })},
		{"rest.last_s", Seconds, "s", "how long that pause was", last, at(func(r *record.Record) any { return &r.Idle.Gap })},
		{"rest.by", Text, "", "who ended it", last, wordOf(record.NEnds, record.Orig, func(r *record.Record) *record.End { return &r.Idle.By })},
		{"rest.packet", Count, "", "by which packet", last, packetAt(func(r *record.Record) any { return &r.Idle.Packet })},
		{"rest.tries", Count, "", "how often that end asked for an answer", last, at(func(r *record.Record) any { return &r.Idle.Tries })},
	}
	return append(fields, idleDetails()...)
}
