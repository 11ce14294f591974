package diagnose

import (
	"fmt"

	"tcpwatch/tracker"
)

func resetHarmless() Detector {
	return Detector{
		Name: "reset-harmless", Group: GroupReset, needs: signReset,
		Doc: `A RST after both ends had closed: nothing was lost.

Rule: once both FINs are acknowledged no data is under way (RFC 9293 section 3.6); a
RST then comes from an end that has forgotten the connection already, as some
stacks and load balancers do to spare TIME-WAIT, or answers an old duplicate.
The one danger is that it ends a TIME-WAIT early (RFC 1337). Told so that nobody
hunts for these when RSTs are counted.`,
		New: func(*Options) Fold {
			return foldResets(func(r *tracker.Record) bool {
				c := &r.Close
				return (c.ResetCause == tracker.ResetAfterClose || c.ResetBy == tracker.NoEnd && c.Ignored.Done) && c.Kind == tracker.CloseNormal && !r.Facts.ByNewer
			}, (*resets).addHarmless, func(_ *Context, s Subject, x *resets, opened uint64) Finding {
				return Finding{
					Severity: Info, Confidence: Proven,
					Title:       fmt.Sprintf("%s saw a RST after both ends had closed: harmless", x.what(s, opened)),
					Explanation: "Both FINs were acknowledged before it came, so nothing was lost (RFC 9293 section 3.6).",
				}
			})
		},
	}
}

// addHarmless takes a connection in for a RST after its end, which its receiver
// may have had to ignore: it answers an old duplicate.
func (x *resets) addHarmless(r *tracker.Record) {
	if r.Close.ResetBy == tracker.NoEnd {
		x.addIgnored(r)
	} else {
		x.add(r)
	}
}
