package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"tcpwatch/capture"
)

// heardFrom is when a host was heard last between two times, a second behind the first: what was
// under way then proves nothing. What it sent later tells nothing of the time between: it may have
// come back.
func (c *Context) heardFrom(host capture.Addr, since, until int64) (at int64, ok bool) {
	since += second
	if c.systems != nil {
		if x := c.systems.kept.Find(hostKey(host)); x != nil && x.heard > since && x.heard <= until {
			return x.heard, true
		}
	}
	if c.contrasts == nil {
		return 0, false
	}
	sent := c.contrasts.sent[host]
	i, _ := slices.BinarySearch(sent, until+1)
	if i == 0 || sent[i-1] <= since {
		return 0, false
	}
	return sent[i-1], true
}

// isItThere begins an advice that asks whether a host is there.
const isItThere = "Is it there? "

// goesOn takes from a finding about a silent host what only one that is gone can be, where the
// host sent packets meanwhile.
func (f *Finding) goesOn(c *Context) {
	if f.silence == 0 {
		return
	}
	at, ok := c.heardFrom(f.Subject.A.Addr, f.silence, f.Until)
	if !ok {
		return
	}
	f.Explanation += fmt.Sprintf(" %s sent packets up to %s after that began: the host is there.", f.Subject.A.Addr, span(at-f.silence))
	f.causes = slices.DeleteFunc(slices.Clone(f.causes), func(x Cause) bool { return x.Place == HostGone })
	f.Advice = slices.DeleteFunc(slices.Clone(f.Advice), func(text string) bool { return strings.HasPrefix(text, isItThere) })
	f.Advice = append([]string{fmt.Sprintf("On %s: `tcpdump -ni any 'tcp'` shows whether the packets of the connection arrive there and answers leave; the log of a firewall or intrusion prevention on the path shows what it drops.", f.Subject.A.Addr)}, f.Advice...)
}
