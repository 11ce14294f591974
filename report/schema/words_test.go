package schema

import (
	"regexp"
	"slices"
	"testing"
)

// The words that a field can hold are those that its documentation lists, where it lists any.
func TestWordsAreDocumented(t *testing.T) {
	quoted := regexp.MustCompile("`([^`]+)`")
	found := 0
	for _, f := range Fields() {
		words := f.Words()
		if len(words) == 0 || f.Name == "close.reset_in" {
			continue
		}
		found++
		var told []string
		for _, m := range quoted.FindAllStringSubmatch(f.Doc, -1) {
			told = append(told, m[1])
			if !slices.Contains(words, m[1]) {
				t.Errorf("%s is told to hold %q, which is none of %q", f.Name, m[1], words)
			}
		}
		for _, w := range words {
			if len(told) > 0 && !slices.Contains(told, w) {
				t.Errorf("%s can hold %q, of which its documentation %q does not tell", f.Name, w, f.Doc)
			}
		}
	}
	if found < 10 {
		t.Errorf("%d fields of words", found)
	}
}
