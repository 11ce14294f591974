package tui

import (
	"cmp"
	"slices"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// list is the view of connections: what it asks for, and where one is in it.
type list struct {
	columns []column
	sort    int  // index of the column
	down    bool // the greatest first
	sorting bool // arrows choose the column
	closed  bool
	shift   int      // how many columns behind the first are left out: those further right are shown
	chooser *chooser // nil for all
	typed   string
	rows    []record.Record
	of      uint64
	looked  bool // rows are those that are asked for
	chosen  int
	id      uint64 // of the connection that is chosen
	seek    bool   // id is to be chosen when it is listed
	end     bool   // the last is to be chosen when it is
	first   int    // row at the top
}

// column is one of the list.
type column struct {
	name, title, sort string
	left              bool
	cell              func(r *record.Record, now int64) string
}

// mostRows is how many connections a list holds: the order brings the others up.
const mostRows = 10000

// columnWords are the columns that are no field, with the field by which they sort.
func columnWords(o *Options) []column {
	p := sentence.Phrases{Clock: o.Tables.Clock, ASCII: o.Tables.ASCII}
	bytes := func(e record.End) func(r *record.Record, _ int64) string {
		return func(r *record.Record, _ int64) string {
			if b := r.Ends[e].Bytes; b.OK {
				return say.Bytes(b.V)
			}
			return ""
		}
	}
	return []column{
		{"id", "id", "id", false, func(r *record.Record, _ int64) string { return sentence.ID(r.ID) }},
		{"client", "client", "orig_ip", true, func(r *record.Record, _ int64) string { return r.Orig.String() }},
		{"server", "server", "resp_ip", true, func(r *record.Record, _ int64) string { return r.Resp.String() }},
		{"states", "states", "orig_state", true, func(r *record.Record, _ int64) string {
			if givenUp(r) {
				return "given up"
			}
			return stateWords(r)
		}},
		{"lasts", "lasts", "duration_s", false, func(r *record.Record, now int64) string {
			if x := lasts(r, now); x.OK {
				return p.Span(x.V)
			}
			return ""
		}},
		{"retx", "retx", "orig.retx", false, func(r *record.Record, _ int64) string {
			if n := r.Ends[0].Retx + r.Ends[1].Retx; n > 0 {
				return say.Thousands(uint64(n))
			}
			return ""
		}},
		{"sent", "sent", "orig.bytes", false, bytes(record.Orig)},
		{"received", "received", "resp.bytes", false, bytes(record.Resp)},
		{"felt", "felt", "open.felt_s", false, func(r *record.Record, _ int64) string {
			if x := r.Open.Felt; x.OK {
				return p.Span(x.V)
			}
			return ""
		}},
		{"close", "close", "close.kind", true, func(r *record.Record, _ int64) string { return r.Close.Kind.String() }},
		{"about", "about", "names.sni", true, func(r *record.Record, _ int64) string { return sentence.About(r.Names) }},
	}
}

// lasts is how long a connection has lasted: of one that goes on until now, else until its last
// packet. now is 0 where all are over.
func lasts(r *record.Record, now int64) record.Opt[int64] {
	x := r.Lasted()
	if x.OK && diagnose.GoesOn(r) && now > r.End {
		x.V += now - r.End
	}
	return x
}

// stateWords are the states of both ends, once where they are the same.
func stateWords(r *record.Record) string {
	a, b := r.States[0].String(), r.States[1].String()
	switch {
	case a == b:
		return a
	case a == "":
		a = "?"
	case b == "":
		b = "?"
	}
	return a + "/" + b
}

// givenUp reports whether a connection is at its end without a close: what an end waited for was asked for
// again no more, or the table let it go so.
func givenUp(r *record.Record) bool {
	if r.Interim || r.Unfinished {
		return diagnose.Stale(r)
	}
	if r.Close.ResetBy != record.NoEnd {
		return false
	}
	for _, s := range r.States {
		switch s {
		case record.Closed, record.TimeWait, record.Unknown, record.Listen:
		default:
			return true
		}
	}
	return false
}

// newList has the columns of a configuration, which was checked.
func newList(o Options) list {
	l := list{closed: true}
	words := columnWords(&o)
	for _, name := range o.Config.Columns {
		if i := slices.IndexFunc(words, func(c column) bool { return c.name == name }); i >= 0 {
			l.columns = append(l.columns, words[i])
			continue
		}
		if cells, err := report.NewCells([]string{name}, o.Tables); err == nil {
			l.columns = append(l.columns, column{name, name, name, false, func(r *record.Record, _ int64) string { return cells.Of(r)[0] }})
		}
	}
	l.down = true // the newest first
	return l
}

// ask tells what the list wants to hold.
func (l *list) ask(w *report.Wanted, height int) {
	const step = 500
	if w.Rows = min((max(l.chosen, l.first)+2*height+step)/step*step, mostRows); l.end {
		w.Rows = mostRows
	}
	w.Sort = l.columns[l.sort].sort
	if l.down {
		w.Sort = "-" + w.Sort
	}
	w.Closed = l.withClosed()
	if l.chooser != nil {
		w.Where = l.chooser
	}
}

// withClosed reports whether those that ended are listed: what a finding cites is, in any case.
func (l *list) withClosed() bool { return l.closed || l.chooser != nil && l.chooser.cited }

// seen are the columns from which those are taken that have room: the first, and what the user has not
// scrolled past.
func (l *list) seen() []column {
	return append(l.columns[:1:1], l.columns[1+l.shift:]...)
}

// scroll scrolls the columns behind the first.
func (l *list) scroll(by int) {
	l.shift = max(min(l.shift+by, len(l.columns)-2), 0)
}

// choose sets the filter; nil for none.
func (l *list) choose(c *chooser, typed string) {
	l.chooser, l.typed, l.chosen, l.first, l.id, l.seek, l.end = c, typed, 0, 0, 0, false, false
	l.rows, l.of, l.looked = nil, 0, false
}

// take takes the rows of a View; the connection that is chosen stays so.
func (l *list) take(v *report.View) {
	if v.Wanted.Rows == 0 || v.Partial && l.looked || (v.Wanted.Where == nil) != (l.chooser == nil) || l.chooser != nil && v.Wanted.Where != report.Chooser(l.chooser) {
		return
	}
	l.rows, l.of, l.looked = v.Listed, v.Matching, !v.Partial
	if l.columns[l.sort].name == "lasts" && !v.Ended { // what goes on lasts longer than to its last packet
		l.rows = slices.Clone(l.rows)
		slices.SortStableFunc(l.rows, func(a, b record.Record) int {
			c := cmp.Compare(lasts(&a, v.At).V, lasts(&b, v.At).V)
			if l.down {
				return -c
			}
			return c
		})
	}
	if i := slices.IndexFunc(l.rows, func(r record.Record) bool { return r.ID == l.id }); i >= 0 && l.id != 0 && (l.chosen > 0 || l.seek) {
		if !l.seek {
			l.first += i - l.chosen
		}
		l.chosen, l.seek = i, false
	}
	if l.end && v.Wanted.Rows == mostRows {
		l.chosen, l.end = len(l.rows), false
	}
	l.move(0, 1<<20)
}

// at is the connection that is chosen; nil for none.
func (l *list) at() *record.Record {
	if l.chosen < len(l.rows) {
		return &l.rows[l.chosen]
	}
	return nil
}

// move moves the choice, in a window of some rows.
func (l *list) move(by, window int) {
	l.chosen = max(min(l.chosen+by, len(l.rows)-1), 0)
	l.first = max(min(l.first, l.chosen), l.chosen-max(window, 1)+1, 0)
	l.id = 0
	if r := l.at(); r != nil {
		l.id = r.ID
	}
}

// sortKey takes a key while the order is chosen; false for one that is none of its.
func (l *list) sortKey(do action, name string) bool {
	switch {
	case name == "left", name == "h":
		l.sort = (l.sort + len(l.columns) - 1) % len(l.columns)
	case name == "right", name == "l":
		l.sort = (l.sort + 1) % len(l.columns)
	case do == doUp:
		l.down = false
	case do == doDown:
		l.down = true
	case do == doOpen, do == doBack, do == doSort:
		l.sorting = false
	default:
		l.sorting = false
		return false
	}
	l.chosen, l.first = 0, 0
	return true
}
