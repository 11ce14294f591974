package diagnose

import (
	"cmp"
	"fmt"
	"strings"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// overflow sums up the signs that a listener's queues are full.
type overflow struct {
	tally
	ignored  uint64            // connections whose third ACK was not taken
	withData uint64            // of those, with data before the SYN/ACK came again
	often    uint64            // of those, with two repeats or more
	reset    uint64            // a RST answered the third ACK
	late     tally             // SYNs that were answered only when they came again; they count where the capture stands beside the listener
	silent   tally             // attempts that met silence; they count where others opened meanwhile, seen beside the listener
	longest  int64             // from the third ACK to the SYN/ACK that came again
	prompt   uint64            // of those ignored, whose only SYN was answered
	begun    fold.Range[int64] // when those began
}

// Fields walks over what is summed up.
func (x *overflow) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Sum(w, &x.ignored, &x.withData, &x.often, &x.reset)
	x.late.Fields(w)
	x.silent.Fields(w)
	fold.Max(w, &x.longest)
	fold.Sum(w, &x.prompt)
	x.begun.Fields(w)
}

type overflowLimits struct{ many, few uint64 }

func queueFull() Detector {
	return Detector{
		Name: "queue-full", Group: GroupQueue, needs: traitFailed | traitHeldUp | traitReset,
		Doc: `A server cannot take what comes: its accept queue or SYN queue is full.

Rule: the handshake's final ACK makes the connection (RFC 9293 section 3.5), unless the server
has no place for it. Where the accept queue is full Linux ignores the handshake's final ACK, so the SYN/ACK
is sent again although its ACK was seen (tcp_abort_on_overflow 0), or answers it
with a RST (1), and drops new SYNs (tcp_conn_request). Signs that are counted:
SYN/ACKs that come again after the handshake's final ACK; RSTs that answer the handshake's final ACK; SYNs
that passed a capture point next to the server, or never left the host, and were answered
only when they came again.
One SYN/ACK again can also be the handshake's final ACK lost after the capture point, or
TCP_DEFER_ACCEPT (one repeat at the end of its wait, no data yet): a single one
without data before it is only possible, and so are many where other connections
to the server sent data at once and were not kept waiting, or where every SYN was answered at once meanwhile; several repeats, data, a RST or many
connections make it likely. SYNs that were never answered count where others to the same server opened at the
time and the capture point is next to it; else they may be filtered or lost on the
way: see no-answer and syn-lost.`,
		New: func(o *Options) Fold {
			l := overflowLimits{many: o.count("queue-full-many", 10, "final ACKs of handshakes answered by a RST, or SYNs never answered, from which on it is critical"),
				few: o.count("queue-full-few", 3, "connections that make it likely though each sign is weak")}
			return newFold(addOverflow, l.tell)
		},
	}
}

// besideListener tells that nothing can be lost between the capture point and
// the listener: they are neighbours, or both ends are one host.
func besideListener(r *record.Record) bool {
	return r.Orig.Addr == r.Resp.Addr || r.Capture.Tap == record.TapResp
}

// openedLate tells that a SYN was answered when it came again, and not before:
// a SYN/ACK that passed before was lost behind the tap, and one that echoes an earlier SYN answers that.
func openedLate(r *record.Record) bool {
	f := &r.Open
	return r.Open.Kind == record.OpenHandshake && f.NSYNsAgain > 0 && f.NSYNACKsAgain == 0 && !f.SYNAnswered && !f.SYNHeard && !OldAnswered(r) && !f.RefusedFirst && !EachSYNAnswered(r)
}

// EachSYNAnswered tells that each of several SYNs was answered, though no SYN/ACK was captured: the opener's ACKs echo as
// many (RFC 7323 section 3.2).
func EachSYNAnswered(r *record.Record) bool {
	return r.Open.SYNs > 1 && uint32(r.Open.SYNACKsUnseen) >= r.Open.SYNs
}

func addOverflow(s *subjects[overflow, *overflow], r *record.Record) {
	f := &r.Open
	switch {
	case r.Open.Kind == record.OpenHandshake && RefusedLate(r) && r.Close.ResetCause != record.ResetMiddlebox:
		x := s.At(listener(r.Resp))
		x.hit(r, r.Close.ResetPacket, cmp.Or(r.Close.ResetTime.V, r.Start), r.End)
		x.reset++
	case f.ACKsIgnored > 0 && r.Open.Kind == record.OpenHandshake:
		x := s.At(listener(r.Resp))
		x.hit(r, f.ACKIgnoredAt, r.Start, openedAt(r))
		x.ignored++
		if f.ACKsIgnored > 1 {
			x.often++
		}
		if first := r.Ends[record.Orig].FirstByte; first.OK && first.V < f.ACKIgnored.V {
			x.withData++
		}
		x.longest = max(x.longest, f.ACKIgnored.V)
		x.begun.Take(r.Start)
		if f.NSYNsAgain == 0 {
			x.prompt++
		}
	case openedLate(r):
		s.At(listener(r.Resp)).late.hit(r, f.SYNAgainAt, r.Start, openedAt(r))
	case unanswered(r):
		s.At(listener(r.Resp)).silent.hit(r, f.SYNAgainAt, r.Start, openedAt(r))
	}
}

// turnsAway tells that attempts at a listener met silence while others opened,
// at a capture point beside it: it dropped them itself.
func (c *Context) turnsAway(s Subject, since, until int64) bool {
	service := c.served(s.A)
	return service.near() && !c.contrast(s.A, wentUnanswered).named() && service.during(since, until) && !c.suspects.flooded[s.A]
}

func (l overflowLimits) tell(c *Context, s Subject, x *overflow) (Finding, bool) {
	// What met silence counts only where nothing is lost on the way to the listener.
	var sum tally
	var silent, late uint64
	fold.Merge(&sum, &x.tally)
	if c.turnsAway(s, x.silent.when.Least, x.silent.when.Most) {
		silent = x.silent.n
		fold.Merge(&sum, &x.silent)
	}
	if c.served(s.A).near() && !c.contrast(s.A, wentLate).named() {
		late = x.late.n
		fold.Merge(&sum, &x.late)
	}
	if deaf := c.suspects.deaf[s.A].ignored; sum.n == 0 || deaf > 0 && deaf >= x.ignored && x.reset+silent+late == 0 {
		return Finding{}, false // nothing, or nothing but the SYN reaches it: only-syn-passes
	}
	f := Finding{
		Severity: effect{felt: true, broken: x.reset+silent >= l.many}.severity(), Confidence: Likely,
		Explanation: "Signs: " + x.signs(silent, late, c.opened(s.A)) + " (Linux: a full accept queue ignores the handshake's final ACK and drops SYNs).",
		causes:      []Cause{app("the application accepts too slowly, or stands still"), onHost("its backlog (listen(2)) or net.core.somaxconn is too small for the bursts that come")},
		Advice: []string{
			fmt.Sprintf("On %s: `ss -ltn '( sport = :%d )'`: Recv-Q is what waits to be accepted, Send-Q the limit.", s.A.Addr, s.A.Port),
			"`nstat -az TcpExtListenOverflows TcpExtListenDrops` counts what was dropped.",
			"`sysctl net.core.somaxconn net.ipv4.tcp_max_syn_backlog net.ipv4.tcp_abort_on_overflow net.ipv4.tcp_syncookies` are the limits.",
		},
	}
	service := c.served(s.A)
	switch strong := silent + late + x.reset + x.often + x.withData; {
	case strong == 0 && (service != nil && service.prompt > 0 || x.takesSYNs(c, s, l.few)):
		// Only those that sent no data wait, each for one SYN/ACK: so TCP_DEFER_ACCEPT
		// looks (Linux tcp(7)), and a full queue would not choose.
		f.atMost(Notice, Possible)
		sign := "only those that sent no data waited"
		if service == nil || service.prompt == 0 {
			f.Title = fmt.Sprintf("%s completed %s late, all of them without data", name(s.A), c.handshakes(s.A, sum.n, ofThose))
			sign = "it answered every SYN at once meanwhile"
			f.Explanation += " Yet it answered every SYN at once, over " + span(x.begun.Most-x.begun.Least) + ": one whose queue is full drops SYNs as well."
		} else {
			f.Title = fmt.Sprintf("%s completed %s late, without data from the client, and %s with data at once", name(s.A), c.handshakes(s.A, sum.n, ofThose), say.Plural(service.prompt, "handshake"))
		}
		f.lead(onHost("TCP_DEFER_ACCEPT: the server waits for data"), sign)
		f.Advice = append(adviseNoData(s.A), f.Advice...)
	case strong == 0 && sum.n < l.few:
		f.atMost(Notice, Possible)
		f.Title = fmt.Sprintf("%s kept sending SYN/ACK after the client's ACK, on %s", name(s.A), say.Plural(sum.n, "handshake"))
		f.causes = append(f.causes, hostOrPath("the handshake's final ACK was lost after the capture point"), onHost("TCP_DEFER_ACCEPT: the server waits for data"))
	case silent > 0:
		f.Title = fmt.Sprintf("%s turned away or kept waiting %s: its queue was full", name(s.A), c.wholeOf(s.A, sum.n).toIt(sum.n))
	case x.reset == 0:
		f.Title = fmt.Sprintf("%s completed %s late: its queue was full", name(s.A), c.handshakes(s.A, sum.n, ofThose))
	default:
		f.Title = fmt.Sprintf("%s turned away %s: its queue was full", name(s.A), c.handshakes(s.A, sum.n, ofThose))
	}
	failed, verb := wentIgnored, openedAtOnce
	if silent > 0 {
		failed, verb = wentUnanswered, "opened"
	} else if late > 0 {
		failed = wentLate
	}
	v := c.contrast(s.A, failed)
	if v != nil && v.compared && !v.together() && silent > 0 && x.n+late == 0 {
		f.Confidence = Possible // beside the listener its own firewall drops as silently
	}
	v.into(&f, s.A, verb)
	sum.into(&f)
	return f, true
}

// takesSYNs tells that the listener answered every SYN at once while it left third ACKs
// unanswered, one after the other: a full accept queue drops SYNs as well, but for those that come
// at the same moment as the one that fills it.
func (x *overflow) takesSYNs(c *Context, s Subject, few uint64) bool {
	took := x.begun.Most - x.begun.Least
	return x.n >= few && x.prompt == x.n && took >= second && took >= int64(x.n-1)*second/10 &&
		c.contrasts != nil && !c.contrasts.any(s.A, wentUnanswered) && !c.contrasts.any(s.A, wentLate)
}

// signs puts in words what was counted.
func (x *overflow) signs(silent, late, opened uint64) string {
	var signs []string
	if x.reset > 0 {
		signs = append(signs, fmt.Sprintf("a RST answered the final ACK of %s (tcp_abort_on_overflow)", say.Plural(x.reset, "handshake")))
	}
	if x.ignored > 0 {
		signs = append(signs, fmt.Sprintf("the SYN/ACK of %s came again after the handshake's final ACK was seen, at the latest %s after it", say.Plural(x.ignored, "handshake"), span(x.longest)))
	}
	if late > 0 {
		signs = append(signs, fmt.Sprintf("the SYN of %s passed a capture point next to the server and was answered only when it came again", say.Plural(late, "handshake")))
	}
	if silent > 0 {
		signs = append(signs, fmt.Sprintf("%s seen next to the server met silence while %s opened", say.Plural(silent, "attempt"), say.Plural(opened, "other")))
	}
	return strings.Join(signs, "; ")
}
