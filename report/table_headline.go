package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
)

// readAndKept says how many packets were read, and how many connections they make.
func readAndKept(s *Summary, h *Headline) string {
	text := "tcpwatch: " + say.Plural(h.Packets, "packet")
	filtered := h.Filter != "" && !h.Live && h.Packets > 0
	if filtered {
		text += " read"
	}
	if h.Bytes > 0 {
		text += " (" + say.Bytes(h.Bytes) + ")"
	}
	switch {
	case filtered && h.Passed == 0:
		text += ", none passed the filter"
	case filtered:
		text += ", " + say.Thousands(h.Passed) + " passed the filter"
	}
	if h.Where != "" {
		text += ", " + say.Thousands(s.conns) + " of " + say.Plural(s.conns+s.leftOut, "connection")
	} else {
		text += ", " + say.Plural(s.conns, "connection")
	}
	return text
}

// writeHeadline says what was read, and what was lost on the way.
func writeHeadline(p *page, s *Summary, h *Headline) {
	text := readAndKept(s, h)
	if from := input(h); from != "" {
		text += ", from " + from
	}
	p.headline(text)
	if h.timed() {
		p.label("span", p.Span(h.Span())+", "+p.FromTo(h.Start, h.End))
	}
	writeClock(p, h)
	if s.conns > 0 {
		p.label("connections", connectionCounts(s))
	}
	if x := s.twice(h); x.N > 0 {
		p.label("two places", x.How()+"; "+x.Command()+" compares them")
	}
	writeUnknown(p, s)
	if n := s.findings.Damaged(); n > 0 {
		p.label("damaged", say.Plural(n, "connection")+" of damaged packets only (IP header checksum wrong), left out of findings, handshakes and closes")
	}
	writeLosses(p, h)
	if h.Filter != "" {
		if h.FilterIsDefault {
			p.label("filter", "the default: "+h.Filter)
		} else {
			p.label("filter", say.Escape(h.Filter))
		}
	}
	p.choices(h)
	writeNotSeen(p, h)
}

// headline writes the first line, which goes on indented where it is too long.
func (p *page) headline(text string) {
	if p.sections != nil {
		p.sections[0].Text = text
		return
	}
	for i, l := range say.WrapHard(text, p.Width-2) {
		p.b.WriteString(strings.Repeat("  ", min(i, 1)) + p.Paint(say.Bold, l) + "\n")
	}
}

// choices say what the user left out, and what that does to findings.
func (p *page) choices(h *Headline) {
	p.window(h)
	p.anonymous(h)
	if h.Where != "" {
		p.label("where", say.Escape(h.Where))
		if len(p.findings) > 0 {
			p.label("", chosenOnly)
		}
	}
}

// window says what was read where only a part of the time was asked for.
func (p *page) window(h *Headline) {
	var parts []string
	if h.From.OK {
		parts = append(parts, "from "+p.DateMilli(h.From.V)+" on")
	}
	if h.To.OK {
		parts = append(parts, "before "+p.DateMilli(h.To.V))
	}
	if len(parts) == 0 {
		return
	}
	text := fmt.Sprintf("packets %s; %s left out", strings.Join(parts, " and "), say.Plural(h.Outside, "other"))
	if h.Packets == 0 && h.First.OK {
		text += ": the input runs from " + p.FromTo(h.First.V, h.Last.V)
	}
	p.label("only", text)
}

// anonymous says that addresses are not those of the packets.
func (p *page) anonymous(h *Headline) {
	if h.Anonymous {
		p.label("addresses", "others than in the packets, by one key (--anonymize); names and payload are left out")
	}
}

// chosenOnly is what --where does to findings.
const chosenOnly = "findings are judged from these connections only, so each is at most possible"

// writeNotSeen says what is not there, and what cannot be read.
func writeNotSeen(p *page, h *Headline) {
	switch {
	case h.Filter == "" && h.Packets > 0 && h.Segments == 0:
		p.label("not seen", "TCP: "+otherThanTCP(h))
	case !h.FilterIsDefault && h.Passed > 0 && h.Segments == 0:
		p.label("not seen", "TCP: none is among the packets that passed the filter")
	case len(h.Hides) > 0:
		p.label("not seen", say.Escape(strings.Join(h.Hides, ", "))+": the filter hides them")
	}
	for _, d := range h.Damaged {
		p.label("damaged", say.Escape(d.Error()))
	}
}

// writeClock says what the times of packets are not worth.
func writeClock(p *page, h *Headline) {
	c := &h.Clock
	if c.Untimed > 0 {
		p.label("no time", say.Plural(c.Untimed, "packet")+" of "+say.Thousands(h.Packets)+" without a time that can be used (Simple Packet Blocks of pcapng have none; a damaged one is centuries away)")
	}
	if c.Gaps > 0 {
		p.label("not covered", fmt.Sprintf("%s in %s: connections show that the capture was off; waits and states leave that time out", p.Span(c.Uncovered), say.Plural(c.Gaps, "gap")))
	}
	if c.Steps > 0 {
		p.label("clock", "stepped "+say.Plural(c.Steps, "time")+" while connections went on; durations leave the steps out")
	}
	if c.Misstamped > 0 {
		p.label("stamps", say.Plural(c.Misstamped, "packet")+" with a wrong time, as the packets around them show; durations leave them out")
	}
}

// input names the files or the interface.
func input(h *Headline) string {
	switch n := len(h.Files); {
	case h.Live && h.Interface != "" && n == 0:
		return "interface " + say.Escape(h.Interface)
	case n == 0:
		return ""
	case n <= 3:
		names := make([]string, n)
		for i, f := range h.Files {
			names[i] = say.Escape(f)
			if f == "-" {
				names[i] = "standard input"
			}
		}
		return say.List(names)
	default:
		return fmt.Sprintf("%d files, %s to %s", n, say.Escape(h.Files[0]), say.Escape(h.Files[n-1]))
	}
}

func connectionCounts(s *Summary) string {
	h := undamaged[*handshakes](s)
	var all counted
	done, bad := h.totals()
	all.add(done.n, "opened")
	all.add(bad.total(), "failed to open")
	all.add(bad.n[stillOpening], "still opening")
	all.add(h.midstream, "already running when first seen")
	all.add(h.halves, "with nothing captured but a SYN/ACK")
	all.add(h.forgotten, "evicted before they opened, or seen only after their eviction")
	return all.String()
}

// countWords lists counts in words, the greatest first.
func countWords(by map[string]uint64) string {
	kinds := slices.SortedFunc(maps.Keys(by), func(a, b string) int { return cmp.Or(cmp.Compare(by[b], by[a]), cmp.Compare(a, b)) })
	var all counted
	for _, k := range kinds {
		all.add(by[k], k)
	}
	return all.String()
}

func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

// writeLost says what files of records lack.
func writeLost(p *page, h *Headline) {
	l := &h.Lost
	if l.Parts > 0 {
		with := " with " + say.Plural(l.Conns, "connection")
		if l.Conns == 0 {
			with = ", nobody knows with how many connections"
		}
		p.label("lost", say.Plural(l.Parts, "file")+" of records"+with+": missing or damaged, and not in this report")
	}
	if l.Runs > 0 {
		p.label("no stats", say.Plural(l.Runs, "run")+" that did not come to an end, or whose stats are lost: what else they saw is not known")
	}
}

// writeLosses says what was skipped, dropped, evicted or not understood.
func writeLosses(p *page, h *Headline) {
	writeLost(p, h)
	var skipped counted
	var sum uint64
	for _, c := range h.Skipped {
		skipped.add(c.N, say.Escape(c.Reason))
		sum += c.N
	}
	if sum > 0 {
		p.label("skipped", say.Plural(sum, "packet")+": "+skipped.String())
	}
	if n := h.KernelDrops.V + h.InterfaceDrops.V; n > 0 && h.ofMore() {
		p.label("dropped", h.ofMoreWords(n))
	} else if h.KernelDrops.OK && h.KernelDrops.V > 0 || h.InterfaceDrops.OK && h.InterfaceDrops.V > 0 {
		p.label("dropped", fmt.Sprintf("%s by the kernel%s, %s by the interface: parts of this report may be wrong; a larger buffer (-B) helps",
			say.Thousands(h.KernelDrops.V), droppedShare(h), say.Thousands(h.InterfaceDrops.V)))
	}
	if h.Unnamed > 0 {
		p.label("unnamed", say.Plural(h.Unnamed, "connection")+": payload not searched for names, because too many others were being searched")
	}
	if h.Tracker.Evicted > 0 {
		p.label("evicted", say.Plural(h.Tracker.Evicted, "connection")+" evicted because the table was full"+inBrackets(countWords(h.Tracker.EvictedBy))+
			"; no finding is proven"+p.hint("; --max-conns or --max-memory makes the table larger"))
	}
	if n := anomalies(h); n > 0 {
		p.label("anomalies", say.Plural(n, "segment")+" that no rule of RFC 9293 explains")
	}
	if s := countWords(h.Tracker.Limits); s != "" {
		p.label("limits", s+": more than the program keeps")
	}
}

// otherThanTCP says what the packets of a capture without TCP are.
func otherThanTCP(h *Headline) string {
	if len(h.Skipped) == 1 {
		switch h.Skipped[0].Reason {
		case capture.SkipNotIP.String():
			return "no packet is IP"
		case capture.SkipNotTCP.String():
			return "all packets are IP of other protocols"
		case capture.SkipLinkType.String():
			return "the link type of the packets cannot be read"
		case capture.SkipCut.String():
			return "every packet is cut before its TCP header; a larger snaplen (-s) helps"
		case capture.SkipEncrypted.String():
			return "the packets are encrypted"
		}
	}
	parts := make([]string, len(h.Skipped))
	for i, c := range h.Skipped {
		parts[i] = say.Thousands(c.N) + " " + say.Escape(c.Reason)
	}
	if len(parts) == 0 {
		return "no packet holds any"
	}
	return "no packet holds any: " + say.List(parts)
}

// droppedShare is how much of what came the kernel dropped, which tells whether
// that matters. Of a file it is not known: it may be an extract of what the counter counts.
func droppedShare(h *Headline) string {
	if !h.Live {
		return ""
	}
	share := 100 * float64(h.KernelDrops.V) / max(float64(h.KernelDrops.V)+float64(h.Packets), 1)
	switch {
	case share == 0:
		return ""
	case share < 0.01:
		return " (less than 0.01 %)"
	}
	return fmt.Sprintf(" (%.2f %%)", share)
}

// ofMore reports whether the drops are those of a capture of which the input holds a part: see diagnose.OfMore.
func (h *Headline) ofMore() bool {
	return diagnose.OfMore(h.Packets, h.Received, h.KernelDrops.V)
}

func (h *Headline) ofMoreWords(dropped uint64) string {
	return fmt.Sprintf("%s of %s packets of a capture that lost %s: how many of those are absent here is not known", say.Thousands(h.Packets), say.Thousands(h.Received), say.Thousands(dropped))
}

func anomalies(h *Headline) (n uint64) {
	for _, c := range h.Tracker.Anomalies {
		n += c
	}
	return n
}

// whyUnknown says why something is not known of some connections.
func (s *Summary) whyUnknown(r schema.Reason) string {
	n := s.unknown[r]
	alone := n - min(n, s.oneWay)
	switch {
	case r != schema.OneWay || alone == 0:
		return schema.Unknowns()[r].Why
	case alone == n: // a lone packet may have had no answer
		return "only one end was seen"
	}
	return fmt.Sprintf("only one direction of %s was captured, as ACKs show; only one end of %s was seen", say.Thousands(n-alone), say.Thousands(alone))
}

// writeUnknown says what is left out of how many connections, a line a reason.
func writeUnknown(p *page, s *Summary) {
	for i, u := range schema.Unknowns() {
		if n := s.unknown[i]; n > 0 {
			why := ": " + s.whyUnknown(schema.Reason(i))
			if schema.Reason(i) == schema.Midstream {
				why = "" // said where the connections are counted
			}
			p.label(u.Label, say.Plural(n, "connection")+why+"; left out: "+u.What+u.More)
		}
	}
}
