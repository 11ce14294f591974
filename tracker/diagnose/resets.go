package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// resets sums up RSTs of one cause on connections to a listener.
type resets struct {
	tally
	sources    sources
	targets    fold.Distinct // listeners
	by         [2]uint64     // sent by the opener, by the listener
	after      int64         // the longest from the sender's FIN to its RST
	closing    uint64        // connections of which the RST's sender had sent its FIN before
	done       uint64        // connections whose other end had closed, and had got an answer
	bytes      uint64        // that came after the FIN and were lost, or were never acknowledged
	unacked    uint64        // of those, the latter
	odd        [4]uint64     // with another TTL, IP-ID, timestamps, signature
	ttl        fold.Range[uint8]
	own        fold.First[ownTTLs] // of the connection with the least id
	ignored    uint64
	disobeyed  uint64 // whose receiver acknowledged what came after the RST
	keyed      uint64 // of those that ignored one, whose SYN was signed, or not captured
	inPlace    uint64 // RSTs out of CLOSE-WAIT: they came where a FIN was due
	holed      uint64 // whose receiver's last data stood behind a gap that nothing filled
	noTLS      uint64 // whose opener offered TLS, and sent its RST upon an answer that is none
	strange    uint64 // whose ends spoke different protocols
	tongues    fold.First[spoken]
	unbegun    uint64 // on which the other end had sent nothing but what came too late
	byes       uint64 // on which an end had said goodbye in its protocol's words
	opener     uint64 // that came as the segments that opened the connection, their end's data another way
	level      uint64 // of another TTL, but as many hops away as their sender's other segments
	mute       uint64 // of its opener, on which neither end had sent a byte
	probed     uint64 // of those: all that was seen was a segment and the RST that answers it
	probers    sources
	unanswered uint64 // whose RST's sender had sent no byte
	wentOn     uint64 // whose other end went on for a second or more after the RST
	longest    int64  // of those, ns
	also       uint64 // that the end in whose name an odd RST came reset too
	deaths     deaths
	full       uint64             // whose RST's sender had its window closed: it had not read all
	spoke      uint64             // whose RST's sender had sent data
	dataLast   uint64             // whose other end had sent data last, to which the RST came at once, in place of an answer
	challenged uint64             // that answer the challenge ACK which their sender's RST before had drawn
	unasked    uint64             // that answer nothing
	over       uint64             // when both ends had sent their FIN, and at most a parting word was not acknowledged
	informed   uint64             // whose other end had acknowledged the FIN of the RST's sender before
	underWay   uint64             // whose other end had sent more than the RST acknowledges
	outlived   uint64             // whose sender's timestamps went on after it
	stack      uint64             // that their sender's own TCP sent
	texts      uint64             // that carry a text
	lowISNs    uint64             // both of whose ends began at sequence number 0 or 1
	took       uint64             // whose sender had taken all that came
	paths      uint64             // that end one path of an MPTCP connection
	inVain     uint64             // whose opener reset it after it had waited inVainLeast or more for an answer, of which nothing came
	waited     fold.Range[int64]  // of those, from the request to the RST
	quiet      uint64             // that came a second or more after the other end's last segment
	silent     fold.Range[int64]  // of those, how long after
	bore       uint64             // of those and of the former, whose opener had waited longer for an answer before, and got it
	harmless   uint64             // by whose RST nobody lost anything
	shut       uint64             // that an end had closed, or said goodbye on, before
	lost       uint64             // of which more than a parting word met a closed socket
	wasted     fold.Range[uint64] // of those, how many bytes
	missed     uint64             // whose other end had sent what passed long before the FIN, and was never acknowledged
	unmet      fold.Range[uint64] // of those, how many bytes
	upon       uint64             // that came right behind what their sender had sent itself
	joined     uint64             // behind which more RSTs in their sender's name came another way
	hidden     uint64             // whose other end was not captured: what it sent is not known
	bare       uint64             // without ACK
	closed     uint64             // whose other end had sent its FIN before
	optionless uint64             // whose RST's sender opened without the MSS, which every system sends
	repeated   uint64             // whose RST's sender had sent its own data again and again before, and got no ACK
	inVainFor  fold.Range[int64]  // of those, from that data to the RST
	refusing   uint64             // of the opener, right after the first data that the other end sent
	answering  uint64             // RSTs that came after the first ones
	guessed    uint64             // of which no SYN was captured: which end opened them is a guess
}

// inVainLeast is how long an opener must have waited for an answer: no shorter timeout of an
// application is usual.
const inVainLeast = second

func (x *resets) add(r *record.Record) {
	c := &r.Close
	at := resetAt(r)
	x.hit(r, c.ResetPacket, at, at)
	from, to := probedEnds(r)
	x.sources.add(from.Addr)
	x.targets.Add(listener(to).Hash())
	x.deaths.take(r)
	if _, ok := probedInVain(r); ok {
		x.probed++
		x.probers.add(from.Addr)
	}
	if c.ResetBy <= record.Resp {
		x.by[c.ResetBy]++
		if sentNothing(r, c.ResetBy) {
			x.unanswered++
		}
		if ns := wentOn(r); ns > 0 {
			x.wentOn++
			x.longest = max(x.longest, ns)
		}
		if c.ResetAlso {
			x.also++
		}
		x.countUnread(&r.Ends[c.ResetBy])
		if c.ResetIn == record.CloseWait {
			x.inPlace++
		}
		if otherClosed(r) {
			x.closed++
		} else if c.Crossed {
			x.underWay++
		}
		x.countSender(r)
		if c.DataLast && provoked(r) && !c.ResetOdd.Has(record.TookAll) {
			x.dataLast++
		}
		if informed(r) {
			x.informed++
		}
		if !provoked(r) {
			x.unasked++
		}
		if !provoked(r) && r.Close.ResetTime.OK {
			x.quiet++
			x.silent.Take(r.Close.ResetAfter)
		}
		if bothClosing(r) && c.Unheard <= closeNotify {
			x.over++
		}
		if answersChallenge(r) {
			x.challenged++
		}
		if closingAlready(r) {
			x.closing++
			x.after = max(x.after, r.Close.ResetTime.V-c.FINTime[c.ResetBy].V)
		}
	}
	if left := r.Exchanges.Left; c.ResetBy == record.Orig && left.OK && left.V >= inVainLeast {
		x.inVain++
		x.waited.Take(left.V)
	}
	if boreLonger(r) {
		x.bore++
	}
	if HarmlessReset(r) {
		x.harmless++
	}
	if r.Close.Goodbye || otherClosed(r) || closingAlready(r) {
		x.shut++
	}
	if r.Capture.Midstream {
		x.guessed++
	}
	if c.ResetBy == record.Orig && sentNothing(r, record.Orig) && sentNothing(r, record.Resp) {
		x.mute++
	}
	if wasDone(r) {
		x.done++
	}
	if lowISNs(r) {
		x.lowISNs++
	}
	if c.Goodbye {
		x.byes++
	}
	if c.ResetBy <= record.Resp {
		x.countLate(r)
	}
	x.countOdd(r.Close.ResetOdd)
	x.countOwn(c)
	takeTTL(&x.ttl, c.ResetTTL)
	x.own.Take(ownTTLs{r.ID, [2]uint8{r.Ends[record.Orig].OwnTTL().V, r.Ends[record.Resp].OwnTTL().V}})
	if c.ResetBy <= record.Resp {
		own := r.Ends[c.ResetBy].OwnTTL()
		if c.ResetTTL.OK && own.OK && hops(c.ResetTTL.V) == hops(own.V) {
			x.level++
		}
		if c.OpenedForIt(&r.Ends[c.ResetBy]) {
			x.opener++
		}
	}
}

func (x *resets) countOdd(odd record.ResetSigns) {
	for i, sign := range [...]record.ResetSigns{record.OddTTL, record.OddIPID, record.OddTimestamps, record.OddSigned} {
		if odd.Has(sign) {
			x.odd[i]++
		}
	}
}

// countOwn counts what a RST shows of who sent it and why.
func (x *resets) countOwn(c *record.CloseRecord) {
	if c.ResetText != "" {
		x.texts++
	}
	if c.ResetOdd.Has(record.OwnStack) {
		x.stack++
	}
	if c.ResetOdd.Has(record.Outlived) {
		x.outlived++
	}
	if c.ResetOdd.Has(record.TookAll) {
		x.took++
	}
	if c.ResetOdd.Has(record.Joined) {
		x.joined++
	}
	if c.ResetOdd.Has(record.OfSubflow) {
		x.paths++
	}
}

// shown tells what the RSTs show of who sent them and why, and takes out the causes that it contradicts.
func (x *resets) shown(f *Finding) {
	if x.texts > 0 {
		f.Explanation += onSome(x.texts, x.n, "the RST carries a text (RFC 9293 section 3.5.3): close.reset_text of its record has it.")
	}
	if x.texts == x.n {
		f.lead(app("what its text says: who sends one tells why"), "the RST carries a text")
	}
	if x.joined > 0 {
		f.Explanation += onSome(x.joined, x.n, "more RSTs in its sender's name came behind it with another TTL: another device, such as a firewall or proxy beside that end, answers for it once it is gone.")
	}
	if x.optionless == x.n {
		f.Explanation += " Its sender's SYN has no MSS, which systems send."
		f.causes = slices.DeleteFunc(slices.Clone(f.causes), func(c Cause) bool { return c == madeItself() })
		f.lead(madeItself(), "the SYN has no MSS, which systems send")
	}
	if x.guessed == x.n {
		f.Explanation += " No SYN was captured: which end is the client is a guess."
	}
	if x.lowISNs == x.n {
		f.Explanation += " Both ends began at sequence number 0 or 1, where a system's TCP begins at one that nobody can guess (RFC 6528)."
		f.orMadeItself()
	}
	if x.stack == x.n {
		f.shows(ownTCP, "It goes on from its sender's own timestamps or identification: that end's own TCP sent it.")
	}
	if x.took == x.n && !x.hurried() && slices.ContainsFunc(f.causes, func(c Cause) bool { return strings.Contains(c.Text, "data unread") }) {
		f.Explanation += " Its sender had acknowledged all that came, and its window was as wide as ever: if something waited unread, it was little."
	}
}

// countUnread counts what an end tells of whether it had read all when it sent its RST.
func (x *resets) countUnread(e *record.EndRecord) {
	if e.SeenBytes > 0 {
		x.spoke++
	}
	if closedFull(e) {
		x.full++
	}
}

// closedFull tells that an end's window was closed when the RST came: its buffer was full
// of data that its application had not read.
func closedFull(e *record.EndRecord) bool {
	n := len(e.ZeroWindowList)
	return n > 0 && e.ZeroWindowList[n-1].EndedBy == record.ZeroWindowReset
}

// ownTTLs are those that the ends of a connection have otherwise.
type ownTTLs struct {
	Conn uint64 `fold:"packet"`
	By   [2]uint8
}

// Before tells that the connection's id is less than another's.
func (x ownTTLs) Before(o ownTTLs) bool { return x.Conn < o.Conn }

// Fields walks over what is summed up.
func (x *resets) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	x.sources.Fields(w)
	x.targets.Fields(w)
	fold.Sums(w, x.by[:])
	fold.Max(w, &x.after)
	fold.Sum(w, &x.closing, &x.done, &x.bytes, &x.unacked)
	fold.Sums(w, x.odd[:])
	x.ttl.Fields(w)
	x.own.Fields(w)
	x.tongues.Fields(w)
	fold.Sum(w, &x.ignored, &x.level, &x.opener, &x.holed, &x.noTLS, &x.strange, &x.unbegun, &x.byes, &x.probed, &x.mute)
	x.probers.Fields(w)
	x.waited.Fields(w)
	fold.Sum(w, &x.inVain, &x.challenged, &x.unasked, &x.over, &x.quiet)
	x.silent.Fields(w)
	fold.Sum(w, &x.unanswered, &x.wentOn, &x.also)
	fold.Max(w, &x.longest)
	x.deaths.Fields(w)
	x.wasted.Fields(w)
	x.unmet.Fields(w)
	x.inVainFor.Fields(w)
	fold.Sum(w, &x.shut, &x.lost, &x.missed, &x.joined, &x.hidden, &x.upon)
	fold.Sum(w, &x.bore, &x.harmless, &x.bare, &x.closed, &x.optionless, &x.repeated, &x.refusing, &x.answering, &x.guessed)
	fold.Sum(w, &x.full, &x.spoke, &x.underWay, &x.dataLast, &x.informed, &x.disobeyed, &x.keyed, &x.inPlace, &x.stack, &x.texts, &x.lowISNs, &x.took, &x.paths, &x.outlived)
}

// resetKind is one cause of RSTs.
type resetKind struct {
	scale
	picks func(r *record.Record) bool
	ends  outlived                          // how such connections ended; endedUnknown where none is compared with others
	add   func(x *resets, r *record.Record) // takes a connection in
	tell  func(s Subject, x *resets, all whole, k scale) Finding
}

// newResets is the Fold of a cause. What one opener does to several listeners,
// or each of them once or twice to it, is one finding.
func newResets(k resetKind) Fold {
	f := newFold(k.addPicked, k.tellBlameless)
	f.gather = oneOpener
	return f
}

func (k resetKind) addPicked(s *subjects[resets, *resets], r *record.Record) {
	if k.picks(r) {
		_, to := probedEnds(r)
		k.add(s.At(listener(to)), r)
	}
}

// tellBlameless leaves out scans, which are told as such, and health checks.
func (k resetKind) tellBlameless(c *Context, s Subject, x *resets) (Finding, bool) {
	checks := min(x.mute, c.suspects.checked[s.A].reset)
	if checks == x.n || x.probed == x.n && x.probers.blameless(c, x.probed) == 0 {
		return Finding{}, false
	}
	rest := *x
	rest.n, rest.by[record.Orig] = x.n-checks, x.by[record.Orig]-checks
	f := k.tell(s, &rest, c.wholeOf(s.A, rest.n), k.scale)
	alike := x.by[record.Resp] == x.n && s.Kind == SubjectListener && f.Severity > Info && x.full < x.n && x.deaths.into(&f, "the server "+name(s.A))
	rest.tookLeave(&f)
	x.shown(&f)
	if x.by[record.Orig] == 0 && len(x.sources.known) == 1 && c.proxied(&x.sources) {
		f.behindProxy(x.sources.known[0].Addr)
	}
	if s.Kind == SubjectHost {
		f.Severity = min(f.Severity, Notice) // one host's habit, or many listeners' of which each did it once
	} else if k.ends != endedUnknown && !alike { // else the cause is named
		c.endingsAt(s.A, k.ends).beside(&f, s.A)
	}
	return f, true
}

// tookLeave tells of connections that ended after a goodbye: nothing is lost by the RST.
func (x *resets) tookLeave(f *Finding) {
	if x.byes == 0 {
		return
	}
	f.Explanation += onSome(x.byes, x.n, "the last data was the protocol's goodbye (such as QUIT, an LDAP unbind, an SMB logoff): nobody waited for more.")
	if x.byes == x.n || x.oneGoodbye() {
		f.Severity = min(f.Severity, Info)
		f.lead(app("the application ends the connection so once all is said"), "the last data was its protocol's goodbye")
	}
}

// oneOpener is the opener of all connections; what a listener does to many is its own affair, as is data that it did not
// acknowledge.
func oneOpener(_ Subject, x *resets) (Subject, bool) {
	if x.sources.all.Count() != 1 || x.by[record.Resp] > 0 && x.n > 2 || x.gaveUp() {
		return Subject{}, false
	}
	return host(x.sources.known[0].Addr), true
}

// severity of RSTs is minor where only openers sent them, which no longer want the answer.
func (x *resets) severity(opened uint64, k scale) Severity {
	e := k.effect(x.n, opened)
	e.minor = x.by[record.Resp] == 0
	return e.severity()
}

// unheard lowers the severity of a finding of RSTs that nobody minds.
func (x *resets) unheard(f Finding) Finding {
	if x.done == x.n {
		f.Severity = min(f.Severity, Info)
		f.Explanation += " The other end had got an answer and closed before: it misses nothing."
	}
	return f
}

// notObeyed tells, where the receivers of all RSTs sent on, that these ended nothing.
func (x *resets) notObeyed(f *Finding, s Subject, all whole, rst string) bool {
	if x.wentOn < x.n {
		return false
	}
	f.Confidence = Possible
	f.Title = fmt.Sprintf("%s got %s, sent as %s, and went on%s: it did not arrive, or was not taken", x.what(s, all), rst, strings.TrimSuffix(x.sender(s), ","), lasting(x.n, x.longest))
	return true
}
