package main

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
)

// why chooses the connections that --why or --follow is about: one by its ID, or all
// between a pair of endpoints, whichever of them opened.
type why struct {
	text string
	id   uint64 // 0 for a pair
	a, b capture.Endpoint

	all bool // those of --where
}

// allMatching is the argument that stands for all connections of --where.
const allMatching = "matching"

// parseWhy reads 17, 192.0.2.1:40000-192.0.2.2:80 or "[2001:db8::1]:40000 [2001:db8::2]:80".
func parseWhy(text string) (*why, error) {
	if id, err := strconv.ParseUint(strings.TrimPrefix(text, "#"), 10, 64); err == nil && id > 0 {
		return &why{text: text, id: id}, nil
	}
	if text == allMatching {
		return &why{text: text, all: true}, nil
	}
	parts := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("- ,>", r) })
	if len(parts) == 2 {
		a, errA := parseEndpoint(parts[0])
		b, errB := parseEndpoint(parts[1])
		if errA == nil && errB == nil {
			return &why{text: text, a: a, b: b}, nil
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

// marks is the tracker's question whether a connection is one of them.
func (w *why) marks(id uint64, orig, resp capture.Endpoint) bool {
	switch {
	case w.all:
		return true
	case w.id != 0:
		return id == w.id
	}
	return orig == w.a && resp == w.b || orig == w.b && resp == w.a
}

// noConnection is the error that pick names no connection.
func (o *options) noConnection(pick *why, packets uint64) error {
	if o.where != nil {
		return fmt.Errorf("no such connection in %s packets that --where asks for; --report connections lists those", say.Thousands(packets))
	}
	if pick.id == 0 {
		return fmt.Errorf("no connection between %s and %s in %s packets; --report connections lists all", pick.a, pick.b, say.Thousands(packets))
	}
	return fmt.Errorf("no connection %s in %s packets: a connection's number is that of its first packet; --report connections lists them",
		pick.text, say.Thousands(packets))
}
