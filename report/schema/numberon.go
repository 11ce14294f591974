package schema

import "tcpwatch/tracker/record"

// NumberOn has records go on where inputs before ended, of so many packets and files, as a RecordReader
// does, but for their lists of transitions and of zero windows. What tells them from the connections of
// other inputs stays.
func NumberOn(before uint64, filesBefore int) func(r *record.Record) {
	var numbered []source
	for _, f := range Fields() {
		if f.source.numbers != 0 && f.source.at != nil {
			numbered = append(numbered, f.source)
		}
	}
	return func(r *record.Record) {
		r.UID = r.Unique()
		first := r.File == 0
		for i := range numbered {
			c := cell{place: numbered[i].at(r)}
			switch n, ok := c.number(); {
			case !ok || n == 0:
			case numbered[i].numbers == packets:
				c.set(n + int64(before))
			default:
				c.set(n + int64(filesBefore))
			}
		}
		if first {
			r.File = filesBefore
		}
	}
}
