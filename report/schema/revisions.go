package schema

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// Limits of what Revisions remembers.
const (
	maxOver    = 1 << 21 // connections that are over: the last so many at least, the last twice as many at most
	maxGoingOn = 1 << 20 // connections of which only interim records came
)

// Revisions decides which of several records of a connection counts: the final one, wherever it
// stands, however often it comes; of a connection that has none, that of the highest revision. It is
// not safe for concurrent use.
type Revisions struct {
	Doubled   uint64 // final records that came before
	Forgotten bool   // connections that were over were forgotten: records of one that lie that far apart count again
	LeftOut   uint64 // interim records of connections for which there was no room

	over, older map[uint64]struct{}
	open        map[uint64]Last
	most        [2]int // maxOver and maxGoingOn
}

// Last is where the record of the highest revision of a connection is.
type Last struct {
	Input, Row int
	revision   uint32
}

// NewRevisions returns Revisions.
func NewRevisions() *Revisions {
	return &Revisions{over: map[uint64]struct{}{}, open: map[uint64]Last{}, most: [2]int{maxOver, maxGoingOn}}
}

// Take takes the record in a row of an input, and reports whether it tells something new: a final
// record that does counts. One that has no uid, or whose uid says too little for want of a time, is
// taken as it is.
func (v *Revisions) Take(r *record.Record, input, row int) bool {
	if r.UID == (record.UID{}) || r.Capture.Untimed > 0 {
		return true
	}
	return v.take(r.UID, r.Interim, r.Revision, input, row)
}

func (v *Revisions) take(uid record.UID, interim bool, revision uint32, input, row int) bool {
	id := binary.BigEndian.Uint64(uid[:]) // of a SHA-256: among a billion connections two are alike by a chance of 3 in 100
	_, over := v.over[id]
	if !over {
		_, over = v.older[id]
	}
	switch {
	case over:
		if !interim {
			v.Doubled++
		}
		return false
	case !interim:
		delete(v.open, id)
		v.end(id)
		return true
	}
	last, known := v.open[id]
	switch {
	case known && last.revision >= revision:
		return false
	case !known && len(v.open) >= v.most[1]:
		v.LeftOut++
	default:
		v.open[id] = Last{input, row, revision}
	}
	return true
}

// end remembers that a connection is over.
func (v *Revisions) end(id uint64) {
	if len(v.over) >= v.most[0] {
		v.Forgotten = v.Forgotten || v.older != nil
		v.older, v.over = v.over, map[uint64]struct{}{}
	}
	v.over[id] = struct{}{}
}

// Told says, a line each, what was left out, and what counts though it is not final.
func (v *Revisions) Told() (lines []string) {
	if n := uint64(len(v.open)); n > 0 {
		lines = append(lines, fmt.Sprintf("no final record of %s: the last interim one counts", say.Plural(n, "connection")))
	}
	if n := v.LeftOut; n > 0 {
		lines = append(lines, fmt.Sprintf("%s of connections beyond %s that went on: these count only where their final record is there", say.Plural(n, "interim record"), say.Thousands(uint64(v.most[1]))))
	}
	if v.Doubled > 0 {
		lines = append(lines, say.Plural(v.Doubled, "final record")+" came again, by uid: left out")
	}
	if v.Forgotten && (v.Doubled > 0 || len(v.open) > 0) {
		lines = append(lines, "a connection whose records lie millions of others apart may be counted twice")
	}
	return lines
}

// GoingOn is where the connections end that have no final record, in the order of the inputs.
func (v *Revisions) GoingOn() []Last {
	all := make([]Last, 0, len(v.open))
	for _, l := range v.open {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b Last) int { return cmp.Or(cmp.Compare(a.Input, b.Input), cmp.Compare(a.Row, b.Row)) })
	return all
}
