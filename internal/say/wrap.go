package say

import "strings"

// Wrap breaks s at blanks into lines of at most width columns; a longer word
// keeps a line of its own, and a number stays with its unit. Width 0 or less:
// one line.
func Wrap(s string, width int) []string {
	if width <= 0 || Width(s) <= width {
		return []string{s}
	}
	var lines []string
	line := ""
	for _, w := range unbroken(s) {
		switch {
		case line == "":
			line = w
		case Width(line)+1+Width(w) <= width:
			line += " " + w
		default:
			lines = append(lines, line)
			line = w
		}
	}
	return append(lines, line)
}

// Fill is a list with commas, in lines of at most width columns; indent begins every line
// but the first, and is not counted.
func Fill(items []string, width int, indent string) string {
	text, used := "", 0
	for i, x := range items {
		if i < len(items)-1 {
			x += ","
		}
		if used > 0 && used+len(x) > width {
			text, used = text+"\n"+indent, 0
		}
		text, used = text+x, used+len(x)
	}
	return text
}

// unbroken is the words of s, each unit joined to the number before it.
func unbroken(s string) []string {
	var words []string
	for _, w := range strings.Fields(s) {
		if n := len(words); n > 0 && words[n-1][0] >= '0' && words[n-1][0] <= '9' {
			switch strings.TrimRight(w, ",.;:)") {
			case "s", "ms", "us", "µs", "min", "h", "d", "B", "kB", "MB", "GB", "TB":
				words[n-1] += " " + w
				continue
			}
		}
		words = append(words, w)
	}
	return words
}

// WrapHard is Wrap, but words longer than width (1 or more) are cut: no line is longer.
func WrapHard(s string, width int) []string {
	var lines []string
	for _, l := range Wrap(s, width) {
		for Width(l) > width {
			cut, room := len(l), width
			for i, r := range l {
				if room -= widthOf(r); room < 0 && i > 0 {
					cut = i
					break
				}
			}
			lines = append(lines, l[:cut])
			l = l[cut:]
		}
		lines = append(lines, l)
	}
	return lines
}
