package pair

import (
	"net/netip"
	"slices"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// at is an endpoint.
func at(text string) capture.Endpoint {
	a := netip.MustParseAddrPort(text)
	return capture.Endpoint{Addr: capture.AddrFrom(a.Addr()), Port: a.Port()}
}

// seen is a connection of 1 s that began so many seconds after the start.
func seen(id uint64, orig, resp string, second int64, change ...func(c *Conn)) *Conn {
	c := &Conn{ID: id, Orig: at(orig), Resp: at(resp), Start: second*1e9 + 1, End: (second+1)*1e9 + 1}
	for _, f := range change {
		f(c)
	}
	return c
}

func isns(orig, resp uint32) func(c *Conn) {
	return func(c *Conn) {
		if orig != 0 {
			c.ISN[0] = record.Some(orig)
		}
		if resp != 0 {
			c.ISN[1] = record.Some(resp)
		}
	}
}

func payload(orig, resp uint64, bytes uint64) func(c *Conn) {
	return func(c *Conn) {
		for e, d := range [...]uint64{orig, resp} {
			if d != 0 {
				c.Digest[e], c.Bytes[e] = record.Some(d), record.Some(bytes)
			}
		}
	}
}

// placeOf is a place that saw those connections; in a file, where that is asked for.
func placeOf(t *testing.T, filed bool, conns []*Conn) *Place {
	t.Helper()
	p := NewPlace(PlaceOptions{Spill: func() (File, error) { return &ram{}, nil }})
	for _, c := range conns {
		p.add(c)
	}
	if filed {
		if err := p.spill(); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func TestMatch(t *testing.T) {
	const client, nat, server, real = "10.0.0.1:1000", "192.0.2.1:7000", "192.0.2.9:80", "10.9.0.2:8080"
	type joined struct {
		a, b uint64
		rung Rung
	}
	unproxied := func(*Pair) bool { return true }
	for _, x := range []struct {
		name      string
		a, b      []*Conn
		same      func(*Pair) bool
		via       bool
		want      []joined
		ambiguous uint64
		proxied   uint64
	}{
		{name: "both numbers, all addresses and ports translated",
			a:    []*Conn{seen(1, client, server, 0, isns(5, 6)), seen(2, "10.0.0.2:1", server, 0, isns(7, 8))},
			b:    []*Conn{seen(9, nat, real, 0, isns(7, 8)), seen(4, "192.0.2.1:7001", real, 0, isns(5, 6))},
			want: []joined{{1, 4, ByNumbers}, {2, 9, ByNumbers}}},
		{name: "a SYN proxy numbers the answer anew",
			a:    []*Conn{seen(1, client, server, 0, isns(5, 6))},
			b:    []*Conn{seen(2, client, server, 0, isns(5, 77))},
			want: []joined{{1, 2, ByOneNumber}}},
		{name: "one number, far apart in time once the clocks are known",
			a:    []*Conn{seen(1, client, server, 0, isns(5, 6)), seen(2, client, server, 100, isns(50, 0))},
			b:    []*Conn{seen(3, nat, real, 0, isns(5, 6)), seen(4, nat, real, 900, isns(50, 60))},
			want: []joined{{1, 3, ByNumbers}}},
		{name: "the same number of two connections at one time",
			a:         []*Conn{seen(1, client, server, 0, isns(5, 0)), seen(2, "10.0.0.2:1", server, 0, isns(5, 0))},
			b:         []*Conn{seen(3, nat, real, 0, isns(5, 6)), seen(4, "192.0.2.1:7001", real, 0, isns(5, 7))},
			ambiguous: 2},
		{name: "the same number, but the bytes tell",
			a:    []*Conn{seen(1, client, server, 0, isns(5, 1), payload(11, 12, 100)), seen(2, "10.0.0.2:1", server, 0, isns(5, 2), payload(21, 22, 100))},
			b:    []*Conn{seen(3, nat, real, 0, isns(5, 6), payload(21, 22, 100)), seen(4, "192.0.2.1:7001", real, 0, isns(5, 7), payload(11, 12, 100))},
			want: []joined{{1, 4, ByOneNumber}, {2, 3, ByOneNumber}}},
		{name: "both numbers rewritten, the same segments",
			a:    []*Conn{seen(1, client, server, 0, isns(5, 6), payload(11, 12, 100))},
			b:    []*Conn{seen(2, nat, real, 0, isns(7, 8), payload(11, 12, 100))},
			same: unproxied, want: []joined{{1, 2, ByPayload}}},
		{name: "the same first bytes of another length are another message",
			a:    []*Conn{seen(1, client, server, 0, isns(5, 6), payload(11, 12, 40))},
			b:    []*Conn{seen(2, nat, real, 0, isns(7, 8), payload(11, 12, 41))},
			same: unproxied},
		{name: "one digest where the other direction was not captured",
			a:    []*Conn{seen(1, client, server, 0, isns(5, 6), payload(11, 12, 100))},
			b:    []*Conn{seen(2, nat, real, 0, payload(11, 0, 100))},
			same: unproxied, want: []joined{{1, 2, ByPayload}}},
		{name: "a proxy that ends one connection and opens another",
			a: []*Conn{seen(1, client, server, 0, isns(5, 6), payload(11, 12, 100))},
			b: []*Conn{seen(2, nat, real, 0, isns(7, 8), payload(11, 12, 100))}, proxied: 1},
		{name: "the same, when asked for",
			a: []*Conn{seen(1, client, server, 0, isns(5, 6), payload(11, 12, 100))},
			b: []*Conn{seen(2, nat, real, 0, isns(7, 8), payload(11, 12, 100))}, via: true, proxied: 1, want: []joined{{1, 2, ByProxy}}},
		{name: "captures that begin midstream",
			a:    []*Conn{seen(1, client, real, 0)},
			b:    []*Conn{seen(2, client, real, 0)},
			want: []joined{{1, 2, ByAddresses}}},
		{name: "midstream, roles guessed otherwise",
			a:    []*Conn{seen(1, client, real, 0)},
			b:    []*Conn{seen(2, real, client, 0)},
			want: []joined{{1, 2, ByAddresses}}},
		{name: "a port used again is another connection",
			a:    []*Conn{seen(1, client, real, 0, isns(5, 6)), seen(2, client, real, 500)},
			b:    []*Conn{seen(3, client, real, 0, isns(5, 6)), seen(4, client, real, 1000)},
			want: []joined{{1, 3, ByNumbers}}},
		{name: "a SYN that never came", a: []*Conn{seen(1, client, server, 0, isns(5, 0))}, b: []*Conn{seen(2, nat, real, 0, isns(9, 9))}},
	} {
		t.Run(x.name, func(t *testing.T) {
			for i := range 4 {
				turned, filed := i&1 != 0, i&2 != 0
				places := [...]*Place{placeOf(t, filed, x.a), placeOf(t, filed, x.b)}
				if turned { // places given the other way round pair the same
					places[0], places[1] = places[1], places[0]
				}
				m := newMatcher(places[0], places[1], x.via)
				m.same = x.same
				if err := m.run(); err != nil {
					t.Fatal(err)
				}
				var got []joined
				m.pairs.each(func(i item) error {
					a, _ := places[0].get(int(i.i))
					b, _ := places[1].get(int(i.j))
					if turned {
						a, b = b, a
					}
					got = append(got, joined{a.ID, b.ID, i.rung})
					return nil
				})
				slices.SortFunc(got, func(x, y joined) int { return int(x.a) - int(y.a) })
				if !slices.Equal(got, x.want) || m.ambiguous != x.ambiguous || m.proxied != x.proxied {
					t.Errorf("turned %v, in a file %v: %v, %d ambiguous, %d proxied; want %v, %d, %d", turned, filed, got, m.ambiguous, m.proxied, x.want, x.ambiguous, x.proxied)
				}
			}
		})
	}
}
