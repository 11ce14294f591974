package where

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tcpwatch/internal/say"
)

const (
	nearNames = 4 // at most so many are offered
	// farthest is how many letters may be wrong in a name for another to be
	// offered: a third of them, no more than this.
	farthest = 4
)

// wrong is the first use of something that is no field; nil without one.
func (r *resolver) wrong() error {
	if len(r.open) == 0 {
		if r.misuse == nil && r.netsUsed < len(r.nets) {
			return errors.New("cidr(...) stands behind in, as in orig_ip in cidr(10.0.0.0/8)")
		}
		return r.misuse
	}
	path := r.open[0].path
	if r.groups[path] {
		return fmt.Errorf("%s is a group of fields; it has %s", path, strings.Join(r.within(path), ", "))
	}
	near := r.near(path)
	if len(near) == 0 {
		return fmt.Errorf("unknown field %s; docs/record.md and the header of -o csv list them", printable(path))
	}
	return fmt.Errorf("unknown field %s; near it: %s", printable(path), strings.Join(near, ", "))
}

// printable is a name as an error may show it.
func printable(path string) string {
	if len(path) > 64 {
		path = path[:64] + "..."
	}
	return fmt.Sprintf("%q", path)
}

// within are the fields of a group, and "..." when there are more.
func (r *resolver) within(group string) (names []string) {
	for i := range r.all {
		n := r.all[i].field.Name
		if strings.HasPrefix(n, group+".") {
			if len(names) == nearNames {
				return append(names, "...")
			}
			names = append(names, n)
		}
	}
	return names
}

// near are the fields whose names, or the last parts of them, are like path:
// nearest first, in the order of the record.
func (r *resolver) near(path string) []string {
	type candidate struct {
		name string
		far  int
	}
	var all []candidate
	limit := min(farthest, len(path)/3)
	if len(path) > 100 {
		return nil
	}
	last := path[strings.LastIndexByte(path, '.')+1:]
	for i := range r.all {
		n := r.all[i].field.Name
		far := say.Distance(path, n)
		leaf := n[strings.LastIndexByte(n, '.')+1:]
		if far <= limit || strings.TrimSuffix(leaf, "_s") == last || say.Distance(leaf, last) <= min(2, len(last)/3) {
			all = append(all, candidate{n, far})
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.far, b.far) })
	var names []string
	for _, c := range all[:min(len(all), nearNames)] {
		names = append(names, c.name)
	}
	return names
}
