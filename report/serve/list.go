package serve

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/report/where"
	"tcpwatch/tracker/record"
)

const (
	pageRows    = 100      // connections in the page's table
	newestFirst = "-start" // its order
	mostRows    = 1000     // that a request may ask for
)

// list are connections of an order, from among all that are held and those that are kept.
type list struct {
	view     *report.View
	rows     []record.Record
	matching uint64 // how many there are to choose from
	over     uint64 // of all connections, those that have ended
	kept     uint64 // of those, how many were looked at
}

// listOf is the list that a View was made for.
func (s *Server) listOf(v *report.View, w report.Wanted) *list {
	x := &list{view: v, matching: v.Matching}
	l := report.NewListing(w, s.o.Tables.Records)
	over := make(map[uint64]bool)
	x.over = s.ended.each(func(r *record.Record) {
		x.kept++
		if r.Ended > v.At {
			return // the View has it as it was
		}
		over[r.ID] = true
		l.Add(r)
	})
	_, chosen := l.Records()
	x.matching += chosen
	w.Where = nil // what is left was chosen by it
	all := report.NewListing(w, s.o.Tables.Records)
	rows, _ := l.Records()
	for i := range rows {
		all.Add(&rows[i])
	}
	for i := range v.Listed {
		if r := &v.Listed[i]; !over[r.ID] {
			all.Add(r)
		}
	}
	x.rows, _ = all.Records()
	return x
}

// connections has the list made that somebody asks for.
func (s *Server) connections(ctx context.Context, limit int, sort, text string) (*list, error) {
	w := report.Wanted{Rows: limit, Sort: sort, Held: true}
	if text != "" {
		c, err := s.chooserOf(text)
		if err != nil {
			return nil, wrong{err}
		}
		w.Where = c
	}
	v, err := s.askFor(ctx, fmt.Sprintf("%d %s %s", limit, sort, text), w)
	if err != nil {
		return nil, err
	}
	w.Where = v.Wanted.Where // of whoever asked the same first
	return s.listOf(v, w), nil
}

// checkSort refuses a key that is none.
func checkSort(key string) error {
	o := report.TableOptions{Reports: []string{"connections"}, Sort: key}
	return o.Validate()
}

// chooser is a condition; see report.Chooser.
type chooser struct {
	expr *where.Expr
	o    schema.Options
}

// String is the condition as it was given.
func (c *chooser) String() string { return c.expr.String() }

// Matcher is for one worker; see report.Chooser.
func (c *chooser) Matcher() func(r *record.Record) bool { return c.expr.Filter(c.o).Match }

// longestWhere bounds a condition; shorter than on a command line, as those who ask are others.
const longestWhere = 1000

var (
	calls = regexp.MustCompile(`([A-Za-z_]\w*)\s*\(`)
	words = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	// known are functions that take no longer than their argument is long, true those that go
	// through a list.
	known = map[string]bool{"len": false, "lower": false, "upper": false, "abs": false, "ceil": false, "floor": false, "round": false, "int": false,
		"float": false, "string": false, "min": false, "max": false, "hasPrefix": false, "hasSuffix": false, "indexOf": false, "trim": false,
		"has": false, "cidr": false, "and": false, "or": false, "not": false, "in": false, "any": true, "all": true, "none": true, "one": true, "count": true, "sum": true}
)

// chooserOf reads a condition. It is worked out for each connection by those who take packets, so
// nothing is taken that could take long: ranges, variables, lists within lists.
func (s *Server) chooserOf(text string) (*chooser, error) {
	if len(text) > longestWhere {
		return nil, fmt.Errorf("where: %d bytes, at most %d", len(text), longestWhere)
	}
	plain := words.ReplaceAllString(text, `""`)
	loops := 0
	for _, m := range calls.FindAllStringSubmatch(plain, -1) {
		loop, ok := known[m[1]]
		if !ok {
			return nil, fmt.Errorf("where: %s() is not taken here: --where takes it", m[1])
		}
		if loop {
			loops++
		}
	}
	switch {
	case loops > 1:
		return nil, errors.New("where: one any(), all(), none(), one(), count() or sum() at most: --where takes more")
	case strings.Contains(plain, ".."), strings.Contains(plain, ";"), strings.Contains(plain, "let "), strings.Contains(plain, "`"), strings.Contains(plain, "matches"):
		return nil, errors.New("where: no range, variable or pattern is taken here: --where takes them")
	}
	e, err := where.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("where: %w", err)
	}
	return &chooser{e, s.o.Tables.Records}, nil
}
