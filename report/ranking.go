package report

import (
	"cmp"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// ranking keeps the records that rank first; ties go by id.
type ranking = fold.Ranking[record.Record]

func newRanking(limit int, compare func(a, b *record.Record) int) ranking {
	return fold.NewRanking(limit, func(a, b *record.Record) int { return cmp.Or(compare(a, b), byID(a, b)) }, CopyRecord)
}

// CopyRecord copies a record without what is borrowed from the tracker: transitions and episodes
// of zero windows.
func CopyRecord(to, from *record.Record) {
	*to = *from
	to.Transitions, to.Ends[0].ZeroWindowList, to.Ends[1].ZeroWindowList = nil, nil, nil
}
