package report

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
)

// Pick chooses connections: one by its number, those between two ends, whichever of them
// opened, or all.
type Pick struct {
	Text string // as it was written
	ID   uint64 // the connection's number; 0 when it is chosen otherwise
	All  bool
	a, b capture.Endpoint
}

// pickAll is how a Pick of all connections is written.
const pickAll = "matching"

// ParsePick reads 17, 192.0.2.1:40000-192.0.2.2:80, "[2001:db8::1]:40000 [2001:db8::2]:80"
// or matching.
func ParsePick(text string) (*Pick, error) {
	if id, err := strconv.ParseUint(strings.TrimPrefix(text, "#"), 10, 64); err == nil && id > 0 {
		return &Pick{Text: text, ID: id}, nil
	}
	if text == pickAll {
		return &Pick{Text: text, All: true}, nil
	}
	parts := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("- ,>", r) })
	if len(parts) == 2 {
		a, errA := parseEndpoint(parts[0])
		b, errB := parseEndpoint(parts[1])
		if errA == nil && errB == nil {
			return &Pick{Text: text, a: a, b: b}, nil
		}
	}
	for _, p := range parts {
		if strings.Count(p, ":") > 1 && !strings.Contains(p, "[") {
			return nil, fmt.Errorf("%q: write IPv6 as [ADDRESS]:PORT", text)
		}
	}
	return nil, fmt.Errorf("%q: neither a connection's number nor ADDRESS:PORT-ADDRESS:PORT", text)
}

func parseEndpoint(s string) (capture.Endpoint, error) {
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		return capture.Endpoint{}, err
	}
	return capture.Endpoint{Addr: capture.AddrFrom(a.Addr().Unmap()), Port: a.Port()}, nil
}

// Marks reports whether a connection is one of them, as record.Needs.Steps asks.
func (p *Pick) Marks(id uint64, orig, resp capture.Endpoint) bool {
	switch {
	case p.All:
		return true
	case p.ID != 0:
		return id == p.ID
	}
	return orig == p.a && resp == p.b || orig == p.b && resp == p.a
}

// Among is Marks of the connections that a run over the same files has found.
func (p *Pick) Among(found *Found) func(id uint64, orig, resp capture.Endpoint) bool {
	return func(id uint64, orig, resp capture.Endpoint) bool {
		return found.Has(id) && p.Marks(id, orig, resp)
	}
}

// NotFound is the error that none of so many packets is of such a connection; where is
// whether only those were looked at that --where asks for.
func (p *Pick) NotFound(packets uint64, where bool) error {
	n := say.Thousands(packets)
	switch {
	case where:
		return fmt.Errorf("no such connection in %s packets that --where asks for; --report connections lists those", n)
	case p.ID == 0:
		return fmt.Errorf("no connection between %s and %s in %s packets; --report connections lists all", p.a, p.b, n)
	}
	return fmt.Errorf("no connection %s in %s packets: a connection's number is that of its first packet; --report connections lists them",
		p.Text, n)
}
