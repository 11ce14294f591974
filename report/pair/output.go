package pair

import (
	"encoding/json"
	"io"
	"time"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// Formats are the names of what an Output writes; the first is for people.
func Formats() []string { return []string{"table", "jsonl", "html"} }

// Output writes a comparison in one of Formats.
type Output struct {
	w      io.Writer
	format string
	o      TableOptions
	parts  []pagePart // of the page
}

// NewOutput returns an Output that writes to w.
func NewOutput(w io.Writer, format string, o TableOptions) *Output {
	return &Output{w: w, format: format, o: o}
}

// Each is what takes the pairs while they are compared: in JSON Lines each is a line of type "pair".
func (o *Output) Each() func(r *Result, p *Pair, d *Detail) error {
	if o.format != "jsonl" {
		return nil
	}
	return func(r *Result, p *Pair, d *Detail) error { return o.between(r, pairObject(p, d)) }
}

// Write writes the result: tables, or lines of type "direction", "path", "finding" and "pairs".
func (o *Output) Write(r *Result) error {
	switch o.format {
	case Formats()[0]:
		return r.WriteTable(o.w, o.o)
	case "html":
		o.parts = append(o.parts, r.part(o.o))
		return nil
	}
	for d := range NDirections {
		from, to := r.names(d)
		x := r.Flows[d].object()
		r.Counted[d].object(x)
		x["type"], x["from"], x["to"] = "direction", say.Escape(from), say.Escape(to)
		if err := o.between(r, x); err != nil {
			return err
		}
	}
	for _, p := range r.Paths {
		a, b := p.A.String(), p.B.String()
		if p.Others {
			a, b = p.Name(""), p.Name("")
		}
		if err := o.between(r, map[string]any{"type": "path", "server_a": a, "server_b": b, "conns": p.Conns,
			"forth": p.Flows[Forth].object(), "back": p.Flows[Back].object()}); err != nil {
			return err
		}
	}
	for _, f := range r.Findings() {
		if err := o.between(r, map[string]any{"type": "finding", "id": say.Escape(f.ID), "detector": f.Detector, "severity": f.Severity.String(), "confidence": f.Confidence.String(),
			"title": say.Escape(f.Title), "explanation": say.Escape(f.Explanation), "causes": f.Causes, "advice": f.Advice, "count": f.Count, "conns": f.Conns}); err != nil {
			return err
		}
	}
	for _, v := range r.Verdicts() {
		if err := o.between(r, map[string]any{"type": "verdict", "place": say.Escape(v.Place.Name()), "finding": say.Escape(v.Finding.ID), "text": say.Escape(v.Text)}); err != nil {
			return err
		}
	}
	return o.between(r, r.object())
}

// End writes what stands behind the last result: the page, which is one for all.
func (o *Output) End() error {
	if len(o.parts) == 0 {
		return nil
	}
	return writePage(o.w, o.parts)
}

// between is a line of the comparison of two places, which it names.
func (o *Output) between(r *Result, x map[string]any) error {
	x["place_a"], x["place_b"] = say.Escape(r.A.Name()), say.Escape(r.B.Name())
	return o.line(x)
}

func (o *Output) line(x any) error {
	e := json.NewEncoder(o.w)
	e.SetEscapeHTML(false)
	return e.Encode(x)
}

// seconds is a span as records have it.
func seconds(ns int64) float64 { return float64(ns) / 1e9 }

// object is the flow without what is 0.
func (f *Flow) object() map[string]any {
	x := map[string]any{}
	for name, n := range map[string]*[NClasses]uint64{"sent": &f.Sent, "arrived": &f.Arrived, "lost": &f.Lost, "lost_again": &f.LostAgain,
		"not_captured": &f.Missed, "not_watched": &f.Unwatched, "doubled": &f.Doubled, "only_there": &f.Extra} {
		if of := classes(n); len(of) > 0 {
			x[name] = of
		}
	}
	for name, n := range map[string]uint64{"reordered": f.Reordered, "reordered_far": f.ReorderedFar, "payload_changed": f.Payloads, "ipid_changed": f.IPIDs, "ttl_raised": f.TTLs, "tsval_changed": f.TSVals, "ecn_marked": f.Marked, "ecn_cleared": f.Cleared,
		"syn_ecn_cleared": f.SYNsCleared, "syn_ack_ecn_cleared": f.SYNACKsCleared, "syn_ecn_set": f.SYNsSet} {
		if n > 0 {
			x[name] = n
		}
	}
	if hops, ok := f.MostHops(); ok {
		x["hops"] = hops
	}
	if f.Delay.N() > 0 {
		x["delay_n"] = f.Delay.N()
		x["delay_min_s"], x["delay_p50_s"], x["delay_p95_s"], x["delay_max_s"] = seconds(f.Delay.Quantile(0)), seconds(f.Delay.Quantile(50)),
			seconds(f.Delay.Quantile(95)), seconds(f.Delay.Quantile(100))
	}
	return x
}

// object adds to an object what is not 0.
func (c *Counted) object(x map[string]any) {
	for name, n := range map[string]*[NClasses]uint64{"counted_sent": &c.Sent, "counted_came": &c.Came} {
		if of := classes(n); len(of) > 0 {
			x[name] = of
		}
	}
	if c.Bytes[0]+c.Bytes[1] > 0 {
		x["counted_sent_bytes"], x["counted_came_bytes"] = c.Bytes[0], c.Bytes[1]
	}
}

// classes are counts by kind, without those of 0.
func classes(n *[NClasses]uint64) map[string]uint64 {
	names := [NClasses]string{"syn", "syn_ack", "data", "ack", "fin", "rst"}
	x := map[string]uint64{}
	for c, v := range n {
		if v > 0 {
			x[names[c]] = v
		}
	}
	return x
}

func pairObject(p *Pair, d *Detail) map[string]any {
	x := map[string]any{"type": "pair", "a_id": p.A.ID, "b_id": p.B.ID, "rung": p.Rung.Name(),
		"a_orig": p.A.Orig.String(), "a_resp": p.A.Resp.String(), "b_orig": p.B.end(p.endAt(record.Orig)).String(), "b_resp": p.B.end(p.endAt(record.Resp)).String(),
		"forth": d.Flows[Forth].object(), "back": d.Flows[Back].object()}
	if d.Apart {
		x["apart"] = true
	}
	for dir, name := range [...]string{"forth", "back"} {
		d.Counted[dir].object(x[name].(map[string]any))
	}
	var changed []string
	for c := range NChanges {
		if d.Changed.Has(c) {
			changed = append(changed, c.Name())
		}
	}
	if len(changed) > 0 {
		x["changed"] = changed
	}
	for dir, name := range [...]string{"made_forth", "made_back"} {
		if of := classes(&d.Made[dir]); len(of) > 0 {
			x[name] = of
		}
	}
	return x
}

// object is what is known of all.
func (r *Result) object() map[string]any {
	rungs := map[string]uint64{}
	for g := range NRungs {
		if r.Rungs[g] > 0 {
			rungs[g.Name()] = r.Rungs[g]
		}
	}
	x := map[string]any{"type": "pairs", "a": r.A.object(), "b": r.B.object(), "swapped": r.Swapped, "pairs": r.Pairs, "rungs": rungs, "ambiguous": r.Ambiguous,
		"through_proxy": r.Proxied, "apart": r.Apart, "without_segments": r.Unheld}
	for side, name := range [...]string{"only_a", "only_b"} {
		a := &r.Alone[side]
		x[name] = map[string]any{"missing": a.Missing.n, "elsewhere": a.Elsewhere, "outside": a.Outside}
	}
	var clocks []map[string]any
	for _, p := range r.Clock.Pieces {
		o := map[string]any{"offset_s": seconds(p.Offset), "from": time.Unix(0, p.From).UTC().Format(time.RFC3339Nano)}
		if p.Bound >= 0 {
			o["bound_s"] = seconds(p.Bound)
		}
		if p.Drift != 0 {
			o["drift_ppm"] = p.Drift / 1000
		}
		if p.DriftBound > 0 {
			o["drift_bound_ppm"] = p.DriftBound / 1000
		}
		clocks = append(clocks, o)
	}
	if len(clocks) > 0 {
		x["clock"] = clocks
	}
	return x
}

func (p *Place) object() map[string]any {
	return map[string]any{"name": say.Escape(p.Name()), "conns": p.n, "segments": p.packed}
}
