package diagnose

import (
	"fmt"
	"strconv"
	"strings"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// slowness says whose half of a slow handshake took the time.
type slowness uint8

const (
	slowListener slowness = iota
	slowPath
	slowOpener
	slowUnknown
	nSlow
)

// slow sums up slow handshakes of a listener in which nothing was sent again.
type slow struct {
	delays
	by   [nSlow]uint64
	rtt  int64   // the shortest round trip later measured on those; 0 for none
	from sources // their clients
	near uint64  // of those to a slow listener, such as stoodBefore
	gave int64   // of those, the quickest first answer

	narrow    uint64            // those to an end whose MSS is so small that a slow line is behind it
	adjacent  uint64            // those whose server's half was slow, and who answers in its name is no hop away
	waitedACK uint64            // those in which the client's half was the slow one
	besideACK uint64            // of those, captured right beside the client
	asRepeat  uint64            // of those to a slow listener, whose SYN/ACK came when one that is sent again would
	repeat    fold.Range[int64] // of those, after which initial timeout
}

// Fields walks over what is summed up.
func (x *slow) Fields(w *fold.Walk) {
	x.delays.Fields(w)
	fold.Sums(w, x.by[:])
	fold.Least(w, &x.rtt, &x.gave)
	fold.Sum(w, &x.near, &x.narrow, &x.adjacent, &x.waitedACK, &x.besideACK, &x.asRepeat)
	x.repeat.Fields(w)
	x.from.Fields(w)
}

type slowLimits struct {
	half int64
	few  uint64
}

func slowHandshake() Detector {
	return Detector{
		Name: "slow-handshake", Group: GroupHandshake,
		Doc: `A handshake was slow though nothing was sent again: the server, the path or the client.

Rule: SYN to SYN/ACK is the server's half, SYN/ACK to ACK the client's half, as
the capture point sees them. Each holds a round trip to that side and the time of the host
there. Round trips measured later on the same connection (RFC 6298 section 3 and
Karn's rule) tell them apart: where the half is at least three times their median
the host was slow, else the path is long. A capture point that is next to an end
needs no such measure for it. Where no data was timed the ACK of a FIN is. Without either the culprit is not known, and the shorter of the client's
quickest handshake and the quickest round trip later is how long the path is at most.
A kernel answers a SYN in microseconds: a slow server is a host that was busy,
asleep, or a proxy that first connects to its backend. SYNs sent again are the
finding syn-lost.`,
		New: func(o *Options) Fold {
			l := slowLimits{half: o.span("slow-handshake", 500*millisecond, "half of a handshake from which on it is slow"),
				few: o.count("slow-handshake-few", 5, "slow handshakes to one server from which on it is a warning and no notice")}
			return newFold(l.add, l.tell)
		},
	}
}

func (l slowLimits) add(s *subjects[slow, *slow], r *record.Record) {
	if !(r.Open.Resp.OK && r.Open.Resp.V >= l.half || r.Open.Orig.OK && r.Open.Orig.V >= l.half) || r.Open.NSYNsAgain > 0 || r.Open.NSYNACKsAgain > 0 {
		return
	}
	x := s.At(listener(r.Resp))
	by, rtt, lost := l.whose(r)
	x.by[by]++
	fold.TakeLeast(&x.rtt, max(rtt, 0))
	x.from.add(r.Orig.Addr)
	if by == slowListener && stoodBefore(r) {
		x.near++
		fold.TakeLeast(&x.gave, r.Exchanges.First)
	}
	if timeout := sentAgainUnseen(r); by == slowListener && timeout > 0 {
		x.asRepeat++
		x.repeat.Take(timeout)
	}
	if r.Open.Resp.OK && r.Open.Resp.V >= l.half && standsIn(r) {
		x.adjacent++
	}
	if m := r.Ends[record.Resp].MSS; m.OK && m.V < leastMSS {
		x.narrow++
	}
	late := r.Evidence.SYNACK
	if !r.Open.Resp.OK || r.Open.Resp.V < l.half {
		late = r.Evidence.ThirdACK
		x.waitedACK++
		if r.Capture.Tap == record.TapOrig {
			x.besideACK++
		}
	}
	x.lost(r, late, lost)
}

// stoodBefore tells that data was acknowledged at once, while the SYN/ACK and the first answer to
// data both took long, about the same: who acknowledges is not who answers.
func stoodBefore(r *record.Record) bool {
	x, t := &r.Exchanges, &r.Ends[record.Orig].RTT
	if t.N == 0 || t.Source == record.RTTHandshake || x.Timed == 0 || x.Repeated > 0 || 10*t.P50 > r.Open.Resp.V {
		return false
	}
	return 4*x.First >= 3*r.Open.Resp.V && 2*x.First <= 3*r.Open.Resp.V
}

// sentAgainUnseen is the initial timeout after which a SYN/ACK may have been sent again, its first copy lost before
// the capture point; 0 where it came at another time, or nothing can be lost before that point. It is 1 s (RFC 6298 section 2), on
// Cisco IOS 2 s, on old systems 3 s (RFC 1122 section 4.2.3.1); timers run late by some per cent.
func sentAgainUnseen(r *record.Record) int64 {
	t := &r.Ends[record.Orig].RTT
	if r.Capture.Tap == record.TapResp || !r.Open.Resp.OK || t.N == 0 || t.Source == record.RTTHandshake {
		return 0
	}
	for _, timeout := range [...]int64{second, 2 * second, 3 * second} {
		if late := r.Open.Resp.V - t.P50 - timeout; late >= -10*millisecond && late <= timeout/50 {
			return timeout
		}
	}
	return 0
}

// lostOften is how many handshakes must have gone for each in which a SYN/ACK may have been lost, where it is several:
// a loss takes one here and there.
const lostOften = 10

// standsIn tells that what answers in a server's name is no hop away: its packets still have a TTL that
// systems begin with, and the client has a private address (RFC 1918), the server a public one. Something on the client's own link has ended its TCP.
func standsIn(r *record.Record) bool {
	ttl := r.Ends[record.Resp].OwnTTL()
	server := r.Resp.Addr.Netip()
	return ttl.OK && hops(ttl.V) == 0 && r.Orig.Addr.Netip().IsPrivate() && server.IsGlobalUnicast() && !server.IsPrivate() && r.Capture.Tap != record.TapResp
}

// finTrip is how long the FIN of an end took to be acknowledged, where it was sent once; 0 for unknown.
func finTrip(r *record.Record, e record.End) int64 {
	at, acked := r.Close.FINTime[e], r.Close.FINAcked[e]
	if !at.OK || !acked.OK || r.Close.FINs[e] != 1 {
		return 0
	}
	return max(acked.V-at.V, 0)
}

// pathSamples is how many later round trips show that the path is long: one may have waited
// in a queue, or span what the capture missed.
const pathSamples = 3

// whose tells which side made the handshake slow, with a later round trip
// to that side (0 for none) and how long its half took.
func (l slowLimits) whose(r *record.Record) (by slowness, rtt, half int64) {
	side, host, tap := record.Orig, slowListener, record.TapResp
	half = r.Open.Resp.V
	if !r.Open.Resp.OK || half < l.half {
		side, host, tap = record.Resp, slowOpener, record.TapOrig
		half = r.Open.Orig.V
	}
	if r.Capture.Tap == tap {
		return host, 0, half
	}
	t := &r.Ends[side].RTT
	switch {
	case t.N == 0 || t.Source == record.RTTHandshake:
		return slowUnknown, finTrip(r, side), half
	case half >= 3*t.P50:
		return host, t.Min, half
	case t.N < pathSamples, withinLoopback(r):
		return slowUnknown, t.Min, half
	}
	return slowPath, t.Min, half
}

// whoseFault tells who made them wait, and by what that is known.
func (x *slow) whoseFault() string {
	var parts []string
	for i, who := range [...]string{"the server caused the wait", "the path is that long", "the wait was at the client, or in what captures or forwards beside it", "too little was measured later to tell who caused the wait"} {
		switch n := x.by[i]; {
		case n == 0:
		case n == x.n:
			parts = append(parts, who)
		default:
			parts = append(parts, fmt.Sprintf("in %s %s", say.Thousands(n), who))
		}
	}
	text := sentence(strings.Join(parts, ", "))
	if x.rtt > 0 {
		text += fmt.Sprintf(": later round trips took %s at least", span(x.rtt))
	}
	return text + " (RFC 6298 section 3)."
}

func (l slowLimits) tell(c *Context, s Subject, x *slow) (Finding, bool) {
	most := slowListener
	for i := range x.by {
		if x.by[i] > x.by[most] {
			most = slowness(i)
		}
	}
	f := Finding{Severity: effect{felt: x.n >= l.few, minor: most == slowPath}.severity(), Confidence: Likely,
		Explanation: x.whoseFault(),
	}
	what := c.handshakes(s.A, x.n, outOf)
	switch most {
	case slowListener:
		f.Title = fmt.Sprintf("%s was slow to answer the SYN in %s: %s", name(s.A), what, latest(x.n, x.longest))
		f.causes = []Cause{onHost("the host is overloaded, or sleeps to save power"), hostOrPath("a proxy or firewall answers only after it reached its backend")}
		f.Advice = []string{fmt.Sprintf("On %s: `vmstat 1 5` and `cat /proc/pressure/cpu` show whether it is short of processor time.", s.A.Addr)}
		switch {
		case x.near > 0 && x.near == x.by[slowListener]:
			f.Explanation = fmt.Sprintf("Data was acknowledged within %s, but its first answer took %s, about as long as the SYN/ACK: what acknowledges here stands before the server that answers, which is far or slow.", span(x.rtt), span(x.gave))
			f.causes = []Cause{onPath("a proxy, NAT or firewall nearby acknowledges in the server's name, and its own way to the server is that long"), onHost("the host is overloaded, or sleeps to save power")}
			f.Advice = []string{"Find what stands between: `traceroute -T -p " + strconv.Itoa(int(s.A.Port)) + " " + s.A.Addr.String() + "`. Capture behind it too: the server's half of the handshake shows there."}
		case x.adjacent == x.n:
			x.intoStandIn(&f, s, what)
		case x.asRepeat == x.n && (x.n == 1 || x.n*lostOften <= c.opened(s.A)):
			x.intoRepeat(&f, s, what)
		case c.proxied(&x.from):
			f.Explanation = fmt.Sprintf("Data was acknowledged within %s. So it is on nearly all connections of this client, %s.", span(x.rtt), besideClient)
			f.slowProxy()
		}
	case slowPath:
		f.Title = fmt.Sprintf("the path to %s is long: %s slow, and later round trips took %s or more", name(s.A), what, span(x.rtt))
		f.causes = []Cause{onPath("distance, a satellite link, or a slow radio or serial line"), onPath("queues on the path (bufferbloat)")}
		f.Advice = []string{"Use connections again instead of opening new ones; a server nearer to the client helps."}
		if x.narrow == x.n {
			f.causes = []Cause{onPath("distance or a satellite link"), onPath("queues on the path (bufferbloat)")}
			f.lead(onPath("a slow radio or serial line to it (GPRS, a modem), as remote stations have"), "its MSS is below 536, as such lines have it")
			f.Advice = []string{"Keep the connection open instead of opening new ones, and set the timeouts of what asks it to such round trips."}
		}
	case slowOpener:
		f.Title = fmt.Sprintf("the ACK of the SYN/ACK came late in %s to %s: %s", what, name(s.A), latest(x.n, x.longest))
		f.causes = []Cause{onHost("the client's host is overloaded, or sleeps to save power")}
		if x.besideACK < x.n {
			f.causes = append(f.causes, onPath("its radio link had to wake up"))
		}
		f.causes = append(f.causes, inCapture("what captures, or forwards (a VPN app), stood still and then read what had waited"))
		f.Advice = []string{"On the client: `vmstat 1 5` shows whether it is short of processor time.",
			"Look whether a packet of any connection passed meanwhile: where none did and many came at once afterwards, the capture point or its host stood still."}
	default:
		f.Confidence = Possible
		if x.adjacent == x.n {
			x.intoStandIn(&f, s, what)
			break
		}
		quick, by := c.quickest(s.A, &x.from), "The same client's quickest handshake with it took"
		than := "the quickest"
		if x.rtt > 0 && (quick == 0 || x.rtt < quick) {
			quick, by, than = x.rtt, "The quickest round trip on them took", "a later round trip"
		}
		if quick > 0 && x.longest >= 2*quick {
			f.Title = fmt.Sprintf("%s to %s took long: %s %s; %s took %s", what, name(s.A), latest(x.n, x.longest), x.half(), than, span(quick))
			f.Explanation += fmt.Sprintf(" %s %s: the path is no longer than that.", by, span(quick))
			f.causes = []Cause{onPath("a queue on the path was full of other data at the time (bufferbloat)"), app("the server, or a proxy before it, was slow to answer"), onPath("a SYN or SYN/ACK was lost and sent again, unseen by the capture")}
			f.Advice = []string{fmt.Sprintf("Capture on %s: a SYN that is answered there at once was held up on the path.", s.A.Addr)}
			if c.Conns > 1 || c.Chosen { // else nothing else is in it
				f.Advice = append([]string{"Look at what else was sent on that path then: `tcpwatch FILE --report timeline`."}, f.Advice...)
			}
			break
		}
		f.Title = fmt.Sprintf("%s to %s took long: %s %s", what, name(s.A), latest(x.n, x.longest), x.half())
		f.causes = []Cause{onPath("the path is long"), onHost("the host at the slow side is overloaded"), onPath("a SYN, a SYN/ACK or its ACK was lost and sent again, unseen by the capture")}
		if 2*x.rtt > x.longest {
			f.Explanation = fmt.Sprintf("Round trips were measured later: the quickest of them took %s, about as long (RFC 6298 section 3).", span(x.rtt))
			f.causes = f.causes[1:]
			f.lead(onPath("the path is long"), "a later round trip took about as long")
		}
		far := s.A.Addr.String()
		if x.waitedACK == x.n { // the wait was for the client
			far = x.from.known[0].Addr.String()
		}
		f.Advice = []string{fmt.Sprintf("`ping -c 3 %s`, from the capture point or the other end, shows the path's own round trip.", far)}
	}
	return f, true
}

// half names the half of the handshake that took long.
func (x *slow) half() string {
	switch x.waitedACK {
	case 0:
		return "from SYN to SYN/ACK"
	case x.n:
		return "from SYN/ACK to ACK"
	}
	return "from SYN to SYN/ACK, or from there to the ACK"
}

// noHopAway tells of handshakes such as standsIn.
const noHopAway = "What answers in the server's name is no hop away, as its TTL shows, though the server's address is a public one and the client's a private one (RFC 1918): a NAT or proxy beside the client, as of a virtual machine, answers once its own connection to the server is open."

// intoStandIn tells that what answers stands beside the client: how long the server took is not seen here.
func (x *slow) intoStandIn(f *Finding, s Subject, what string) {
	f.Title = fmt.Sprintf("the SYN/ACK of %s came late in %s: %s after the SYN", name(s.A), what, latest(x.n, x.longest))
	f.Explanation = noHopAway
	f.slowProxy()
}

// intoRepeat tells that SYN/ACKs came when those that are sent again would.
func (x *slow) intoRepeat(f *Finding, s Subject, what string) {
	f.Confidence = Possible
	f.Title = fmt.Sprintf("the SYN/ACK of %s came late in %s: %s after the SYN", name(s.A), what, latest(x.n, x.longest))
	f.Explanation = fmt.Sprintf("Later round trips took %s at least. It came when one that is sent again would, after %s: systems repeat a SYN/ACK after 1 s at first (RFC 6298 section 2), Cisco IOS after 2 s, old ones after 3 s (RFC 1122 section 4.2.3.1). A first one that was lost before the capture point is not seen here.",
		span(x.rtt), rangeOf(x.repeat))
	f.lead(onPath("the first SYN/ACK was lost between the server and the capture point, and this is its repeat"), "it came when a repeat would")
	f.Advice = append([]string{fmt.Sprintf("Capture on %s: does a SYN/ACK leave there at once?", s.A.Addr)}, f.Advice...)
}
