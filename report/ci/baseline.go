package ci

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
)

// Baseline are findings that were accepted, by their ids, in which a * stands for any text. A nil
// one has none.
type Baseline struct{ ids []string }

// ReadBaseline reads what -o jsonl wrote, of which the findings count, or a text with an id a line;
// a # begins a remark. Errors name the file.
func ReadBaseline(in io.Reader, name string) (*Baseline, error) {
	b := &Baseline{}
	lines := schema.NewLineReader(in)
	for {
		line, n, err := lines.Next()
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("%s: line %d: %w", name, n, err)
		}
		id, wrong := idOn(bytes.TrimSpace(line))
		if wrong != nil {
			return nil, fmt.Errorf("%s: line %d: %w", name, n, wrong)
		}
		if id != "" {
			b.ids = append(b.ids, id)
		}
		if err == io.EOF {
			return b, nil
		}
	}
}

// idOn is the id on a line; "" for none.
func idOn(line []byte) (string, error) {
	if len(line) > 0 && line[0] == '{' {
		if schema.TypeOf(line) != "finding" {
			return "", nil
		}
		var f struct{ ID string }
		if err := json.Unmarshal(line, &f); err != nil {
			return "", fmt.Errorf("no finding: %w", err)
		}
		return f.ID, nil
	}
	text, _, _ := strings.Cut(string(line), "#")
	text = strings.TrimSpace(text)
	if text == "" {
		return "", nil
	}
	if detector, _, _ := strings.Cut(text, ":"); !strings.Contains(detector, "*") {
		if _, err := diagnose.Select(detector); err != nil {
			return "", err
		}
	}
	return text, nil
}

// Accepts reports whether a finding was accepted.
func (b *Baseline) Accepts(f *diagnose.Finding) bool {
	if b == nil {
		return false
	}
	for _, id := range b.ids {
		if fits(id, f.ID) {
			return true
		}
	}
	return false
}

// fits reports whether a text is what a pattern says, in which * stands for any.
func fits(pattern, text string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, first)
	if !ok {
		return false
	}
	for {
		part, more, wild := strings.Cut(rest, "*")
		if !wild {
			return strings.HasSuffix(text, rest)
		}
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text, rest = text[i+len(part):], more
	}
}
