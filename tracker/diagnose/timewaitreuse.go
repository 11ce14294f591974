package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tcpwatch/internal/say"
)

func timeWaitReuse() Detector {
	return Detector{
		Name: "time-wait-reuse", Group: GroupTimeWait, needs: traitNone,
		Doc: `A TIME-WAIT was ended early by a new connection on the same ports: that works.

Rule: a SYN that a TIME-WAIT receives with a higher sequence number or a newer
timestamp opens a new connection (RFC 1122 section 4.2.2.13, RFC 6191), without any
sysctl; one that the holder itself sends needs tcp_tw_reuse and timestamps on Linux and
comes after 1 s at the earliest. Told as information: it says that a client comes
round its ports within 2MSL, or binds one; all holders in one finding. Where a TIME-WAIT refuses the SYN the
finding is reuse-refused.`,
		New: func(*Options) Fold { return reuses{} },
	}
}

// reuses is a Fold that reads the ledger, and tells of all holders in one finding.
type reuses struct{ fromLedger }

// Findings goes through the ledger.
func (reuses) Findings(c *Context) []Finding {
	var all []*Holding
	for i := range c.TimeWaits {
		if h := &c.TimeWaits[i]; h.Reused > 0 {
			all = append(all, h)
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b *Holding) int {
		return cmp.Or(cmp.Compare(b.Reused, a.Reused), cmp.Compare(a.subject().String(), b.subject().String()))
	})
	f := Finding{Severity: Info, Confidence: Proven, Subject: all[0].subject(), Since: all[0].Since,
		Explanation: "The new SYN had a higher sequence number or a newer timestamp, so it was taken (RFC 1122 section 4.2.2.13, RFC 6191)."}
	var entered uint64
	for _, h := range all {
		f.Count, entered = f.Count+h.Reused, entered+h.Entered
		f.Since, f.Until = min(f.Since, h.Since), max(f.Until, h.Last, h.PeakAt)
		f.Conns = append(f.Conns, h.Conns...)
	}
	slices.Sort(f.Conns)
	f.Conns = slices.Compact(f.Conns)
	f.Conns = f.Conns[:min(len(f.Conns), maxExamples)]
	where := name(all[0].Holder)
	if len(all) > 1 {
		f.Subject = Subject{Kind: SubjectCapture}
		where = say.Plural(uint64(len(all)), "holder")
		f.Explanation += " Most often at " + worstOf(all) + "."
	}
	f.Title = fmt.Sprintf("%s of %s in TIME-WAIT at %s gave way to a new one on the same ports", say.Thousands(f.Count), say.Plural(entered, "connection"), where)
	return []Finding{f}
}

// maxWorst is how many of those that suffer most are named.
const maxWorst = 3

// worstOf names the holders with most reuse, with how often.
func worstOf(all []*Holding) string {
	var names []string
	for _, h := range all[:min(len(all), maxWorst)] {
		names = append(names, fmt.Sprintf("%s (%s)", h.subject(), say.Thousands(h.Reused)))
	}
	return strings.Join(names, ", ")
}
