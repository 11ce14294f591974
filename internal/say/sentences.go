package say

import "unicode"

// Sentences cuts a text into its sentences, each with its full stop. A full stop ends a
// sentence where a blank and then a capital letter or a digit follow.
func Sentences(text string) (all []string) {
	runes := []rune(text)
	from := 0
	for i := 0; i+2 < len(runes); i++ {
		if runes[i] == '.' && runes[i+1] == ' ' && (unicode.IsUpper(runes[i+2]) || unicode.IsDigit(runes[i+2])) {
			all = append(all, string(runes[from:i+1]))
			from = i + 2
		}
	}
	if from < len(runes) {
		all = append(all, string(runes[from:]))
	}
	return all
}
