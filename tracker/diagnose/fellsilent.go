package diagnose

import (
	"cmp"
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// stuck sums up connections whose one end answers no more.
type stuck struct {
	tally
	began fold.Range[int64] // when what is repeated was sent first
	times uint32            // the most repeats on one connection
	never uint64            // connections on which the silent end sent nothing but its part of the handshake
	from  sources           // the other ends of all
	since int64             // when the last of those on which it sent nothing but that began; 0 for none
	least uint32            // of those, the smallest payload that was repeated
	long  uint64            // of those, connections whose sender sent more than a packet that any path takes can hold
	over  uint64            // of those, connections on which the sender stopped too
	last  int64             // the last packet of any of these
	older uint64            // connections that were under way when the capture began, without a packet of the silent end
	ids   explained         // of all
}

// Fields walks over what is summed up.
func (x *stuck) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	x.began.Fields(w)
	fold.Max(w, &x.times)
	fold.Max(w, &x.since, &x.last)
	fold.Sum(w, &x.never, &x.long, &x.over, &x.older)
	fold.Packets(w, &x.ids)
	fold.Least(w, &x.least)
	x.from.Fields(w)
}

// neverHeard tells that an end sent nothing but its part of the handshake.
func neverHeard(r *record.Record, e record.End) bool { return onlyOpened(r, e, 0) }

// onlyOpened tells that an end sent its part of the handshake and no more than so many segments besides.
func onlyOpened(r *record.Record, e record.End, more uint64) bool {
	opening := uint64(r.Open.SYNACKs + r.Open.SYNACKCopies)
	if e == record.Orig {
		opening = uint64(r.Open.SYNs+r.Open.SYNCopies) + 1 // the final ACK
	}
	return r.Open.Kind == record.OpenHandshake && r.Ends[e].Packets <= opening+more && r.Ends[e].SeenBytes == 0
}

// fitsAnyPath tells that all data of an end fits into one packet that any path takes: of 576 bytes, which every host
// takes (RFC 791 section 3.1), of IPv6 of 1,280 (RFC 8200 section 5), with all headers.
func fitsAnyPath(r *record.Record, e record.End) bool {
	const headers, headers6 = 20 + 60, 40 + 60
	if r.Orig.Addr.Is4() {
		return r.Ends[e].SeenBytes <= 576-headers
	}
	return r.Ends[e].SeenBytes <= 1280-headers6
}

// stuckLeast is how long data must have been repeated into silence: a hiccup of the way is shorter.
const stuckLeast = second

// stuckTowards tells that data of an end's peer is repeated into silence when the input
// ends, and that it is too soon for the connection to have died of that.
func stuckTowards(r *record.Record, e record.End) bool {
	p, s := &r.Path[e.Peer()], &r.Path[e.Peer()].Stuck
	if !r.Unfinished || r.Capture.OneWay && !neverAnswers(r, e) || r.Close.Kind != record.CloseOpen || p.UnackedTimes <= triesToFail || s.Heard || s.Shrunk > 0 {
		return false
	}
	return (r.Ends[e].Packets > 0 || neverAnswers(r, e)) && lasted(r, p.Unacked) >= stuckLeast && !diedAtRest(r) && !unheardAfterSYN(r) && !thrownAway(r)
}

// Stuck reports whether data of an end was repeated into silence when the input ended, too soon
// for the connection to have died of that.
func Stuck(r *record.Record) bool {
	return stuckTowards(r, record.Orig) || stuckTowards(r, record.Resp)
}

// neverAnswers tells that a connection was under way when the capture began, that nothing of
// one end came since, and that the other end still gets no ACK: it repeats the same data, and
// sends nothing new. A capture that misses one direction would see it go on. A single byte may
// be a probe of a closed window or a keepalive probe, which repeat although they are answered.
func neverAnswers(r *record.Record, e record.End) bool {
	x, p := &r.Ends[e.Peer()], &r.Path[e.Peer()]
	return r.Open.Kind == record.OpenMidstream && r.Ends[e].Packets == 0 && p.UnackedTimes > triesToFail && x.SeenBytes > 1 &&
		x.WireBytes == x.SeenBytes*uint64(p.UnackedTimes)
}

// Unheard tells that an end sent nothing but its part of the handshake, and a FIN at most, while
// the other end repeated data that nobody ever acknowledged.
func Unheard(r *record.Record, e record.End) bool {
	p := &r.Path[e.Peer()]
	return p.NoneTaken && p.UnackedTimes > triesToFail && onlyOpened(r, e, uint64(r.Close.FINs[e])) && !r.Capture.OneWay && !diedAtRest(r) && !unheardAfterSYN(r) && !thrownAway(r)
}

// gotNoData tells that so it went until a timeout ended it: of the sender, or of the other end,
// whose FIN then came.
func gotNoData(r *record.Record, e record.End) bool {
	return (r.Close.Kind == record.CloseTimedOut || r.Close.FINs[e] > 0 && r.Close.Kind != record.CloseNormal) && Unheard(r, e)
}

func fellSilent() Detector {
	return Detector{
		Name: "fell-silent", Group: GroupClose, needs: traitStuck, onACKs: true,
		Doc: `Open connections get no answer any more while the input ends: what else goes on shows why.

Rule: data was repeated three times or more into silence, for a second or more, when the
input ends (RFC 6298 section 5.5; Linux goes on for tcp_retries2, about 15 minutes).
An end that sent nothing but its part of the handshake, up to the sender's timeout or until the input ends, gets
nothing that carries data: its length, its content or its sender keep it away.
Where it had answered before, connections to the same server that began meanwhile show what is gone: where they open at once,
the host, the path and the server are there, and only the state of the older connections is gone
(a failover or restart whose RST does not come through, RFC 9293 section 3.5.1; a NAT or
stateful firewall that lost its table). Where their SYNs meet silence too, the host or the path
to it is gone: no-answer reports that for the server as a whole. Where nothing began
meanwhile it is only possible. A connection that was open when the capture began, and of which
only one direction was seen, counts where that end repeats its only data and sends nothing
new: it gets no ACK, whether the capture sees the other direction or not.

What answered before and has been silent for a minute is vanished; a connection that was idle before is
keepalive-missing or idle-timeout; one in which large segments alone are lost is mtu-black-hole.`,
		New: func(o *Options) Fold {
			k := stuckLimits{o.count("fell-silent-few", 3, "connections from which on it is a warning and no notice")}
			return newEndFold(addStuck, k.tell)
		},
	}
}

type stuckLimits struct{ few uint64 }

func addStuck(s *subjects[stuck, *stuck], r *record.Record, e record.End) {
	if !blackHoled(r, e.Peer()) && (gotNoData(r, e) || stuckTowards(r, e) && JudgeClose(r).Fault == NoFault) {
		x := s.At(sideOf(r, e))
		x.add(r, e.Peer())
		if neverAnswers(r, e) {
			x.older++
		}
		x.from.add(sideOf(r, e.Peer()).A.Addr)
		over := gotNoData(r, e)
		if over || neverHeard(r, e) {
			x.never++
			x.since = max(x.since, r.Start)
			if !fitsAnyPath(r, e.Peer()) {
				x.long++
			}
			if over {
				x.over++
				x.last = max(x.last, r.End)
			}
			if n := r.Path[e.Peer()].Stuck.Bytes; n > 0 && (x.least == 0 || n < x.least) {
				x.least = n
			}
		}
	}
}

// add takes in a connection whose end sent into silence.
func (x *stuck) add(r *record.Record, e record.End) {
	p := &r.Path[e]
	x.hit(r, cmp.Or(p.Stuck.Packet, r.Evidence.Ends[e].Repeat), p.Unacked, r.End+r.Silent)
	x.began.Take(p.Unacked)
	x.ids.Take(r.ID)
	x.times = max(x.times, uint32(p.UnackedTimes)-1)
}

func (k stuckLimits) tell(c *Context, s Subject, x *stuck) (Finding, bool) {
	opener := s.A.Addr
	if s.Kind == SubjectListener {
		opener = Subject{}.A.Addr
	}
	m := c.meanwhile(s.service(), opener, x.began.Least, x.when.Most)
	if m.unanswered > 0 && m.opened == 0 {
		return Finding{}, false // no-answer tells it of the listener as a whole
	}
	still := ", and was when the input ended"
	switch {
	case x.over > 0:
		still = c.stopped(x)
	case c.recent:
		still = " so far"
	}
	f := Finding{Severity: effect{felt: x.n >= k.few}.severity(), Confidence: Possible,
		Explanation: fmt.Sprintf("What is sent to it is repeated into silence, %s%s (RFC 6298 section 5.5).", x.repeats(), still),
		Advice: []string{fmt.Sprintf("Is it there? `ping -c 3 %s`; `ip route get %s`.", s.A.Addr, s.A.Addr),
			"On the sender: `ss -tino` shows the back-off; `sysctl net.ipv4.tcp_retries2` how long it goes on; TCP_USER_TIMEOUT makes it shorter for one application (RFC 5482)."}}
	if x.began.Most-x.began.Least <= atOneMoment && x.n > 1 {
		f.Explanation += fmt.Sprintf(" All of them began within %s.", span(max(x.began.Most-x.began.Least, millisecond)))
	}
	if x.older > 0 {
		f.Explanation += fmt.Sprintf(" The capture began when %s already open: it does not show for how long nothing had been sent before.", wereUnder(x.older, x.n))
	}
	if x.never == x.n {
		hearsNoData(&f, s, x, m)
		return f, true
	}
	if x.since > x.began.Least {
		dropsSince(&f, s, x)
		return f, true
	}
	if m.opened > 0 && s.Kind == SubjectListener {
		if c.servesNone(s.A, &x.from, x.began.Least, x.when.Most) {
			servesOthers(&f, s, x, m)
			return f, true
		}
		forgets(&f, s, x, m)
		return f, true
	}
	f.silence = x.began.Most
	f.Title = fmt.Sprintf("%s has given no answer on %s for %s: data sent to it is repeated", s.who(), say.Plural(x.n, "connection"), span(x.when.Most-x.began.Least))
	if _, there := c.heardFrom(s.A.Addr, f.silence, x.when.Most); m.opened == 0 && !there {
		f.Explanation += " No other connection began meanwhile, which would tell whether the host is there."
	}
	f.causes = []Cause{hostGone("its host crashed, was suspended or left the network"), onPath("the path to it is cut").unless(hostThere),
		hostOrPath("it, or a NAT or firewall on the path, forgot the connection and says nothing")}
	return f, true
}

// repeats tells how often a segment was sent again: of several connections the most.
func (x *stuck) repeats() string {
	if x.n == 1 {
		return say.Plural(uint64(x.times), "time")
	}
	return fmt.Sprintf("at most %s a segment", say.Plural(uint64(x.times), "time"))
}

// stopped tells of connections whose sender stopped as well, which shows that it gave up only where
// the capture ran on.
func (c *Context) stopped(x *stuck) string {
	on := say.Plural(x.over, "connection")
	if c.capturedIn(x.last+second, x.last+openAge) {
		return fmt.Sprintf("; on %s the sender stopped too, as where its timeout ends it", on)
	}
	behind := "to the end"
	if quiet := c.quietAfter(x.last); quiet > 0 {
		behind = "for " + span(quiet)
	}
	return fmt.Sprintf("; on %s the repeats stopped, but nothing of TCP was captured %s behind the last, so whether they went on is not known", on, behind)
}

// wereUnder is "3 of them were", for n of all.
func wereUnder(n, all uint64) string {
	switch {
	case all == 1:
		return "it was"
	case n == all:
		return "they were"
	case n == 1:
		return "1 of them was"
	}
	return say.Thousands(n) + " of them were"
}

// forgets tells of connections that are dead while new ones are served.
func forgets(f *Finding, s Subject, x *stuck, m meanwhile) {
	if x.n > 1 && m.opened > 1 && m.unanswered == 0 {
		f.Confidence = Likely
	}
	f.Title = fmt.Sprintf("%s has answered nothing on %s for %s and serves %s: the older ones are forgotten", s.who(),
		say.Plural(x.n, "connection"), span(x.when.Most-x.began.Least), say.Plural(m.opened, "new one"))
	f.Explanation += fmt.Sprintf(" %s to the same server that began meanwhile opened at once: host, path and server are there, and what knew the older connections is gone.",
		sentence(say.Plural(m.opened, "connection")))
	f.causes = []Cause{hostReplaced("another host took over the address, or the host restarted (failover): it does not know these connections, and its RSTs do not come through"),
		onPath("a NAT, load balancer or stateful firewall on the path lost its table (restart, failover), and drops what it does not know")}
	if x.older > 0 {
		f.causes = append(f.causes, onPath("a NAT, load balancer or stateful firewall on the path forgot them while they were idle, before the capture began, and drops what it does not know"))
	}
	f.Advice = []string{"Restart the client's connections. To find out sooner: TCP_USER_TIMEOUT of some seconds (RFC 5482), or a timeout that closes; keepalive does not help while data is under way.",
		fmt.Sprintf("Capture at %s: a RST that leaves there and does not arrive is dropped by a firewall, so let it pass; if the data does not come there, ask what stands before it.", s.A.Addr)}
}

// servesOthers tells of connections of a client that are dead while new ones of others are served.
func servesOthers(f *Finding, s Subject, x *stuck, m meanwhile) {
	f.Title = fmt.Sprintf("%s has answered nothing on %s from %s for %s and serves %s of others", s.who(),
		say.Plural(x.n, "connection"), x.from.who(), span(x.when.Most-x.began.Least), say.Plural(m.opened, "new one"))
	f.Explanation += fmt.Sprintf(" %s opened none meanwhile: what keeps its data away may hold for all that it sends, or for these connections alone.", sentence(x.from.who()))
	f.causes = []Cause{onPath("a firewall, a route or the path of that client alone drops what it sends, or the answers"),
		onPath("a NAT, load balancer or stateful firewall on the path forgot these connections, or another host took over the address")}
	f.Advice = []string{fmt.Sprintf("Open a new connection from %s: if it is served, only the older ones are forgotten; if not, look for what that client's way alone has.", x.from.who()),
		fmt.Sprintf("On %s: `tcpdump -ni any 'host %s'` shows whether the data arrives there.", s.A.Addr, x.from.who())}
}

// dropsSince tells that data is lost on older connections and on those opened since.
func dropsSince(f *Finding, s Subject, x *stuck) {
	f.Title = fmt.Sprintf("%s acknowledges nothing any more that %s sends, on %s, of which %s opened since: handshakes pass, data does not", s.who(),
		x.from.who(), say.Plural(x.n, "connection"), say.Thousands(x.never))
	f.Explanation += " New connections open and get no data through either, so it is not that older connections were forgotten."
	dataDropped(f, s, x)
}

// hearsNoData tells of connections whose handshake got through, and nothing that carries data.
func hearsNoData(f *Finding, s Subject, x *stuck, m meanwhile) {
	f.Title = fmt.Sprintf("%s acknowledged nothing of the data sent on %s: %s", s.who(), say.Plural(x.n, "connection"), theirHandshakes(x.n))
	if s.Kind == SubjectListener {
		f.Title = fmt.Sprintf("%s acknowledged nothing of the data sent on %s from %s: %s",
			s.who(), say.Plural(x.n, "connection"), x.from.who(), theirHandshakes(x.n))
		if len(x.from.known) == 1 && x.from.all.Count() == 1 {
			f.filter = filtered{x.from.known[0].Addr, x.began.Least}
		}
		if m.opened > 0 {
			f.Explanation += fmt.Sprintf(" Meanwhile %s to the same server opened at once.", say.Plural(m.opened, "connection"))
		}
	}
	length := ""
	if x.least > 0 {
		length = fmt.Sprintf(" (the smallest that is repeated carries %s)", say.Plural(uint64(x.least), "byte"))
	}
	f.Explanation += " The handshake passes with segments that carry nothing." + length
	dataDropped(f, s, x)
}

// dataDropped is why segments with data alone may get lost, and how to find out. It explains what else goes wrong
// with these connections: the server still holds those that the client gave up.
func dataDropped(f *Finding, s Subject, x *stuck) {
	f.explains = x.ids
	f.causes = []Cause{hostOrPath("a firewall, on the path or on the receiver, drops segments with data of these connections: by sender, content or length")}
	if x.long > 0 || x.never < x.n {
		f.causes = append(f.causes, onPath("the path drops segments of that length: a tunnel or a lower MTU without ICMP errors"))
	}
	f.causes = append(f.causes, brokeThere())
	other := s.A.Addr.String()
	if len(x.from.known) == 1 {
		other = x.from.known[0].Addr.String()
	}
	f.Advice = []string{fmt.Sprintf("On %s: `tcpdump -ni any 'host %s'` shows whether the data arrives there; if it does, `nft list ruleset` and `iptables -vnL` show what drops it.", s.A.Addr, other),
		"If it does not arrive: send small data first, then larger, to see whether length decides; compare with a client that is served: another way, interface, VPN or firewall zone?"}
}

func theirHandshakes(n uint64) string {
	if n == 1 {
		return "its handshake got through, its data does not"
	}
	return "their handshakes got through, their data does not"
}
