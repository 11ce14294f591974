package names

import (
	"testing"

	"tcpwatch/tracker/record"
)

// FuzzObserve plays arbitrary payload, in arbitrary pieces and order, of a few
// connections: nothing panics, every text is bounded, nothing is left behind.
func FuzzObserve(f *testing.F) {
	for _, tt := range namesTests {
		var in []byte
		for _, s := range tt.sent {
			for _, p := range pieces([]sent{s}, 255) {
				in = append(append(in, byte(s.end), byte(len(p.b))), p.b...)
			}
		}
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		o := New(Options{Undecided: 3, Waiting: 3})
		feeds := make([]feed, 4)
		for i := range feeds {
			feeds[i] = feed{o: o, id: uint64(i)}
		}
		for len(in) >= 2 {
			// How: 0x01 end, 0x06 connection, 0x08 out of place, 0x10 cut, 0x20 repeated, 0x40 far ahead.
			how, n := in[0], min(int(in[1]), len(in)-2)
			b := in[2 : 2+n]
			in = in[2+n:]
			x, end := &feeds[how>>1&3], record.End(how&1)
			off := x.at[end]
			switch {
			case how&0x08 != 0:
				off += int64(int8(in1(b)))
			case how&0x40 != 0:
				off += int64(in1(b)) << 8
			default:
				x.at[end] += int64(n)
			}
			wire := n
			if how&0x10 != 0 {
				wire += 10
			}
			x.place(end, off, b, wire)
			if how&0x20 != 0 {
				x.place(end, off, b, wire)
			}
			if o.undecided() > 3 || o.waiting() > 3 || len(o.spare) > 3 {
				t.Fatalf("%d undecided, %d waiting, %d spare", o.undecided(), o.waiting(), len(o.spare))
			}
		}
		for i := range feeds {
			n := feeds[i].names()
			for _, s := range []string{n.Proto, n.SNI, n.ALPN, n.ALPNChosen, n.TLSVersion, n.TLSOffered, n.HTTPMethod, n.HTTPHost, n.SSH[0], n.SSH[1], n.ServerVersion, n.DNSQuery} {
				if len(s) > maxText {
					t.Errorf("%d bytes: %q", len(s), s)
				}
			}
			if n != (record.NamesRecord{}) && n.Proto == "" {
				t.Errorf("names without a protocol: %+v", n)
			}
		}
		if o.held() != 0 || o.undecided() != 0 || o.waiting() != 0 {
			t.Errorf("left: %d entries, %d undecided, %d waiting", o.held(), o.undecided(), o.waiting())
		}
	})
}

// FuzzReaders asks all readers and those that may know how a message begins:
// they say the same.
func FuzzReaders(f *testing.F) {
	for _, tt := range namesTests {
		for _, s := range tt.sent {
			f.Add(s.b, uint8(s.end))
			f.Add(s.b[:min(len(s.b), 3)], uint8(s.end))
		}
	}
	for c := range 256 {
		f.Add([]byte{byte(c)}, uint8(0))
		f.Add([]byte{byte(c), byte(c), byte(c), byte(c), byte(c)}, uint8(c))
	}
	f.Fuzz(func(t *testing.T, b []byte, how uint8) {
		if b, cut := afterProxyHeader(b); len(b) == 0 || cut {
			return
		}
		// How: 0x01 end, 0x02 final, 0x04 the peer has sent, 0x08 greeted, 0x10 the protocol is known.
		end := record.End(how & 1)
		var before entry
		before.sides[end.Peer()].seen, before.greeted = how&0x04 != 0, how&0x08 != 0
		if how&0x10 != 0 {
			before.names.Proto = "http"
		}
		few, all := before, before
		o := New(Options{})
		got := o.recognise(&few, end, b, how&0x02 != 0)
		b, _ = afterProxyHeader(b)
		m := &message{b, how&0x02 != 0, end, &all, make([]byte, window)}
		want := no
		for r := tlsReader; r <= dnsReader && want != yes; r <<= 1 {
			if v := m.ask(r); v != no {
				want = v
			}
		}
		if got != want || few != all {
			t.Errorf("%q: %d and %+v, all readers say %d and %+v", b, got, few, want, all)
		}
	})
}

func in1(b []byte) byte {
	if len(b) == 0 {
		return 0
	}
	return b[len(b)-1]
}

// held is how many connections an Observer knows something of.
func (o *Observer) held() int {
	return len(o.entries) - len(o.free[0]) + len(o.named) - len(o.free[1])
}
