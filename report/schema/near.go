package schema

import (
	"cmp"
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

// Lookup is the field of that name, one of a single value or a list of such. Its error says in a
// line which was probably meant.
func Lookup(name string) (Field, error) {
	all := single()
	if i := slices.IndexFunc(all, func(f Field) bool { return f.Name == name }); i >= 0 {
		return all[i], nil
	}
	return Field{}, NoField(name)
}

// single are the fields that are no list of objects.
func single() []Field {
	return slices.DeleteFunc(Fields(), func(f Field) bool { return f.Type == Objects })
}

// NoField is the error about a name that is no field: in a line, with what was probably meant.
func NoField(name string) error {
	all := single()
	if in := within(all, name); len(in) > 0 {
		return fmt.Errorf("%s is a group of fields; it has %s", name, strings.Join(in, ", "))
	}
	near := Near(name)
	if len(near) == 0 {
		return fmt.Errorf("unknown field %s; docs/record.md and the header of -o csv list them", Printable(name))
	}
	return fmt.Errorf("unknown field %s; near it: %s", Printable(name), strings.Join(near, ", "))
}

// Printable is a name as an error may show it.
func Printable(name string) string {
	if len(name) > 64 {
		name = name[:64] + "..."
	}
	return fmt.Sprintf("%q", name)
}

// within are the fields of a group, and "..." when there are more.
func within(all []Field, group string) (names []string) {
	for i := range all {
		if n := all[i].Name; strings.HasPrefix(n, group+".") {
			if len(names) == nearNames {
				return append(names, "...")
			}
			names = append(names, n)
		}
	}
	return names
}

// Near are the fields whose names, or the last parts of them, are like name:
// nearest first, in the order of the record.
func Near(name string) (names []string) {
	type candidate struct {
		name string
		far  int
	}
	var found []candidate
	limit := min(farthest, len(name)/3)
	if len(name) > 100 {
		return nil
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	all := single()
	for i := range all {
		n, leaf := all[i].Name, all[i].leaf()
		far := say.Distance(name, n)
		if far <= limit || strings.TrimSuffix(leaf, "_s") == last || say.Distance(leaf, last) <= min(2, len(last)/3) {
			found = append(found, candidate{n, far})
		}
	}
	unlike := len(found) == 0 && name != ""
	for i := range all {
		if n := all[i].Name; unlike && len(found) < nearNames && hasWords(n, name) {
			found = append(found, candidate{n, say.Distance(name, n)})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.far, b.far) })
	for _, c := range found[:min(len(found), nearNames)] {
		names = append(names, c.name)
	}
	return names
}

// hasWords reports whether a field's name has each word of another, or what our names
// say for it: src_addr is orig_ip.
func hasWords(field, name string) bool {
	split := func(r rune) bool { return r == '.' || r == '_' }
	words := strings.FieldsFunc(field, split)
	for _, w := range strings.FieldsFunc(strings.ToLower(name), split) {
		switch w {
		case "addr", "address":
			w = "ip"
		case "src", "source", "client", "originator":
			w = "orig"
		case "dst", "dest", "server", "responder":
			w = "resp"
		}
		if !slices.Contains(words, w) {
			return false
		}
	}
	return true
}
