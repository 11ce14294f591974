package schema

import "tcpwatch/tracker/record"

// keepaliveFields are what each end asked of a connection at rest, and what came of it.
func keepaliveFields() []Field {
	fields := append(probeFields("orig", "originator", record.Orig), probeFields("resp", "responder", record.Resp)...)
	return append(fields, Field{"keepalive.outcome", Text, "", "`alive`, `dead` or `unknown`", hidden{}, func(w *row) Value { return textOf(w.KeepaliveOutcome.String()) }})
}

// probeFields are the keepalive probes of one end.
func probeFields(name, who string, e record.End) []Field {
	probed := func(get func(k *record.KeepaliveRecord) Value) func(w *row) Value {
		return func(w *row) Value {
			if w.Keepalive[e].Probes == 0 {
				return Value{}
			}
			return get(&w.Keepalive[e])
		}
	}
	p := "keepalive." + name + "."
	none, answers := hidden{}, hidden{by: oneWay} // answers went another way
	return []Field{
		{p + "probes", Count, "packets", "keepalive probes that the " + who + " sent; no field of this group without any", none, probed(func(k *record.KeepaliveRecord) Value { return countOf(k.Probes) })},
		{p + "answered", Count, "packets", "of those, answered", answers, probed(func(k *record.KeepaliveRecord) Value { return countOf(k.Answered) })},
		{p + "unanswered", Count, "packets", "of those, not answered", answers, probed(func(k *record.KeepaliveRecord) Value { return countOf(k.Unanswered) })},
		{p + "idle_s", Seconds, "s", "last exchange to first probe", none, probed(func(k *record.KeepaliveRecord) Value { return optSeconds(k.Idle) })},
		{p + "interval_s", Seconds, "s", "between unanswered probes, or answered ones when all were", none, probed(func(k *record.KeepaliveRecord) Value { return optSeconds(k.Interval) })},
	}
}

// idleFields are how the pauses of a connection ended.
func idleFields() []Field {
	last := func(get func(r *record.IdleRecord) Value) func(w *row) Value {
		return func(w *row) Value {
			if w.Idle.Outcome == record.IdleAnswered {
				return Value{}
			}
			return get(&w.Idle)
		}
	}
	none := hidden{}
	return []Field{
		{"rest.longest_s", Seconds, "s", "longest pause of at least 30 s, with no data in flight, after which the other end answered", none, func(w *row) Value { return optSeconds(w.Idle.Longest) }},
		{"rest.outcome", Text, "", "what followed the last such pause, where no answer did: `unanswered`, `reset` (a RST answered) or `ended` (a RST ended it)", none, func(w *row) Value { return textOf(w.Idle.Outcome.String()) }},
		{"rest.last_s", Seconds, "s", "how long that pause was", none, last(func(r *record.IdleRecord) Value { return secondsOf(r.Gap) })},
		{"rest.by", Text, "", "who ended it", none, last(func(r *record.IdleRecord) Value { return textOf(r.By.String()) })},
		{"rest.packet", Count, "", "by which packet", none, last(func(r *record.IdleRecord) Value { return countOf(r.Packet) })},
		{"rest.tries", Count, "", "how often that end asked for an answer", none, last(func(r *record.IdleRecord) Value { return countOf(r.Tries) })},
	}
}
