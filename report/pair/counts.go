package pair

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Counts are what a record counts of the segments that an end sent, of each kind, repeats included.
type Counts struct {
	Segments [NClasses]uint32
	Bytes    uint64 // of payload, repeats included
}

// countsOf reads them from a record.
func countsOf(r *record.Record, e record.End) Counts {
	x := &r.Ends[e]
	c := Counts{Bytes: x.WireBytes}
	c.Segments[ClassData], c.Segments[ClassACK] = x.DataSegments, x.PureACKs
	c.Segments[ClassFIN], c.Segments[ClassRST] = r.Close.FINs[e], r.Close.RSTs[e]
	if e == record.Orig {
		c.Segments[ClassSYN] = r.Open.SYNs
	} else {
		c.Segments[ClassSYNACK] = r.Open.SYNACKs
	}
	return c
}

// Counted is what the records of two places count of one direction, of the connections that both watched from
// their beginning to their end. Which segments make a difference they do not tell.
type Counted struct {
	Sent, Came  [NClasses]uint64
	Fewer, More [NClasses]uint64 // that came, by connection: what is fewer in one and more in another does not cancel out
	Bytes       [2]uint64        // of payload: sent, came
}

// Fields walks over what it counts; see fold.Value.
func (c *Counted) Fields(w *fold.Walk) {
	for _, n := range [...]*[NClasses]uint64{&c.Sent, &c.Came, &c.Fewer, &c.More} {
		fold.Sums(w, n[:])
	}
	fold.Sums(w, c.Bytes[:])
}

// add counts what one connection's records say.
func (c *Counted) add(sent, came *Counts) {
	for k := range NClasses {
		s, g := uint64(sent.Segments[k]), uint64(came.Segments[k])
		c.Sent[k], c.Came[k] = c.Sent[k]+s, c.Came[k]+g
		c.Fewer[k] += max(s, g) - g
		c.More[k] += max(s, g) - s
	}
	c.Bytes[0] += sent.Bytes
	c.Bytes[1] += came.Bytes
}

// count compares what the records of a pair count, where both places watched all of the connection.
func (x *comparison) count(p *Pair, to *Detail) {
	if !p.A.counted || !p.B.counted || p.A.Evicted || p.B.Evicted || p.A.Open == record.OpenMidstream || p.B.Open == record.OpenMidstream ||
		!covered(x.B, p.A.Start+x.Clock.At(p.A.Start), p.A.End+x.Clock.At(p.A.End)) ||
		!covered(x.A, p.B.Start-x.Clock.AtB(p.B.Start), p.B.End-x.Clock.AtB(p.B.End)) {
		return
	}
	for d := range NDirections {
		sender := record.End(d)
		near, far := &p.A.Counts[sender], &p.B.Counts[p.endAt(sender)]
		sentTTL, cameTTL := p.A.Offers[sender].TTL, p.B.Offers[p.endAt(sender)].TTL
		if d == Back {
			near, far, sentTTL, cameTTL = far, near, cameTTL, sentTTL
		}
		to.Counted[d].add(near, far)
		for _, c := range [...]Class{ClassFIN, ClassRST} {
			if near.Segments[c] == 0 {
				to.Made[d][c] += uint64(far.Segments[c])
			}
		}
		if sentTTL >= cameTTL && cameTTL > 0 {
			to.Flows[d].Hops[min(sentTTL-cameTTL, mostHops-1)]++
		}
	}
}

// covered reports whether a place captured from one time of its clock to another. Its records may begin and end a
// little later and earlier than it did.
func covered(p *Place, from, until int64) bool {
	first, last := p.watch()
	return from+atOnce >= first && until-atOnce <= last
}

// countTitle is that of countTable.
const countTitle = "What the records of both places count"

// countTable is what records count, by direction and kind; nil where there are none.
func (r *Result) countTable() *table.Table {
	t := &table.Table{Columns: []table.Column{{Title: "from -> to", Left: true}, {Title: "segments", Left: true}, {Title: "sent"}, {Title: "came"},
		{Title: "fewer came"}, {Title: "more came", Quiet: true}}}
	for d := range NDirections {
		c := &r.Counted[d]
		from, to := r.names(d)
		way := say.Escape(from) + table.Between + say.Escape(to)
		row := func(what string, sent, came, fewer, more uint64) {
			if sent+came == 0 {
				return
			}
			less, extra := say.Thousands(fewer), ""
			if fewer > 0 && sent > 0 {
				less += " (" + percent(fewer, sent) + ")"
			}
			if more > 0 {
				extra = say.Thousands(more)
			}
			t.Rows = append(t.Rows, table.Row{Cells: []string{way, what, say.Thousands(sent), say.Thousands(came), less, extra}})
		}
		for k := range NClasses {
			row(k.String(), c.Sent[k], c.Came[k], c.Fewer[k], c.More[k])
		}
		row("bytes of data", c.Bytes[0], c.Bytes[1], max(c.Bytes[0], c.Bytes[1])-c.Bytes[1], max(c.Bytes[0], c.Bytes[1])-c.Bytes[0])
		if hops, ok := r.Flows[d].MostHops(); ok && hops > 0 && All(c.Sent) > 0 {
			t.Rows = append(t.Rows, table.Row{Notes: []table.Note{{Text: say.Plural(uint64(hops), "hop") + " (TTL)"}}})
		}
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

// fewerCame makes a finding of what records count at the sender's place and not at the receiver's. A host that offloads
// segmentation counts several segments as one, so that those with data are compared only where no more came.
func (r *Result) fewerCame() (found []diagnose.Finding) {
	for d := range NDirections {
		c, fewer := &r.Counted[d], r.Counted[d].Fewer
		if c.More[ClassData] > 0 {
			fewer[ClassData] = 0
		}
		n := All(fewer)
		if n == 0 {
			continue
		}
		from, to := r.names(d)
		f := about(&r.tally.fewer[d])
		f.ID = "lost-between:" + from + ">" + to
		f.Severity, f.Confidence = diagnose.Notice, diagnose.Likely
		if n*lossWarns >= All(c.Sent) {
			f.Severity = diagnose.Warning
		}
		f.Title = fmt.Sprintf("The records of %s count %s fewer from %s than those of %s: of %s, on %s",
			to, say.Plural(n, "segment"), from, from, say.Thousands(All(c.Sent)), say.Plural(f.Count, "connection"))
		f.Explanation = fmt.Sprintf("By kind: %s. This is a difference of counts, repeats included: which segments were lost, records do not tell.", byClass(fewer))
		if c.Bytes[0] > c.Bytes[1] {
			f.Explanation += fmt.Sprintf(" Of data %s fewer came.", say.Plural(c.Bytes[0]-c.Bytes[1], "byte"))
		}
		f.Causes = []string{"a link, queue or filter between the two capture points drops them", fmt.Sprintf("the capture at %s missed them", to)}
		f.Advice = []string{"Compare the captures themselves, if they are kept: `tcpwatch pair` tells of those which segments were lost."}
		found = append(found, f)
	}
	return found
}
