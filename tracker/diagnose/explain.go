package diagnose

import (
	"fmt"
	"strings"
)

// Explain is the text on a detector: its rule, its sources, its thresholds;
// for "list" a line for each detector.
func Explain(name string) (string, error) {
	all := Detectors()
	var b strings.Builder
	if name == "list" {
		for _, d := range all {
			first, _, _ := strings.Cut(d.Doc, "\n")
			fmt.Fprintf(&b, "%-20s %s\n", d.Name, first)
		}
		return b.String(), nil
	}
	d, err := find(all, name)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "%s (%s)\n\n%s\n", d.Name, d.Group, strings.TrimSpace(d.Doc))
	if len(d.Thresholds) > 0 {
		b.WriteString("\nThresholds (--threshold NAME=VALUE):\n")
		for _, t := range d.Thresholds {
			fmt.Fprintf(&b, "  %s=%s\n      %s\n", t.Name, t, t.Doc)
		}
	}
	return b.String(), nil
}
