package diagnose

import (
	"fmt"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// checkWithin is how long a check may take: what takes longer is an opener that gave up.
const checkWithin = second

// promptAnswer is within which time the SYN/ACK of a half-open check comes: later, the
// opener may have given up before.
const promptAnswer = second / 5

// maxMoments is how many of the first checks of a host at a listener are remembered
// with their times.
const maxMoments = 64

// moments are the earliest times, in order.
type moments []int64

// Items are the times.
func (x *moments) Items() []int64 { return *x }

// Take keeps a time when it is one of the earliest.
func (x *moments) Take(at int64) {
	i, _ := slices.BinarySearch(*x, at)
	if i < maxMoments {
		*x = slices.Insert(*x, i, at)
		*x = (*x)[:min(len(*x), maxMoments)]
	}
}

// pace is the time between one and the next, the median; ok tells that most of them are
// as far apart as that, to a quarter of it.
func (x moments) pace() (ns int64, ok bool) {
	var gaps []int64
	for i := 1; i < len(x); i++ {
		gaps = append(gaps, x[i]-x[i-1])
	}
	if len(gaps) == 0 {
		return 0, false
	}
	sorted := slices.Clone(gaps)
	slices.Sort(sorted)
	ns = sorted[len(sorted)/2]
	even := 0
	for _, g := range gaps {
		if g*4 >= ns*3 && g*4 <= ns*5 {
			even++
		}
	}
	return ns, even*5 >= len(gaps)*4
}

// healthChecks sums up the connections from a host to a listener on which neither sent a byte
// and which the host ended at once.
type healthChecks struct {
	tally
	half  uint64 // before the handshake was complete: SYN, SYN/ACK, RST
	reset uint64 // after it, by a RST
	at    moments
}

// Fields walks over what is summed up.
func (x *healthChecks) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Sum(w, &x.half, &x.reset)
	fold.Items(w, &x.at)
}

// steady tells that they come at a steady pace, as those of a load balancer do.
func (x *healthChecks) steady(least uint64) bool {
	ns, even := x.at.pace()
	return x.n >= least && even && ns >= checkWithin/10
}

// checking is a Fold of checks that knows its suspects.
type checking struct {
	*bySubject[healthChecks, *healthChecks]
	least uint64
}

// checked is how many checks a listener got, or a host made.
type checked struct{ half, reset uint64 }

// Suspects are the listeners that are checked, and the hosts that check.
func (f checking) Suspects(c *Context) {
	for k, x := range f.kept.All() {
		if x.steady(f.least) {
			for _, e := range [...]capture.Endpoint{k.B, {Addr: k.A.Addr}} {
				n := c.suspects.checked[e]
				c.suspects.checked[e] = checked{n.half + x.half, n.reset + x.reset}
			}
		}
	}
}

func healthCheck() Detector {
	return Detector{
		Name: "health-check", Group: GroupOpen, needs: traitFailed | traitReset | traitSilent,
		Doc: `Load balancers or monitors check a server: connections that carry nothing, at a steady pace.

Rule: a client that only wants to know whether a port answers sends a SYN and resets
at the SYN/ACK (a half-open check), or completes the handshake (RFC 9293 section 3.5)
and ends it at once, by FIN or RST, without a byte. Counted for each host and server
where that took less than a second, and a half-open one only where its SYN/ACK came within
200 ms: a client gives up later than that. Told where there are as many as the threshold says
and four of five come as far apart as the others do, to a quarter. Those connections
are in no finding about attempts that were given up or aborted, and in no scan.

It can be mistaken for a client whose connect timeout is far too short and that tries
again at a steady pace.`,
		New: func(o *Options) Fold {
			return checking{newFold(addCheck, nil), o.count("health-check", 5, "checks of a server by one host from which on their pace is looked at")}
		},
	}
}

func addCheck(s *subjects[healthChecks, *healthChecks], r *record.Record) {
	if r.Capture.OneWay || r.Open.SYNs != 1 || r.Open.SYNACKs == 0 || !sentNothing(r, record.Orig) || !sentNothing(r, record.Resp) || r.End-r.Start > checkWithin {
		return
	}
	half := r.Open.Kind == record.OpenAborted && r.Open.Resp.OK && r.Open.Resp.V <= promptAnswer
	reset := r.Open.Kind == record.OpenHandshake && r.Close.ResetBy == record.Orig
	if !half && !reset && (r.Open.Kind != record.OpenHandshake || r.Close.First != record.Orig) {
		return
	}
	x := s.At(towards(r.Orig.Addr, r.Resp))
	x.hitAt(r, r.Evidence.SYNACK)
	x.at.Take(r.Start)
	switch {
	case half:
		x.half++
	case reset:
		x.reset++
	}
}

// Findings tells of each listener that is checked.
func (f checking) Findings(*Context) []Finding {
	type sum struct {
		healthChecks
		hosts       int
		least, most int64
	}
	sums := make(map[capture.Endpoint]*sum)
	for k, x := range f.kept.All() {
		if !x.steady(f.least) {
			continue
		}
		at := sums[k.B]
		if at == nil {
			at = new(sum)
			sums[k.B] = at
		}
		ns, _ := x.at.pace()
		if at.hosts == 0 || ns < at.least {
			at.least = ns
		}
		at.most = max(at.most, ns)
		at.hosts++
		fold.Merge(&at.healthChecks, x)
	}
	var all []Finding
	for e, x := range sums {
		finding := Finding{
			Subject: listener(e), Severity: Info, Confidence: Likely,
			Title: fmt.Sprintf("%s is checked by %s, each every %s: %s that carry nothing", name(e), say.Plural(uint64(x.hosts), "host"), paceWords(x.least, x.most), say.Plural(x.n, "connection")),
			Explanation: fmt.Sprintf("Of them %s half-open (SYN, SYN/ACK, RST), %s complete and reset, %s complete and closed (RFC 9293 section 3.5). "+
				"The steady pace is that of a program, and nobody waits for an answer.", say.Thousands(x.half), say.Thousands(x.reset), say.Thousands(x.n-x.half-x.reset)),
			causes: []Cause{app("health checks of a load balancer or a monitor")},
			Advice: []string{"Nothing, where these hosts are load balancers or monitors. Filter them out to see all others: `tcpwatch --where 'orig.bytes > 0'`."},
		}
		x.into(&finding)
		finding.lack = f.kept.Full() // it is gathered from pairs
		all = append(all, finding)
	}
	return all
}

// paceWords is how far apart checks come: one span, or the least and the most of several.
func paceWords(least, most int64) string {
	if most*10 <= least*11 {
		return span(roundTo(most, 100*millisecond))
	}
	return span(roundTo(least, 100*millisecond)) + " to " + span(roundTo(most, 100*millisecond))
}

// roundTo rounds to a multiple of a step, but never to none.
func roundTo(ns, step int64) int64 { return max((ns+step/2)/step*step, min(ns, step)) }
