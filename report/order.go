package report

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tcpwatch/internal/fold"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// byID orders records by id. The same id can only come from different inputs;
// what else tells them apart follows, so that the order is total.
func byID(a, b *record.Record) int {
	return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End),
		bytes.Compare(a.Orig.Addr[:], b.Orig.Addr[:]), bytes.Compare(a.Resp.Addr[:], b.Resp.Addr[:]),
		cmp.Compare(a.Orig.Port, b.Orig.Port), cmp.Compare(a.Resp.Port, b.Resp.Port))
}

// orderWords are the sort keys of the connections report that are no fields, each with its
// order: what is longest or most comes first.
func orderWords() map[string]func(a, b *record.Record) int {
	most := func(get func(r *record.Record) int64) func(a, b *record.Record) int {
		return func(a, b *record.Record) int { return cmp.Compare(get(b), get(a)) }
	}
	return map[string]func(a, b *record.Record) int{
		"duration": most(func(r *record.Record) int64 { return r.End - r.Start }),
		"bytes":    most(func(r *record.Record) int64 { return int64(r.Ends[0].Bytes.V + r.Ends[1].Bytes.V) }),
		"packets":  most(func(r *record.Record) int64 { return int64(r.Ends[0].Packets + r.Ends[1].Packets) }),
		"felt":     most(func(r *record.Record) int64 { return r.Open.Felt.V }),
	}
}

// connectionOrder is the order of the connections report by a sort key: one of its words, or
// any field of the record, from the least. A minus before the key turns that around, but what
// lacks the field comes last both ways. Connections that are equal go by id. The function is
// not safe for concurrent use.
func connectionOrder(key string, o schema.Options) (func(a, b *record.Record) int, error) {
	name, minus := strings.CutPrefix(key, "-")
	if word := orderWords()[name]; word != nil {
		if minus {
			return func(a, b *record.Record) int { return cmp.Or(word(b, a), byID(a, b)) }, nil
		}
		return func(a, b *record.Record) int { return cmp.Or(word(a, b), byID(a, b)) }, nil
	}
	f, err := schema.Lookup(name)
	if err != nil {
		return nil, err
	}
	order := schema.NewOrder(o, f, minus)
	return func(a, b *record.Record) int { return cmp.Or(order(a, b), byID(a, b)) }, nil
}

// isConnections tells the table whose rows may be in the order of any field.
func isConnections(t Table) bool { return t.Name == connectionsTable().Name }

// validSort tells in one line what is wrong with the sort key for the tables that are printed.
func (o TableOptions) validSort(chosen []Table) error {
	if o.Sort == "" || slices.ContainsFunc(chosen, func(t Table) bool { return slices.Contains(t.Sorts, o.Sort) }) {
		return nil
	}
	var others []string
	for _, t := range AllTables() {
		if slices.Contains(t.Sorts, o.Sort) {
			others = append(others, t.Name)
		}
	}
	if len(others) > 0 {
		return fmt.Errorf("sort key %q is for --report %s", o.Sort, strings.Join(others, ", "))
	}
	_, err := connectionOrder(o.Sort, o.Records)
	connections := slices.ContainsFunc(chosen, isConnections)
	switch {
	case err == nil && connections:
		return nil
	case err == nil:
		return fmt.Errorf("sort key %q is for --report connections", o.Sort)
	}
	var known []string
	for _, t := range chosen {
		known = append(known, t.Name+": "+strings.Join(t.Sorts, ", "))
	}
	text := fmt.Sprintf("unknown sort key %q; known are %s", o.Sort, strings.Join(known, "; "))
	if connections {
		text += " and every field"
		if near := schema.Near(strings.TrimPrefix(o.Sort, "-")); len(near) > 0 {
			text += "; near it: " + strings.Join(near, ", ")
		}
	}
	return errors.New(text)
}

// ranking keeps the records that rank first; ties go by id.
type ranking = fold.Ranking[record.Record]

func newRanking(limit int, compare func(a, b *record.Record) int) ranking {
	return fold.NewRanking(limit, func(a, b *record.Record) int { return cmp.Or(compare(a, b), byID(a, b)) }, CopyRecord)
}

// CopyRecord copies a record without what is borrowed from the tracker: transitions and episodes
// of zero windows, and the mark, which depends on who followed the connection.
func CopyRecord(to, from *record.Record) {
	*to = *from
	to.Mark = 0
	to.Transitions, to.Ends[0].ZeroWindowList, to.Ends[1].ZeroWindowList = nil, nil, nil
}
