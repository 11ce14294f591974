package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"tcpwatch/capture"
)

// heardFrom is when a host was there last between two times: what was under way at the first proves
// nothing. What it sent later tells nothing of the time between: it may have come back.
func (c *Context) heardFrom(host capture.Addr, since, until int64) (at int64, ok bool) {
	if c.systems != nil {
		if x := c.systems.kept.Find(hostKey(host)); x != nil && x.there > since && x.there <= until {
			return x.there, true
		}
	}
	since += underWay
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

// underWay is how long a packet may have been on its way, where no round trip is known.
const underWay = second

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
	f.shows(hostThere, fmt.Sprintf("%s sent a packet %s after that began: the host is there.", f.Subject.A.Addr, span(at-f.silence)))
	f.Advice = slices.DeleteFunc(slices.Clone(f.Advice), func(text string) bool { return strings.HasPrefix(text, isItThere) })
	f.Advice = append([]string{fmt.Sprintf("On %s: `tcpdump -ni any 'tcp'` shows whether the packets of the connection arrive there and answers leave; the log of a firewall or intrusion prevention on the path shows what it drops.", f.Subject.A.Addr)}, f.Advice...)
}
