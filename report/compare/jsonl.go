package compare

import (
	"bufio"
	"encoding/json"
	"io"
	"math"
	"slices"

	"tcpwatch/internal/say"
)

// Formats are the names of what Write writes; the first is for people.
func Formats() []string { return []string{"table", "jsonl"} }

// Write writes the comparison in one of Formats.
func (r *Result) Write(to io.Writer, format string, o TableOptions) error {
	if format == Formats()[0] {
		return r.WriteTable(to, o)
	}
	w := bufio.NewWriter(to)
	if err := r.WriteJSONL(w); err != nil {
		return err
	}
	return w.Flush()
}

// WriteJSONL writes the comparison for programs: a line of type "compare" for
// both inputs, one of type "measure" for each row, one of type "finding_change"
// for each finding, and one of type "verdict" at the end.
func (r *Result) WriteJSONL(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	lines := []any{map[string]any{"type": "compare", "a": r.A.object(), "b": r.B.object(), "threshold": r.opt.Threshold}}
	for _, row := range slices.Concat(r.Rows, r.Listeners) {
		lines = append(lines, row.object())
	}
	for _, f := range r.Findings {
		lines = append(lines, map[string]any{"type": "finding_change", "id": say.Escape(f.ID), "severity": say.Escape(f.Severity),
			"title": say.Escape(f.Title), "change": f.Change, "a": f.A, "b": f.B, "standard_errors": f.Errors, "verdict": f.Verdict})
	}
	worse := r.worse()
	lines = append(lines, map[string]any{"type": "verdict", "worse": len(worse), "only_a": len(r.OnlyA), "only_b": len(r.OnlyB)})
	for _, l := range lines {
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fold) object() map[string]any {
	return map[string]any{"name": say.Escape(f.name), "conns": f.all.connections, "span_s": f.span()}
}

// object is a row without what is not known.
func (r *Row) object() map[string]any {
	o := map[string]any{"type": "measure", "measure": r.Measure, "unit": r.Unit, "n_a": r.NA, "n_b": r.NB, "verdict": r.Verdict}
	if r.Listener != "" {
		o["listener"] = r.Listener
	}
	if r.InA {
		o["a"] = r.A
	}
	if r.InB {
		o["b"] = r.B
	}
	if c := r.Change(); r.InA && r.InB && !math.IsInf(c, 0) {
		o["change"], o["standard_errors"] = c, r.Errors
	}
	return o
}
