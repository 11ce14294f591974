package diagnose

import (
	"fmt"
	"strings"

	"tcpwatch/internal/say"
)

// explainWidth is how many columns the text on a detector takes.
const explainWidth = 80

// Explain is the text on a detector: its rule, its sources, its thresholds;
// for "list" what each detector finds, by the question that it answers.
func Explain(name string) (string, error) {
	all := Detectors()
	var b strings.Builder
	if name == "list" {
		column := 0
		for _, d := range all {
			column = max(column, len(d.Name)+2)
		}
		for i, d := range all {
			if i == 0 || d.Group != all[i-1].Group {
				b.WriteString("\n"[:min(i, 1)] + d.Group.question() + "\n")
			}
			first, _, _ := strings.Cut(d.Doc, "\n\n")
			hang(&b, fmt.Sprintf("  %-*s", column, d.Name), first)
		}
		return b.String(), nil
	}
	d, err := find(all, name)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "%s (%s)\n", d.Name, d.Group)
	for part := range strings.SplitSeq(strings.TrimSpace(d.Doc), "\n\n") {
		b.WriteByte('\n')
		hang(&b, "", part)
	}
	if all := d.Thresholds(); len(all) > 0 {
		b.WriteString("\nThresholds (--threshold NAME=VALUE):\n")
		for _, t := range all {
			fmt.Fprintf(&b, "  %s=%s\n", t.Name, t)
			hang(&b, "      ", t.Doc)
		}
	}
	return b.String(), nil
}

// question is what a reader asks who looks for the detectors of a group.
func (g Group) question() string {
	return [...]string{
		GroupOpen:      "Why do connections fail to open?",
		GroupQueue:     "Does a server take what comes?",
		GroupHandshake: "Why is opening slow?",
		GroupTimeWait:  "What does TIME-WAIT cost?",
		GroupLeak:      "Which application does not close its connections?",
		GroupClose:     "Why do connections not end?",
		GroupReset:     "Who reset a connection, and why?",
		GroupKeepalive: "Do keepalive probes do their work?",
		GroupIdle:      "What happens to connections that are idle?",
		GroupTransfer:  "Why is a transfer slow?",
		GroupAttack:    "Does somebody scan or flood?",
		GroupCapture:   "What does the capture hide?",
	}[g]
}

// hang writes text behind a head, with all lines below its first word.
func hang(b *strings.Builder, head, text string) {
	for i, l := range say.Wrap(strings.Join(strings.Fields(text), " "), explainWidth-len(head)) {
		if i > 0 {
			head = strings.Repeat(" ", len(head))
		}
		b.WriteString(head + l + "\n")
	}
}
