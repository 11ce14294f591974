package pair

import (
	"cmp"

	"tcpwatch/tracker/record"
)

// turned reports whether B is nearer to the clients: most segments of handshakes have more hops left
// there if a client sent them, and fewer if a server did; where no router stands between, the SYN/ACK
// takes longer to come.
func (x *comparison) turned() (bool, error) {
	hops, waits := 0, 0
	err := x.each(func(p *Pair) error {
		for e, sign := range [...]int{1, -1} {
			a, b := &p.A.Offers[e], &p.B.Offers[p.endAt(record.End(e))]
			if a.TTL > 0 && b.TTL > 0 {
				hops += sign * cmp.Compare(a.TTL, b.TTL)
			}
		}
		if a, b := p.A.opened, p.B.opened; a.OK && b.OK && abs(a.V-b.V) > stampsDiffer {
			waits += cmp.Compare(a.V, b.V)
		}
		return nil
	})
	return hops < 0 || hops == 0 && waits < 0, err
}

// stampsDiffer is by how much the same span may differ at one place, ns: each stamp is a little late.
const stampsDiffer = int64(1e3)

// swap makes B the place at the clients.
func (x *comparison) swap() error {
	x.Swapped = true
	x.A, x.B = x.B, x.A
	if x.A.opt.Role && x.B.opt.Role {
		x.A.opt.Name, x.B.opt.Name = x.B.opt.Name, x.A.opt.Name
	}
	x.Alone[0], x.Alone[1] = x.Alone[1], x.Alone[0]
	x.tally.cited[0], x.tally.cited[1] = x.tally.cited[1], x.tally.cited[0]
	turned := &sorter{room: x.pairs.room}
	err := x.pairs.each(func(i item) error {
		c, err := x.A.get(int(i.j))
		if err != nil {
			return err
		}
		i.key, i.i, i.j = c.ID, i.j, i.i
		return turned.add(i)
	})
	x.pairs.close()
	x.pairs = turned
	return err
}
