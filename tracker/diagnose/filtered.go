package diagnose

import (
	"fmt"
	"slices"

	"tcpwatch/capture"
)

// filtered is whose data a server acknowledged none of, though the handshake passed, and since when: what several servers
// do alike at different times something near that client does.
type filtered struct {
	client capture.Addr
	since  int64
}

// brokeThere is why data alone may go unanswered by chance: once, not again and again.
func brokeThere() Cause { return onPath("the path broke just after the handshake") }

// nearClients tells of servers that each acknowledge nothing of the data of fewer clients, at different times: a path that
// breaks just then each time is none.
func (f *Finding) nearClients(found []*Finding) {
	var clients []string
	least, most := f.filter.since, f.filter.since
	for _, x := range found {
		if x.filter.client == (capture.Addr{}) {
			return
		}
		if client := x.filter.client.String(); !slices.Contains(clients, client) {
			clients = append(clients, client)
		}
		least, most = min(least, x.filter.since), max(most, x.filter.since)
	}
	if most-least <= atOneMoment || len(clients) >= len(found) {
		return
	}
	slices.Sort(clients)
	who := named(clients, ", ")
	f.causes = slices.DeleteFunc(slices.Clone(f.causes), func(c Cause) bool { return c == brokeThere() })
	f.lead(hostOrPath(fmt.Sprintf("a filter near the clients (%s) lets handshakes pass and drops what carries data: a firewall, a captive portal, a proxy", who)),
		fmt.Sprintf("%d servers fail alike, at times up to %s apart", len(found), span(most-least)))
	f.write()
	f.Advice = []string{fmt.Sprintf("Capture on both sides of the gateway or firewall of %s: does the data leave it towards the servers? Its log and rules show what it drops.", who)}
}
