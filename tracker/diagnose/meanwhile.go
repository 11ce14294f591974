package diagnose

import "tcpwatch/capture"

// meanwhile are the attempts to a listener that began in a time, by how they went, of
// those that are remembered; of one opener alone unless that is the zero value.
type meanwhile struct {
	opened, unanswered uint64
}

// meanwhile looks for the attempts that began from since to until.
func (c *Context) meanwhile(at capture.Endpoint, opener capture.Addr, since, until int64) (m meanwhile) {
	if c.contrasts == nil {
		return m
	}
	for _, a := range c.contrasts.byListener[at] {
		if a.Start < since || a.Start > until || opener != (capture.Addr{}) && a.Orig.Addr != opener {
			continue
		}
		switch a.Result {
		case wentWell:
			m.opened++
		case wentUnanswered:
			m.unanswered++
		}
	}
	return m
}
