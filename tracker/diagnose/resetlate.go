package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// finTimeout is how long Linux keeps a socket that nobody holds in FIN-WAIT-2
// (tcp_fin_timeout).
const finTimeout = 60 * second

// closeNotify is how many bytes a TLS close_notify alert takes at most: 2, and an initialization vector of 16, a MAC of 48
// and padding around them behind the record's header (RFC 5246 section 6.2.3.2); other parting words take about as many.
const closeNotify = 85

func resetLate() Detector {
	return Detector{
		Name: "reset-late-data", Group: GroupReset, needs: traitReset,
		Doc: `Data came after the other end had closed for good: a RST says so, the data is lost.

Rule: an end whose application has closed (not only shut down its sending side) has
nobody to read what still comes; it answers data with a bare RST (RFC 9293 section
3.10.4 and RFC 1122 section 4.2.2.13). So does an orphan whose FIN-WAIT-2 ended:
Linux drops it after tcp_fin_timeout, 60 s, and the RST then comes from no socket.
Its sign is a bare RST of an end that had sent its FIN, or a RST,ACK that takes
in what came after that FIN, as Windows answers. Each connection counts by its own bytes: no more than 85 are a
parting word (TLS's close_notify), and nothing is amiss there. What had passed half a second or more before the FIN and was never
acknowledged did not meet it on the path: it was lost after the capture point, or held up there. A request that crosses the FIN of a server's
idle limit is idle-race.`,
		New: func(o *Options) Fold {
			return newResets(resetKind{o.fewAndShare("reset-late-data", 10, 10, "connections to one server", "the server's connections"), pickLateData, endedUnknown, (*resets).add, tellLateData})
		},
	}
}

func pickLateData(r *record.Record) bool {
	return r.Close.ResetCause == record.ResetLateData && cutOff(r) && !Crossed(r) && !(leftWaiting(r) && r.Close.ResetBy == record.Orig)
}

func tellLateData(s Subject, x *resets, all whole, k scale) Finding {
	parting := x.lost == 0 && x.after < finTimeout
	felt := x.n
	if x.lost > 0 && x.after < finTimeout {
		felt = x.lost // what met the others was a parting word
	}
	e := k.effect(felt, all.opened)
	e.harmless = parting
	f := Finding{
		Severity: e.severity(), Confidence: Likely,
		Title:       fmt.Sprintf("%s got %s after the close: %s answered with a RST", x.what(s, all), x.lateKind(), x.sender(s)),
		Explanation: fmt.Sprintf("The end had sent its FIN and nobody there reads any more (RFC 1122 section 4.2.2.13); %s.", x.tooLate()),
		causes: []Cause{x.closesEarly(),
			app("the other end goes on sending behind the FIN, as to an end that still reads")},
		Advice: []string{"Let the end that closes shut down its sending side only, and read until the other closes.",
			fmt.Sprintf("On %s: `nstat -az TcpExtTCPAbortOnData TcpExtTCPAbortOnClose` counts them.", x.on(s))},
	}
	if x.informed == 0 && x.hidden == 0 {
		which := "what came too late"
		if x.unacked > 0 && x.bytes > x.unacked {
			which = "what came before that ACK"
		}
		f.Explanation += " No ACK of that FIN came before: " + which + " was under way when the FIN was sent."
		f.causes = f.causes[:1]
	}
	if x.after >= finTimeout {
		f.Explanation += fmt.Sprintf(" The RST came %s after the FIN: its socket, held by nobody in FIN-WAIT-2, was dropped before (Linux: 60 s).", latest(x.n, x.after))
		f.causes = append([]Cause{onHost("the other end took longer to close than the orphan's FIN-WAIT-2 lasts")}, f.causes...)
		f.Advice = append(f.Advice, "`sysctl net.ipv4.tcp_fin_timeout` is how long it lasts.")
	}
	x.missedAnswer(&f)
	switch {
	case parting && x.hidden == x.n:
		f.Explanation += " Nothing of the other end was captured: what came is not known."
	case parting && x.bytes > 0:
		f.Explanation += " So little is a last message, such as TLS's close_notify: nothing is amiss."
	case parting:
		f.Explanation += " Nothing is lost by it."
	case x.lost > 0 && x.lost < x.n && x.after < finTimeout:
		f.Title = fmt.Sprintf("%s got something after the close, and %s of them lost more than a parting word: %s answered with a RST", x.what(s, all), say.Thousands(x.lost), x.sender(s))
		f.Explanation += fmt.Sprintf(" On %s that was %s; on %s so little is a last message, such as TLS's close_notify, and nothing is amiss there.",
			say.Thousands(x.lost), bytesOf(x.wasted), say.Thousands(x.n-x.lost))
	}
	if x.wentOn > 0 {
		f.Explanation += onSome(x.wentOn, x.n, fmt.Sprintf("the other end went on after the RST%s: it did not get it, or did not take it.", lasting(x.wentOn, x.longest)))
	}
	return f
}

// countLate takes in what met the closed end.
func (x *resets) countLate(r *record.Record) {
	c, p := &r.Close, &r.Ends[r.Close.ResetBy.Peer()]
	late := cameLate(r)
	if amiss := max(late, c.Missed); amiss > closeNotify {
		x.lost++
		x.wasted.Take(amiss)
	}
	if c.Missed > 0 {
		x.missed++
		x.unmet.Take(c.Missed)
	}
	if p.Packets == 0 {
		x.hidden++
	}
	if p.SeenBytes <= late {
		x.unbegun++
	}
	x.bytes, x.unacked = x.bytes+late, x.unacked+late-min(late, c.BytesAfterFIN.V)
}

// missedAnswer tells of what had passed long before the FIN, and was never acknowledged.
func (x *resets) missedAnswer(f *Finding) {
	if x.missed == 0 {
		return
	}
	f.Explanation += onSome(x.missed, x.n, fmt.Sprintf("%s had passed the capture point half a second or more before the FIN, and that end closed without an ACK of it: lost after the capture point, or held up there.", bytesOf(x.unmet)))
}

// bytesOf is "300 bytes", or "100 to 300 bytes".
func bytesOf(r fold.Range[uint64]) string {
	if r.Least == r.Most {
		return say.Plural(r.Most, "byte")
	}
	return say.Thousands(r.Least) + " to " + say.Plural(r.Most, "byte")
}

// cameLate is how many bytes came after the ACK of the first FIN; where none did, or that ACK came behind the RST, how many
// the RST's sender had not acknowledged before: they met its FIN on the way.
func cameLate(r *record.Record) uint64 {
	if after := r.Close.BytesAfterFIN.V; informed(r) && after > 0 {
		return after
	}
	return max(r.Close.BytesAfterFIN.V, r.Close.Unheard)
}

// HarmlessReset tells that a connection ended by a RST by which nobody lost anything: a
// parting word met a closed socket, its receiver had got an answer and closed before, or an end had
// said goodbye in its protocol's words.
func HarmlessReset(r *record.Record) bool {
	c := &r.Close
	if c.Kind != record.CloseReset || !running(r) || c.ResetBy > record.Resp || r.Capture.OneWay {
		return false
	}
	if c.Goodbye {
		return true
	}
	switch c.ResetCause {
	case record.ResetLateData:
		fin := c.FINTime[c.ResetBy]
		return max(cameLate(r), c.Missed) <= closeNotify && fin.OK && c.ResetTime.V-fin.V < finTimeout
	case record.ResetAbort:
		return wasDone(r)
	}
	return false
}

// lateKind says what met the closed end.
func (x *resets) lateKind() string {
	switch {
	case x.bytes > 0:
		return "data"
	case x.hidden > 0 || x.missed > 0:
		return "something"
	}
	return "a segment without data"
}

// closesEarly is why what the other end sent met a closed end.
func (x *resets) closesEarly() Cause {
	if x.unbegun == x.n && x.by[record.Resp] == 0 {
		return app("the application closes before a byte of the answer has come: it was cancelled, or a timeout of its own")
	}
	return app(fmt.Sprintf("the application closes without waiting for the rest of %s: a timeout, or it has %s", x.rest()...))
}

// rest names what the end that closed did not wait for, and what it may have got of it.
func (x *resets) rest() []any {
	switch {
	case x.by[record.Resp] == 0:
		return []any{"the answer", "seen enough"}
	case x.by[record.Orig] == 0:
		return []any{"the request", "refused it"}
	}
	return []any{"what the other end sends", "seen enough"}
}

// tooLate says how much came too late, or met it on the way.
func (x *resets) tooLate() string {
	late, unheard := x.bytes-x.unacked, say.Plural(x.unacked, "byte")+" of the other end had not been acknowledged before the RST"
	switch {
	case x.bytes == 0 && x.hidden > 0:
		return "something came too late"
	case x.bytes == 0:
		return "no data, but a FIN or an ACK came too late"
	case late == 0:
		return unheard
	case x.unacked == 0:
		return say.Plural(late, "byte") + " came too late"
	}
	return fmt.Sprintf("%s of the other end were never acknowledged, %s of them sent behind the ACK of the FIN", say.Plural(x.bytes, "byte"), say.Thousands(late))
}
