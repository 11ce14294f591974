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

// servesNone tells that all of some connections have one client, and that nothing which it opened
// to the listener in that time went well.
func (c *Context) servesNone(at capture.Endpoint, clients *sources, since, until int64) bool {
	if clients.all.Count() != 1 || len(clients.known) != 1 {
		return false
	}
	return c.meanwhile(at, clients.known[0].Addr, since, until).opened == 0
}

// quickest is how long the quickest handshake of the only client among some took to a listener; 0
// where they are several, or none is known.
func (c *Context) quickest(at capture.Endpoint, clients *sources) (least int64) {
	if c.contrasts == nil || clients.all.Count() != 1 || len(clients.known) != 1 {
		return 0
	}
	for _, a := range c.contrasts.byListener[at] {
		if took := a.Opened - a.Start; a.Opened != 0 && a.Orig.Addr == clients.known[0].Addr && (least == 0 || took < least) {
			least = took
		}
	}
	return least
}

// opensLater is the only client of some attempts, and when it first opened a connection to the same listener after a time; 0
// where they are several, or it opened none.
func (c *Context) opensLater(at capture.Endpoint, clients *sources, since int64) (client capture.Addr, when int64) {
	if c.contrasts == nil || clients.all.Count() != 1 || len(clients.known) != 1 {
		return client, 0
	}
	client = clients.known[0].Addr
	for _, a := range c.contrasts.byListener[at] {
		if a.Result == wentWell && a.Orig.Addr == client && a.Start > since && (when == 0 || a.Start < when) {
			when = a.Start
		}
	}
	return client, when
}
