package pair

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// Why no connection is at both places is one sentence.
func TestNothing(t *testing.T) {
	const client, server, other = "10.0.0.1:1000", "10.9.0.2:80", "10.9.0.3:80"
	one := func(name string, conns ...*Conn) *Place {
		p := NewPlace(PlaceOptions{Name: name, Captures: name + ".pcap"})
		for _, c := range conns {
			r := &record.Record{ID: c.ID, Orig: c.Orig, Resp: c.Resp, Start: c.Start, End: c.End}
			for e := range r.Ends {
				r.Ends[e].Key.ISN = c.ISN[e]
			}
			p.Conn(r)
		}
		return p
	}
	for _, x := range []struct {
		name string
		a, b *Place
		want string
	}{
		{"no connection", one("client", seen(1, client, server, 0)), one("server"), "No connection is at both places: server saw none at all."},
		{"no overlap", one("client", seen(1, client, server, 100, isns(5, 6))), one("server", seen(1, client, other, 0, isns(7, 8))),
			"No connection is at both places, and the captures do not overlap in time: server ends at 1970-01-01 00:00:01, client begins at 1970-01-01 00:01:40 UTC. If both ran at once, a clock is wrong."},
		{"no keys", one("client", seen(1, client, server, 0)), one("server", seen(1, client, other, 0, isns(7, 8))),
			"No connection is at both places: those of client have neither initial sequence numbers nor first payload bytes to know them by, and no addresses and ports in common with the other."},
		{"other ones", one("client", seen(1, client, server, 0, isns(5, 6))), one("server", seen(1, client, other, 0, isns(7, 8))),
			"No connection is at both places: no sequence number, payload or address of one is found at the other."},
	} {
		r, err := Compare(x.a, x.b, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(r.head(true), "\n"); !strings.Contains(got, "\n"+x.want) {
			t.Errorf("%s: %s", x.name, got)
		}
		if found := r.Findings(); len(found) > 0 && x.name != "other ones" && x.name != "no keys" {
			t.Errorf("%s: %+v", x.name, found)
		}
	}
}
