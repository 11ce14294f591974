// Package fold holds values that take in one thing after another, take in another of
// their kind ([Merge]) with the same result as if all had come to one, stay bounded
// whatever comes, and can be written down ([Append]) and read back ([Read]).
//
// A fold is a struct with a method Fields that lists its fields, each with how it merges:
//
//	type waits struct {
//		n       uint64
//		longest int64
//		hosts   fold.Distinct
//	}
//
//	func (x *waits) Fields(w *fold.Walk) {
//		fold.Sum(w, &x.n)
//		fold.Max(w, &x.longest)
//		x.hosts.Fields(w)
//	}
//
// That one list serves merging, writing and reading. Its order is the order in which the
// fields are written: whoever changes the list of what is kept in files raises their version.
// Writing and reading are for sums of long runs and of several hosts, to be merged later
// (report.Summary's AppendFold): an archive of records has those of each run. Numbers of
// packets are read on from those before ([Reading]): in plain values they have a tag.
//
// Plain numbers are [Sum], [Max] and [Least]; [Range], [First], [Distinct], [Histogram],
// [Series], [Ranking], [Bounded] and [Worst] are folds to be used as fields. It imports the standard
// library only.
package fold
