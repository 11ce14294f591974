package pair

// setClocks finds how far the clocks are apart, by segments that can be told by their numbers alone,
// and which segments each place captures at all.
func (x *comparison) setClocks() error {
	err := x.each(func(p *Pair) error {
		if p.Rung == ByProxy {
			return nil
		}
		if err := x.load(p); err != nil {
			return err
		}
		if len(x.bufs[0]) == 0 || len(x.bufs[1]) == 0 {
			x.handshake(p)
			return nil
		}
		x.fly(p)
		for d := range x.flights {
			f := &x.flights[d]
			for side, packets := range [2][]packet{f.sent, f.got} {
				for j := range packets {
					if packets[j].marks&spare == 0 {
						x.saw[d][side][packets[j].class()] = true
					}
				}
			}
			x.aligner.sure(f, func(sent, got *packet) {
				switch {
				case !f.timed(sent, got):
				case d == Forth:
					x.watch.forward(sent.time, got.time)
				default:
					x.watch.backward(sent.time, got.time)
				}
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	x.Clock = x.watch.clock()
	for d := range x.saw {
		for c := range NClasses {
			x.Classes[d][c] = x.saw[d][0][c] && x.saw[d][1][c]
		}
		for side := range x.saw[d] {
			x.Unseen[d][side] = x.saw[d][side] == [NClasses]bool{}
		}
	}
	return nil
}

// handshake takes what the records of a pair show of the clocks: a SYN that was sent once, and its answer.
func (x *comparison) handshake(p *Pair) {
	a, b := p.A, p.B
	if p.Turn || a.syns != 1 || b.syns != 1 || !a.opened.OK || !b.opened.OK || a.Start == 0 || b.Start == 0 {
		return
	}
	x.watch.forward(a.Start, b.Start)
	x.watch.backward(b.Start+b.opened.V, a.Start+a.opened.V)
}

// way is how long a segment took in a direction, ns, by the Clock.
func (x *comparison) way(d int) func(sent, got *packet) int64 {
	if d == Forth {
		return func(sent, got *packet) int64 { return x.Clock.way(sent.time, got.time, false) }
	}
	return func(sent, got *packet) int64 { return x.Clock.way(got.time, sent.time, true) }
}
