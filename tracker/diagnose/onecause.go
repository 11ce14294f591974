package diagnose

import (
	"cmp"
	"slices"
)

// maxExplained bounds the connections whose other troubles a finding explains.
const maxExplained = 1024

// explained are the ids of those, the least of them, in order.
type explained []uint64

// Items are the ids.
func (x *explained) Items() []uint64 { return *x }

// Take keeps an id when it is one of the least.
func (x *explained) Take(id uint64) { keepLeast(x, id, maxExplained, cmp.Compare[uint64]) }

// oneCause leaves out the findings that another one explains, and names them
// there, the worst first: all their connections are among those whose other troubles it explains. It
// is as bad as what it explains. What
// is told of the capture stands, and what is worth knowing only, but for RSTs.
func oneCause(all []Finding) []Finding {
	worse := false
	for i := range all {
		root := &all[i]
		if len(root.explains) == 0 {
			continue
		}
		for j := range all {
			if x := &all[j]; i != j && x.explainedBy(root) {
				root.also = append(root.also, x.Title)
				worse = worse || x.Severity > root.Severity
				root.asBadAs(x)
				x.Count = 0
			}
		}
	}
	all = slices.DeleteFunc(all, func(x Finding) bool { return x.Count == 0 })
	if worse {
		slices.SortFunc(all, func(a, b Finding) int { return compare(&a, &b) })
	}
	return all
}

// tellsAlso names what a finding explains besides.
func (f *Finding) tellsAlso() {
	if len(f.also) > 0 {
		f.Explanation += " It also explains: " + named(f.also, "; ") + "."
	}
}

// explainedBy tells that a finding's connections, or those that it is owing to, are all among
// those that another explains.
func (x *Finding) explainedBy(root *Finding) bool {
	if x.Count == 0 || len(x.explains) > 0 || x.Group == GroupCapture || x.Severity < Notice && x.Group != GroupReset || len(x.Conns) == 0 {
		return false
	}
	ids, n := x.Conns, x.Count
	if len(x.owing) > 0 {
		ids, n = x.owing, uint64(len(x.owing))
	}
	if n > uint64(len(root.explains)) {
		return false
	}
	for _, id := range ids {
		if _, found := slices.BinarySearch(root.explains, id); !found {
			return false
		}
	}
	return true
}
