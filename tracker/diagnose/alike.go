package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// deaths are when the connections of a subject were reset, to see what these moments have
// in common.
type deaths struct {
	n     uint64             // of which it is known
	began fold.Range[int64]  // when they began
	at    fold.Range[int64]  // when the RST came
	age   fold.Range[int64]  // how old they were then
	quiet int64              // the longest that the RST's sender had been quiet before
	asked fold.Range[uint32] // how many requests had been answered
}

// take takes in a connection.
func (x *deaths) take(r *record.Record) {
	at := r.Close.ResetTime
	if !at.OK || r.Start == 0 || r.Capture.Midstream {
		return
	}
	x.n++
	x.began.Take(r.Start)
	x.at.Take(at.V)
	x.age.Take(at.V - r.Start)
	x.quiet = max(x.quiet, r.Close.ResetQuiet)
	x.asked.Take(r.Exchanges.N)
}

// Fields walks over what is summed up.
func (x *deaths) Fields(w *fold.Walk) {
	fold.Sum(w, &x.n)
	x.began.Fields(w)
	x.at.Fields(w)
	x.age.Fields(w)
	fold.Max(w, &x.quiet)
	x.asked.Fields(w)
}

const (
	// deathsLeast is how many must have something in common.
	deathsLeast = 3
	// oneMoment is within what time an end that goes down resets all it holds, and
	// momentShare the part of the time in which they began that this may be, in per cent.
	oneMoment   = second
	momentShare = 10
	// ageLeast is from how long on a life may be limited, ageSpread how far apart, in per cent
	// or at least ageSlack, the ages of one limit may be.
	ageLeast  = 500 * millisecond
	ageSpread = 3
	ageSlack  = 30 * millisecond
	// askedLeast is how many requests each must have made: one that does its one piece of
	// work and is ended has the age that this takes.
	askedLeast = 3
)

// atOnce tells that connections that began one after the other were reset at one moment.
func (x *deaths) atOnce() bool {
	spread, began := x.at.Most-x.at.Least, x.began.Most-x.began.Least
	return x.n >= deathsLeast && spread <= oneMoment && began > 0 && spread*100 <= began*momentShare
}

// oneAge tells that they were reset at one age, one after the other, and that their end
// was busy: no limit of idle connections looks so.
func (x *deaths) oneAge() bool {
	spread := x.age.Most - x.age.Least
	return x.n >= deathsLeast && x.age.Least >= ageLeast && x.asked.Least >= askedLeast && (spread*100 <= x.age.Most*ageSpread || spread <= ageSlack) &&
		x.at.Most-x.at.Least > 4*spread && x.quiet*2 < x.age.Least
}

// into tells in a finding of RSTs what they have in common, and whether that names the cause.
func (x *deaths) into(f *Finding, who string) bool {
	switch {
	case x.atOnce():
		f.Title += fmt.Sprintf(": all within %s", span(max(x.at.Most-x.at.Least, millisecond)))
		f.Explanation += fmt.Sprintf(" They were %s to %s old and ended within %s: what they have in common is the moment.", span(x.age.Least), span(x.age.Most), span(max(x.at.Most-x.at.Least, millisecond)))
		f.lead(onHost(fmt.Sprintf("%s went down at that moment: it restarted, crashed, failed over or was deployed", who)), "they began one after the other and ended at one moment")
		f.Advice = append([]string{fmt.Sprintf("Look what happened to %s then: its log, restarts and deployments, the load balancer's events.", who)}, f.Advice...)
	case x.oneAge():
		age := span(roughly(x.age.Least))
		f.Title += fmt.Sprintf(": each at an age of %s", age)
		f.Explanation += fmt.Sprintf(" All were %s to %s old then, at different moments, and had been busy until at most %s before: it is no limit of idle connections.",
			span(x.age.Least), span(x.age.Most), span(max(x.quiet, millisecond)))
		cause := hostOrPath(fmt.Sprintf("%s, or a proxy or firewall before it, ends each connection after %s, busy or not (a longest duration)", who, age))
		if x.asked.Least == x.asked.Most {
			f.Confidence = Possible
			f.Title += " and after " + say.Plural(uint64(x.asked.Least), "request")
			cause = hostOrPath(fmt.Sprintf("a limit of %s, or of %s, on each connection, at %s or before it", say.Plural(uint64(x.asked.Least), "request"), age, who))
		}
		f.lead(cause, "all were of one age when they ended, and busy")
		f.Advice = append([]string{fmt.Sprintf("Look for a limit of %s: Envoy's max_connection_duration and route timeout, HAProxy's timeouts, nginx's keepalive_time, a gateway's limit of a session.", age)}, f.Advice...)
	default:
		return false
	}
	return true
}
