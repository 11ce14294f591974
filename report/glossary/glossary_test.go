package glossary

import (
	"strings"
	"testing"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// Every state is explained, every term once, in two sentences.
func TestTerms(t *testing.T) {
	seen := map[string]bool{}
	for _, x := range Terms() {
		if n := len(say.Sentences(x.Text)); n != 2 || !strings.HasSuffix(x.Text, ".") {
			t.Errorf("%s: %d sentences", x.Name, n)
		}
		if seen[x.Name] {
			t.Errorf("%s is there twice", x.Name)
		}
		seen[x.Name] = true
	}
	for s := record.Closed; s < record.NStates; s++ {
		if !seen[s.String()] {
			t.Errorf("%s is not explained", s)
		}
	}
}

func TestExplain(t *testing.T) {
	text, known := Explain("time-wait")
	if !known || !strings.HasPrefix(text, "TIME-WAIT\n\nThe end that closed first") || !strings.HasSuffix(text, ".\n") {
		t.Errorf("%q", text)
	}
	for line := range strings.Lines(text) {
		if say.Width(line) > 81 {
			t.Errorf("%q is too long", line)
		}
	}
	if _, known := Explain("no-term"); known {
		t.Error("no-term is known")
	}
}
