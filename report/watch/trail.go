package watch

import (
	"slices"

	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
)

// Trail follows findings from View to View: what is wrong, since when it is seen, and what was
// wrong and is not any more. Nothing is ever taken out but the longest resolved, when there are
// more than it keeps.
type Trail struct {
	open     []*Trailed // in the order of the newest View
	resolved []*Trailed // the one resolved last is first
	byID     map[string]*Trailed
}

// Trailed is a finding on the Trail. Times are ns of packet time since 1970.
type Trailed struct {
	diagnose.Finding       // as a View had it last
	Shown            int64 // when a View had it first
	Missed           int64 // when it was first missing in a View; 0 while it is not
	Resolved         bool  // it was missing for resolveAfter
	told             diagnose.Finding
}

// Change is what is new of a finding.
type Change uint8

const (
	Appeared Change = iota // or came back
	Changed                // it is worse or less bad, surer or less sure, has another cause, or twice as many connections as when it was told
	WasResolved
	TakenOver // another finding of the same detector tells of its connections now: it is resolved, and the trouble is not
)

// String says it as JSON Lines have it: its state.
func (c Change) String() string { return [...]string{"open", "open", "resolved", "resolved"}[c] }

// Told is a change to tell of.
type Told struct {
	Change
	*Trailed
}

const (
	// trailKept is how many resolved findings a Trail keeps.
	trailKept = 50
	// resolveAfter is for how long, ns of packet time, a finding has to be missing: judgement may
	// waver while connections come and go.
	resolveAfter = int64(5e9)
)

// Take takes the findings of the next View and tells what changed, what matters most first.
func (t *Trail) Take(v *report.View) (told []Told) {
	if v.Partial && len(v.Findings) == 0 {
		return nil // not all was looked at: what is missing may be there
	}
	if t.byID == nil {
		t.byID = make(map[string]*Trailed)
	}
	before := t.open
	t.open = nil
	for i := range v.Findings {
		f := &v.Findings[i]
		x := t.byID[f.ID]
		switch {
		case x == nil || x.Resolved:
			if x != nil {
				t.resolved = slices.DeleteFunc(t.resolved, func(y *Trailed) bool { return y == x })
			}
			x = &Trailed{Shown: v.At, told: *f}
			t.byID[f.ID] = x
			told = append(told, Told{Appeared, x})
		case changed(&x.told, f):
			x.told = *f
			told = append(told, Told{Changed, x})
		}
		since := x.Since
		x.Finding, x.Missed = *f, 0
		if since > 0 && since < x.Since { // a View forgets what is no longer recent
			x.Since = since
		}
		t.open = append(t.open, x)
	}
	stand := t.open[:len(t.open):len(t.open)]
	for _, x := range before {
		if slices.Contains(stand, x) {
			continue
		}
		if slices.ContainsFunc(stand, x.goesOnIn) {
			delete(t.byID, x.ID)
			told = append(told, Told{TakenOver, x})
			continue
		}
		if x.Missed == 0 {
			x.Missed = v.At
		}
		if v.At-x.Missed < resolveAfter {
			t.open = append(t.open, x)
			continue
		}
		x.Resolved = true
		t.resolved = slices.Insert(t.resolved, 0, x)
		told = append(told, Told{WasResolved, x})
	}
	t.resolved = slices.DeleteFunc(t.resolved, func(x *Trailed) bool { // it has come again, of another subject
		again := slices.ContainsFunc(stand, x.goesOnIn)
		if again {
			delete(t.byID, x.ID)
		}
		return again
	})
	kept := min(len(t.resolved), trailKept)
	for _, x := range t.resolved[kept:] {
		delete(t.byID, x.ID)
	}
	t.resolved = t.resolved[:kept]
	return told
}

// goesOnIn reports whether another finding of the same detector has a connection of x among its examples.
func (x *Trailed) goesOnIn(y *Trailed) bool {
	return x.Detector == y.Detector && x.ID != y.ID && slices.ContainsFunc(x.Conns, func(id uint64) bool { return slices.Contains(y.Conns, id) })
}

// changed reports whether there is more to tell of a finding than its counts.
func changed(old, now *diagnose.Finding) bool {
	return old.Severity != now.Severity || old.Confidence != now.Confidence || now.Count > old.Count && now.Count >= 2*old.Count ||
		old.CauseInShort() != now.CauseInShort()
}

// Open are the findings that stand, what matters most first.
func (t *Trail) Open() []*Trailed { return t.open }

// Resolved are those that were, the newest first.
func (t *Trail) Resolved() []*Trailed { return t.resolved }
