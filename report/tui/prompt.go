package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// prompt is a line that the user types.
// It begins empty: what is typed is the filter, whatever it was before.
type prompt struct {
	text  []rune
	at    int
	wrong string
	last  string // the filter that there is, which up brings back to be changed
}

// longestTyped bounds it.
const longestTyped = 1000

// insert puts in what was typed or pasted, as far as it can be shown.
func (p *prompt) insert(text string) {
	for _, r := range text {
		if say.Safe(r) && len(p.text) < longestTyped {
			p.text = append(p.text[:p.at:p.at], append([]rune{r}, p.text[p.at:]...)...)
			p.at++
		}
	}
}

// typed takes a key while the filter is typed.
func (m model) typed(k tea.KeyPressMsg) (model, tea.Cmd) {
	p := *m.prompt
	m.prompt = &p
	p.wrong = ""
	switch k.String() {
	case "enter":
		c, err := filterOf(string(p.text), m.o.Tables)
		if err != nil {
			p.wrong = err.Error()
			return m, nil
		}
		m.prompt, m.due = nil, true
		if typed := strings.TrimSpace(string(p.text)); m.page != pageConnections || typed != m.list.typed || (c == nil) != (m.list.chooser == nil) {
			m.remember()
			m.page = pageConnections
			m.list.choose(c, typed)
		}
	case "esc", "ctrl+c":
		m.prompt = nil
	case "backspace":
		if p.at > 0 {
			p.text = append(p.text[:p.at-1:p.at-1], p.text[p.at:]...)
			p.at--
		}
	case "delete":
		if p.at < len(p.text) {
			p.text = append(p.text[:p.at:p.at], p.text[p.at+1:]...)
		}
	case "ctrl+u":
		p.text, p.at = p.text[p.at:], 0
	case "left":
		p.at = max(p.at-1, 0)
	case "right":
		p.at = min(p.at+1, len(p.text))
	case "up", "ctrl+p":
		p.text = []rune(p.last)
		p.at = len(p.text)
	case "home", "ctrl+a":
		p.at = 0
	case "end", "ctrl+e":
		p.at = len(p.text)
	default:
		p.insert(k.Text)
	}
	return m, nil
}

// shown is the line of the prompt in so many columns: what stands at the cursor is seen, however
// long the text.
func (p *prompt) shown(width int) line {
	from := 0
	for from < p.at && say.Width(string(p.text[from:p.at])) > width-3 {
		from++
	}
	l := text(strong, "/").more(plain, string(p.text[from:p.at]))
	if p.at == len(p.text) {
		return l.more(chosen, " ")
	}
	return l.more(chosen, string(p.text[p.at])).more(plain, string(p.text[p.at+1:]))
}

// filterOf is what a typed filter chooses: an expression of --where, else whatever has the text
// in its addresses, states or names. nil for an empty one.
func filterOf(typed string, o report.TableOptions) (*chooser, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return nil, nil
	}
	c, err := compiled(typed, o)
	if err == nil {
		return c, nil
	}
	if strings.ContainsAny(typed, "=<>!&|(") {
		return nil, err
	}
	low := strings.ToLower(typed)
	return &chooser{phrase: "with " + typed, match: func() func(r *record.Record) bool {
		return func(r *record.Record) bool { return strings.Contains(strings.ToLower(textOf(r)), low) }
	}}, nil
}

// textOf is what a plain filter looks through.
func textOf(r *record.Record) string {
	return strings.Join([]string{sentence.ID(r.ID), r.Orig.String(), r.Resp.String(), r.States[0].String(), r.States[1].String(),
		r.Open.Kind.String(), r.Close.Kind.String(), r.ConnState, sentence.About(r.Names)}, " ")
}
