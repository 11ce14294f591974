package diagnose

import (
	"fmt"
	"slices"
	"strings"
)

// Place says where a cause lies.
type Place uint8

const (
	InApplication Place = iota // a program of an end, a proxy before it too
	OnHost                     // an end's host: its system, its own firewall, its load
	OnHostOrPath               // either: a firewall, a rule, a limit
	OnPath                     // between the hosts, or in another one
	HostGone                   // the host is not there: off, crashed, without that address
	HostReplaced               // another host has its address
	InCapture                  // the capturing program and host, its filter, the file
	BeforeCapture              // how packets come to the capture: a mirror port, another way
)

// String is the place as a sentence has it.
func (p Place) String() string {
	return [...]string{"in an application", "on a host", "on a host or the path", "on the path", "a host that is gone",
		"another host at its address", "in the capture", "a way past the capture point"}[p]
}

// Cause is what trouble may come from.
type Cause struct {
	Place Place
	Text  string
	not   fact // contradicts it
}

func app(text string) Cause           { return Cause{Place: InApplication, Text: text} }
func onHost(text string) Cause        { return Cause{Place: OnHost, Text: text} }
func hostOrPath(text string) Cause    { return Cause{Place: OnHostOrPath, Text: text} }
func onPath(text string) Cause        { return Cause{Place: OnPath, Text: text} }
func hostGone(text string) Cause      { return Cause{Place: HostGone, Text: text, not: hostThere} }
func hostReplaced(text string) Cause  { return Cause{Place: HostReplaced, Text: text} }
func inCapture(text string) Cause     { return Cause{Place: InCapture, Text: text} }
func beforeCapture(text string) Cause { return Cause{Place: BeforeCapture, Text: text} }

// outside tells that a cause lies outside of one host: in none of it where packets leave no host.
func (c Cause) outside() bool {
	return c.Place == OnPath || c.Place == HostGone || c.Place == HostReplaced || c.Place == BeforeCapture
}

// lead puts a cause before the others, because a sign in the capture fits it better than them.
func (f *Finding) lead(c Cause, sign string) {
	f.causes = slices.Insert(f.causes, 0, c)
	f.leader, f.Order = c, sign
}

// write puts the causes in words, as outputs have them. They have an order only where the one that
// a sign put first is still there, and others beside it.
func (f *Finding) write() {
	f.Causes = nil
	for _, c := range f.causes {
		f.Causes = append(f.Causes, c.Text)
	}
	if len(f.causes) < 2 || f.causes[0] != f.leader {
		f.Order = ""
	}
}

// CauseWord says how sure the causes are, as the words before them: where several fit, each is no
// more than possible, however sure the trouble itself is.
func (f *Finding) CauseWord() string {
	switch {
	case len(f.Causes) > 1 && f.Order != "":
		return "Possible causes; the first fits best, because " + f.Order
	case len(f.Causes) > 1:
		return "Possible causes, in no order"
	case f.Confidence == Possible:
		return "Possible cause"
	case f.Confidence == Likely:
		return "Likely cause"
	}
	return "Cause"
}

// CauseInShort is the cause, or what is known of several, for where there is room for no list: the
// one that a sign puts first, else how many fit and where they lie. It is "" where there is none.
func (f *Finding) CauseInShort() string {
	switch n := len(f.Causes); {
	case n == 0:
		return ""
	case n == 1:
		return f.CauseWord() + ": " + f.Causes[0]
	case f.Order != "":
		return fmt.Sprintf("Possible cause, the best of %d: %s", n, f.Causes[0])
	default:
		return fmt.Sprintf("%d possible causes: %s", n, f.places())
	}
}

// places names where the causes lie, each place once.
func (f *Finding) places() string {
	var all []string
	for _, c := range f.causes {
		at := []Place{c.Place}
		if c.Place == OnHostOrPath {
			at = []Place{OnHost, OnPath}
		}
		for _, p := range at {
			if where := p.String(); !slices.Contains(all, where) {
				all = append(all, where)
			}
		}
	}
	last := len(all) - 1
	if last == 0 {
		return all[0]
	}
	return strings.Join(all[:last], ", ") + " or " + all[last]
}
