package report

import (
	"bufio"
	"fmt"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// summary writes what the record says of the whole connection, a line a subject.
func (d *drawing) summary(b *bufio.Writer) {
	r := d.f.record
	if r == nil {
		return
	}
	b.WriteByte('\n')
	p := d.f.words
	d.line(b, "opened", p.openSummary(r))
	for e := record.Orig; e <= record.Resp; e++ {
		d.line(b, client(e), p.endSummary(r, e))
	}
	d.line(b, "about", about(r.Names))
	d.line(b, "answers", p.exchangeSummary(r))
	d.line(b, "keepalive", p.keepaliveSummary(r))
	d.line(b, "closed", p.closeSummary(r))
	d.line(b, "TIME-WAIT", p.timeWaitSummary(r))
	d.line(b, "left in", leftSummary(r))
	subject := "not known"
	for _, what := range schema.UnknownOf(r) {
		d.line(b, subject, what)
		subject = ""
	}
	for _, f := range d.f.cited {
		d.line(b, "finding", fmt.Sprintf("%s, %s: %s (--explain %s)", f.Severity, f.Confidence, f.Title, f.Detector))
	}
}

// leftSummary says in which state each end was left: in parentheses one that nothing
// the end sent proves.
func leftSummary(r *record.Record) string {
	left := ""
	for e, s := range r.States {
		switch e := record.End(e); {
		case s == record.Unknown:
		case supposed(r, e):
			left = comma(left, fmt.Sprintf("%s (%s), last known in %s", client(e), stateOr(s), stateOr(r.Proven[e])))
		default:
			left = comma(left, client(e)+" "+stateOr(s))
		}
	}
	return left
}

const summaryIndent = 11

func (d *drawing) line(b *bufio.Writer, subject, words string) {
	if words == "" {
		return
	}
	for i, line := range say.Wrap(words, d.width-summaryIndent) {
		if i > 0 {
			subject = ""
		}
		fmt.Fprintf(b, "%s%-*s%s%s\n", d.pen.bold, summaryIndent, subject, d.pen.off, line)
	}
}

func (p phrases) openSummary(r *record.Record) string {
	o := &r.Open
	switch o.Kind {
	case record.OpenHandshake, record.OpenSimultaneous, record.OpenMidstream:
	default:
		what, why := p.failed(r)
		if what == "" {
			return ""
		}
		return "not: " + bracketed(what, why)
	}
	what, why := p.opened(r)
	if o.Felt.OK && o.Kind != record.OpenMidstream {
		what = "in " + what
	}
	if oneSided(r) {
		what += " for the client only; " + refusedOrRepeated(r)
	}
	s := strings.TrimSpace(what + " " + why)
	if o.LastSYN.OK && o.SYNs > 1 {
		s = comma(s, p.span(o.LastSYN.V)+" from the last SYN on")
	}
	if o.Resp.OK {
		s = comma(s, "server half "+p.span(o.Resp.V))
	}
	if o.Orig.OK {
		s = comma(s, "client half "+p.span(o.Orig.V))
	}
	return s
}

// refusedOrRepeated says why only the client holds a connection to be open.
func refusedOrRepeated(r *record.Record) string {
	if diagnose.RefusedLate(r) {
		return "the server answered the third ACK with a RST"
	}
	return "the server sent its SYN/ACK again and nothing shows that it took the ACK"
}

// bracketed joins what happened and why; an explanation in brackets takes no comma.
func bracketed(what, why string) string {
	if strings.HasPrefix(why, "(") {
		return strings.TrimSpace(what + " " + why)
	}
	if why == "" {
		return what
	}
	return comma(what, why)
}

func (p phrases) endSummary(r *record.Record, e record.End) string {
	end := &r.Ends[e]
	if end.Packets == 0 {
		return "no packet seen"
	}
	s := say.Plural(end.Packets, "packet")
	if end.Bytes.OK {
		s += ", " + say.Bytes(end.Bytes.V)
	}
	if end.Retx > 0 {
		s += fmt.Sprintf(", %s (%s)", say.Plural(uint64(end.Retx), "retransmission"), say.Bytes(end.RetxBytes))
	}
	if end.OutOfOrder > 0 {
		s += fmt.Sprintf(", %s out of order", say.Thousands(uint64(end.OutOfOrder)))
	}
	if end.ZeroWindows > 0 {
		s += fmt.Sprintf(", window closed %s for %s%s", say.Plural(uint64(end.ZeroWindows), "time"), p.span(end.ZeroWindow), p.episodes(end.ZeroWindowList))
	}
	if end.MissingBytes > 0 {
		s += fmt.Sprintf(", %s not captured", say.Bytes(end.MissingBytes))
	}
	if end.RTT.N > 0 {
		s += fmt.Sprintf(", acknowledged after %s (median of %s)", p.span(end.RTT.P50), say.Thousands(uint64(end.RTT.N)))
	}
	return s
}

func (p phrases) keepaliveSummary(r *record.Record) string {
	s := ""
	for e := range r.Keepalive {
		k := &r.Keepalive[e]
		if k.Probes == 0 {
			continue
		}
		part := fmt.Sprintf("%s from the %s, %s unanswered", say.Plural(uint64(k.Probes), "probe"), client(record.End(e)),
			say.Thousands(uint64(k.Unanswered)))
		if k.Idle.OK {
			part += ", the first after " + p.span(k.Idle.V)
		}
		if k.Interval.OK {
			part += ", then every " + p.span(k.Interval.V)
		}
		s = comma(s, part)
	}
	if s != "" && r.KeepaliveOutcome != record.KeepaliveNone {
		s += ": " + r.KeepaliveOutcome.String()
	}
	return s
}

func (p phrases) closeSummary(r *record.Record) string {
	c := &r.Close
	s := ""
	switch c.Kind {
	case record.CloseNormal:
		s = "normally"
		if c.First != record.NoEnd {
			s += ", first by " + the(c.First)
		}
		if c.Segments > 0 {
			s += fmt.Sprintf(", in %d segments", c.Segments)
		}
	case record.CloseReset:
		s = "by a RST" + resetSummary(r)
	case record.CloseHalfClosed:
		s = halfClosed(r)
	case record.CloseUnackedFIN:
		s = "not: a FIN was never acknowledged"
	case record.CloseTimedOut:
		s = "not: data was repeated without an answer, then silence"
	case record.CloseEvicted:
		s = "not seen: dropped from a full table"
	case record.CloseUnknown:
		if r.Capture.Midstream && (c.FINAcked[record.Orig].OK || c.FINAcked[record.Resp].OK) {
			s = "unknown: the other FIN may have passed before the capture began"
		}
	case record.CloseOpen:
		s = "not yet: still open at the end"
	}
	if c.HalfClose.OK && c.BytesAfterFIN.OK && c.BytesAfterFIN.V > 0 {
		s = comma(s, fmt.Sprintf("half-closed for %s with %s", p.span(c.HalfClose.V), say.Bytes(c.BytesAfterFIN.V)))
	}
	return s
}

// resetSummary says whose RST ended the connection, in which state and why.
func resetSummary(r *record.Record) string {
	c := &r.Close
	if c.ResetCause == record.ResetMiddlebox {
		return " from a box between the two ends, in the name of " + the(c.ResetBy) + strangeTTL(r)
	}
	s := ""
	if c.ResetBy != record.NoEnd {
		s += " of " + the(c.ResetBy)
	}
	if c.ResetIn != record.Unknown {
		s += " in " + stateOr(c.ResetIn)
	}
	if diagnose.RefusedLate(r) {
		return s + ": " + refusedLateCause
	}
	return s + ": " + resetCause(c.ResetCause)
}

// halfClosed says which FIN was acknowledged, and what became of the other.
func halfClosed(r *record.Record) string {
	c, e := &r.Close, record.Orig
	if c.FINAcked[record.Resp].OK {
		e = record.Resp
	}
	if r.Capture.OneWay && r.Ends[e].Packets == 0 {
		return "first by " + the(e) + ", whose FIN was not captured; whether the last ACK came cannot be told: only one direction was captured"
	}
	s := "by one end only: the FIN of " + the(e) + " was acknowledged, "
	switch {
	case c.FINs[e.Peer()] > 0 && r.Capture.OneWay:
		return s + "whether the other one was cannot be told: only one direction was captured"
	case c.FINs[e.Peer()] > 0:
		return s + "the other one was not"
	case r.Capture.OneWay:
		return s + "the other direction was not captured"
	}
	return s + the(e.Peer()) + " never sent its own"
}

func (p phrases) timeWaitSummary(r *record.Record) string {
	t := &r.TimeWait
	if t.Holder == record.NoEnd || t.Since == 0 && r.Capture.Untimed == 0 {
		return ""
	}
	s := "held by " + the(t.Holder)
	if t.Until > t.Since && r.Capture.Untimed == 0 {
		s += fmt.Sprintf(" for %s, from %s until %s", p.span(t.Until-t.Since), p.clock(t.Since), p.clock(t.Until))
	}
	switch t.EndedBy {
	case record.TimeWait2MSL:
		s += ", ended by 2MSL"
	case record.TimeWaitReuse:
		s += ", ended by a new SYN"
	case record.TimeWaitReset:
		s += ", ended by a RST"
	case record.TimeWaitInputEnd:
		s += " (after the capture's end)"
	}
	if t.Restarts > 0 {
		s += ", restarted " + say.Plural(uint64(t.Restarts), "time")
	}
	return s
}
