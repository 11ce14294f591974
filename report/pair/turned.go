package pair

import (
	"cmp"
	"slices"

	"tcpwatch/tracker/record"
)

// turned reports whether B is nearer to the clients: most segments of handshakes have more hops left
// there if a client sent them, and fewer if a server did; where no router stands between, the SYN/ACK
// takes longer to come.
func (x *comparison) turned() bool {
	hops, waits := 0, 0
	for i := range x.Pairs {
		p := &x.Pairs[i]
		for e, sign := range [...]int{1, -1} {
			a, b := &p.A.Offers[e], &p.B.Offers[p.endAt(record.End(e))]
			if a.TTL > 0 && b.TTL > 0 {
				hops += sign * cmp.Compare(a.TTL, b.TTL)
			}
		}
		if a, b := p.A.opened, p.B.opened; a.OK && b.OK && abs(a.V-b.V) > stampsDiffer {
			waits += cmp.Compare(a.V, b.V)
		}
	}
	return hops < 0 || hops == 0 && waits < 0
}

// stampsDiffer is by how much the same span may differ at one place, ns: each stamp is a little late.
const stampsDiffer = int64(1e3)

// swap makes B the place at the clients.
func (x *comparison) swap() {
	x.Swapped = true
	x.A, x.B = x.B, x.A
	if x.A.opt.Role && x.B.opt.Role {
		x.A.opt.Name, x.B.opt.Name = x.B.opt.Name, x.A.opt.Name
	}
	x.Alone[0], x.Alone[1] = x.Alone[1], x.Alone[0]
	for i := range x.Pairs {
		p := &x.Pairs[i]
		p.A, p.B = p.B, p.A
	}
	slices.SortFunc(x.Pairs, func(p, q Pair) int { return cmp.Compare(p.A.ID, q.A.ID) })
}
