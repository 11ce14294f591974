package compare

import (
	"cmp"
	"slices"

	"tcpwatch/report/schema"
)

// Finding is a finding that one of the inputs has, or both.
type Finding struct {
	ID       string
	Severity string
	Title    string
	Change   string // new, gone, grown, shrunk or same
	A, B     uint64 // connections that it is about
	Errors   float64
	Verdict  Verdict
}

// grave reports whether a finding of that severity makes things worse.
func grave(severity string) bool { return severity == "warning" || severity == "critical" }

// findings compares the findings of both inputs by their id; worse first.
func (r *Result) findings() []Finding {
	var all []Finding
	for id, b := range r.B.findings {
		a := r.A.findings[id]
		if a == nil {
			a = &schema.ReadFinding{}
		}
		f := r.finding(a, b)
		if f.Change = "new"; r.A.findings[id] != nil {
			f.Change = map[Verdict]string{Worse: "grown", Better: "shrunk"}[f.Verdict]
		} else if f.Verdict = Unjudged; grave(b.Severity) {
			f.Verdict = Worse
		}
		f.Change = cmp.Or(f.Change, "same")
		if f.Verdict == Worse && !grave(b.Severity) {
			f.Verdict = Unjudged
		}
		all = append(all, f)
	}
	for id, a := range r.A.findings {
		if r.B.findings[id] == nil {
			f := r.finding(a, &schema.ReadFinding{ID: a.ID, Severity: a.Severity, Title: a.Title})
			f.Change, f.Verdict = "gone", Unjudged
			if grave(a.Severity) {
				f.Verdict = Better
			}
			all = append(all, f)
		}
	}
	order := []Verdict{Worse, Unjudged, Noise, Same, Better}
	slices.SortFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Verdict), slices.Index(order, b.Verdict)),
			cmp.Compare(b.B, a.B), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// finding judges how often a cause was at work, as a rate where both spans are known.
func (r *Result) finding(a, b *schema.ReadFinding) Finding {
	f := Finding{ID: b.ID, Severity: b.Severity, Title: b.Title, A: a.Count, B: b.Count}
	sa, sb := r.A.span(), r.B.span()
	if sa <= 0 || sb <= 0 {
		sa, sb = 1, 1
	}
	x, y := float64(a.Count), float64(b.Count)
	f.Errors = rateErrors(x, sa, y, sb)
	row := Row{A: x / sa, B: y / sb, InA: true, InB: true, Errors: f.Errors}
	row.judge(x+y, enough, r.opt.Threshold)
	f.Verdict = row.Verdict
	return f
}
