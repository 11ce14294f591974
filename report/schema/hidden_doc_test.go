package schema

import (
	"slices"
	"strings"
)

// hiddenBy names the fields that may be absent for a reason, as docs/record.md does:
// END is either end, DARK the one that was not captured; a name that ends in "*" is all
// that begin so.
func hiddenBy(fields []Field, r Reason) []string {
	exists := map[string]bool{}
	for _, f := range fields {
		exists[f.Name] = true
	}
	var all, hidden, told []string // in their general form: those that exist, that are hidden, and that stand for them
	for _, f := range fields {
		either, dark, of := f.general(exists, "END"), f.general(exists, "DARK"), f.hidden.by|f.hidden.perhaps
		all = append(all, either, dark)
		switch {
		case of.hasOf(r, ^(darkOrig | darkResp)):
			hidden, told = append(hidden, either, dark), append(told, either)
		case of.hasOf(r, darkOrig|darkResp):
			hidden, told = append(hidden, dark), append(told, dark)
		}
	}
	return shorten(unique(told), unique(hidden), unique(all))
}

// hasOf reports whether one of the flaws, among those, is what a reason is about.
func (f flaw) hasOf(r Reason, among flaw) bool {
	for bit := flaw(1); bit <= givenUp; bit <<= 1 {
		if f&among&bit != 0 && bit.reason() == r {
			return true
		}
	}
	return false
}

// general is the field's name with its end called end, where the other end has the
// same field.
func (f *Field) general(exists map[string]bool, end string) string {
	for _, x := range [...][2]string{{"orig", "resp"}, {"resp", "orig"}} {
		if strings.Contains(f.Name, x[0]) && exists[strings.Replace(f.Name, x[0], x[1], 1)] {
			return strings.Replace(f.Name, x[0], end, 1)
		}
	}
	return f.Name
}

// unique leaves out what came before.
func unique(names []string) (all []string) {
	for _, n := range names {
		if !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

// shorten tells names, which are hidden: where all that begin alike are, or all but one
// of many, by one pattern.
func shorten(told, hidden, all []string) (short []string) {
	within := func(names []string, prefix string) (in []string) {
		for _, n := range names {
			if strings.HasPrefix(n, prefix) {
				in = append(in, n)
			}
		}
		return in
	}
	pattern := func(name string) string {
		for i := range name {
			if name[i] != '.' && name[i] != '_' {
				continue
			}
			prefix := name[:i+1]
			are, could := within(hidden, prefix), within(all, prefix)
			shown := slices.DeleteFunc(could, func(n string) bool { return slices.Contains(are, n) })
			switch {
			case len(are) > 2 && len(shown) == 0:
				return prefix + "*"
			case len(are) > 8 && len(shown) == 1:
				return prefix + "*` but `" + shown[0]
			}
		}
		return name
	}
	for _, n := range told {
		if p := pattern(n); !slices.Contains(short, p) {
			short = append(short, p)
		}
	}
	return short
}
