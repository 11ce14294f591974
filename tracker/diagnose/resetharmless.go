package diagnose

import (
	"fmt"

	"tcpwatch/tracker/record"
)

func resetHarmless() Detector {
	return Detector{
		Name: "reset-harmless", Group: GroupReset, needs: traitReset,
		Doc: `A RST after both ends had closed: nothing was lost.

Rule: once both FINs are acknowledged no data is under way (RFC 9293 section 3.6); a
RST then comes from an end that has forgotten the connection already, as some
stacks and load balancers do to spare TIME-WAIT, or answers an old duplicate.
One with another TTL came from another device, and that is said. The one danger is that it ends a TIME-WAIT early (RFC 1337). Told so that nobody
hunts for these when RSTs are counted.`,
		New: func(*Options) Fold {
			return newResets(resetKind{scale{}, pickHarmless, endedUnknown, (*resets).addHarmless, tellHarmless})
		},
	}
}

func pickHarmless(r *record.Record) bool {
	c := &r.Close
	return (c.ResetCause == record.ResetAfterClose || c.ResetBy == record.NoEnd && c.Ignored.Done) && c.Kind == record.CloseNormal && !r.Close.ByNewer
}

func tellHarmless(s Subject, x *resets, all whole, _ scale) Finding {
	f := Finding{
		Severity: Info, Confidence: Proven,
		Title:       fmt.Sprintf("%s saw a RST after both ends had closed: harmless", x.what(s, all)),
		Explanation: "Both FINs were acknowledged before it came, so nothing was lost (RFC 9293 section 3.6).",
	}
	if odd := x.odd[0]; odd > 0 {
		own := ""
		if words := x.ownWords(); words != "" && odd == x.n {
			own = fmt.Sprintf(" (TTL %s, %s)", rangeWords(x.ttl), words)
		}
		f.Explanation += onSome(odd, x.n, fmt.Sprintf("the RST came another way than what its end sent%s: another device sent it in that end's name, such as a firewall or NAT that clears its table.", own))
	}
	return f
}

// addHarmless takes a connection in for a RST after its end, which its receiver
// may have had to ignore: it answers an old duplicate.
func (x *resets) addHarmless(r *record.Record) {
	if r.Close.ResetBy == record.NoEnd {
		x.addIgnored(r)
	} else {
		x.add(r)
	}
}
