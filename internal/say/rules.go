package say

import "strings"

// WithoutRules is a text of a finding without the sections of RFCs that stand in its
// parentheses: --explain and the whole finding tell them.
func WithoutRules(text string) string {
	var b strings.Builder
	for {
		before, rest, opened := strings.Cut(text, "(")
		inside, after, closed := strings.Cut(rest, ")")
		if !opened || !closed {
			b.WriteString(text)
			return b.String()
		}
		if inside == "" || strings.Contains(inside, "(") { // close(), or a manual page, such as tcp(7), in parentheses
			b.WriteString(before + "(")
			text = rest
			continue
		}
		if kept := dropRules(inside); kept != "" {
			b.WriteString(before + "(" + kept + ")")
		} else {
			b.WriteString(strings.TrimSuffix(before, " "))
		}
		text = after
	}
}

// dropRules drops the parts of what stands between parentheses that name a section and
// nothing else, and the section before a part that says what it says.
func dropRules(inside string) string {
	var kept []string
	for _, part := range strings.Split(strings.ReplaceAll(inside, "; ", ", "), ", ") {
		if rule, says, ok := strings.Cut(part, ": "); ok && isRule(rule) {
			part = says
		}
		if !isRule(part) {
			kept = append(kept, part)
		}
	}
	if len(kept) == 0 {
		return ""
	}
	if strings.Join(kept, ", ") == strings.ReplaceAll(inside, "; ", ", ") {
		return inside
	}
	return strings.Join(kept, ", ")
}

// isRule reports whether words name sections of an RFC and nothing else.
func isRule(words string) bool {
	for _, w := range strings.Fields(words) {
		switch w {
		case "RFC", "section", "sections", "and", "case":
			continue
		}
		if strings.Trim(w, "0123456789.") != "" {
			return false
		}
	}
	return strings.HasPrefix(words, "RFC ") || strings.HasPrefix(words, "section ") || strings.HasPrefix(words, "case ")
}
