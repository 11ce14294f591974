package pair

import (
	"fmt"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// sideOf says at which place of a pair an option was there.
func sideOf(p *Pair, c Change) string {
	for end := record.Orig; end <= record.Resp; end++ {
		a, b := &p.A.Offers[end], &p.B.Offers[p.endAt(end)]
		if !a.Seen || !b.Seen {
			continue
		}
		who, sent, came := "client", a.has(c), b.has(c)
		if end == record.Resp {
			who, sent, came = "server", came, sent
		}
		switch {
		case sent == came:
		case came == "":
			return fmt.Sprintf(" (the %s sent %s, and it was gone when it came)", who, sent)
		case sent == "":
			return fmt.Sprintf(" (%s came, which the %s had not sent)", came, who)
		default:
			return fmt.Sprintf(" (the %s sent %s, and %s came)", who, sent, came)
		}
	}
	return ""
}

// has is an offered option in words; "" where it is not offered.
func (o *Offer) has(c Change) string {
	switch {
	case c == DroppedSACK && o.Options&capture.OptSACKPermitted != 0:
		return "SACK permitted"
	case c == DroppedTimestamps && o.Options&capture.OptTimestamps != 0:
		return "a timestamp"
	case c == ChangedWindowScale && o.WScale.OK:
		return fmt.Sprintf("a shift of %d", o.WScale.V)
	}
	return ""
}
