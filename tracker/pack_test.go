package tracker

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
	"tcpwatch/tracker/zeek"
)

// scramble puts something into every field below v that packing must keep.
func scramble(r *rand.Rand, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Bool:
		set(v).SetBool(true)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		set(v).SetUint(1 + r.Uint64N(100))
	case reflect.Int64:
		set(v).SetInt(1 + r.Int64N(1e12))
	case reflect.Struct:
		for i := range v.NumField() {
			scramble(r, v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	case reflect.Array:
		for i := range v.Len() {
			scramble(r, v.Index(i), path)
		}
	}
}

// thin empties all but one in so many fields below v.
func thin(r *rand.Rand, v reflect.Value, in int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			thin(r, v.Field(i), in)
		}
	case reflect.Array:
		for i := range v.Len() {
			thin(r, v.Index(i), in)
		}
	case reflect.Bool, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Int64:
		if r.IntN(in) > 0 {
			set(v).SetZero()
		}
	}
}

// set makes a field that is not exported settable.
func set(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
}

// Every field of a connection comes back from being packed, with all of them in
// use and with few: one that somebody adds and does not pack fails here, and one
// that is left out when others are empty.
func TestPackKeepsEverything(t *testing.T) {
	racetest.TooSlow(t)
	for seed := range uint64(400) {
		fill := func(r *rand.Rand, v any) {
			scramble(r, reflect.ValueOf(v).Elem(), "")
			if seed >= 50 {
				thin(r, reflect.ValueOf(v).Elem(), 4<<(seed%4))
			}
		}
		r := rand.New(rand.NewPCG(seed, 1))
		tr := New(Options{}, &recorder{})
		tr.Observe(&capture.Segment{Packet: 7, Time: 1e18, Src: capture.Endpoint{Port: 9}, Dst: capture.Endpoint{Port: 5}, Flags: capture.SYN, Seq: 1})
		c := tr.stateOf(1)
		was := tr.entries.At(c.entry)
		fill(r, c)
		c.id, c.entry, c.index, c.class = 7, 1, 1, was.Class
		c.prev = nil
		if seed%4 > 0 {
			fill(r, c.own())
			c.details.answer.Kind = record.AnswerICMPv6
		}
		if seed%4 > 1 {
			fill(r, c.caught())
		}
		c.silent, c.vague, c.endedBy = 0, false, endNotYet // set when it is dropped
		c.kept, c.more = c.kept%(1<<12)*keptUnit, 0        // told in units; booked anew
		c.ends[0].addr, c.ends[1].addr = was.Key.B, was.Key.A
		c.resetBy = record.Resp
		c.trans = nil
		for range r.IntN(maxTransitions) {
			c.trans = append(c.trans, record.Transition{Time: r.Int64N(1e18), Packet: r.Uint64N(1e9), End: record.End(r.IntN(2)), From: record.State(r.IntN(12)), To: record.State(r.IntN(12)), Basis: record.Basis(r.IntN(4))})
		}
		if seed%2 == 0 {
			fill(r, c.troubled())
		}
		if seed%3 == 0 {
			tr.hasAsides(c)
			fill(r, c.details.asides)
		}
		c.z.NLetters = zeek.MaxHistory
		copy(c.z.Letters[:], "ShADadtTFfRrGgWwQ^i")
		c.z.Letters[zeek.MaxHistory-1] = 'c'
		c.turns.spread = nil
		if c.turns.timed > 1 {
			c.turns.spread = new(reassembly.Histogram)
			c.turns.spread.Add(5e6)
		}
		for e := range c.ends {
			x := &c.ends[e]
			x.wscale, x.order, x.state = x.wscale%15, x.order%4, x.state%record.NStates // four bits for each
			if r.IntN(2) == 0 {
				fill(r, x.own())
				x.details.zero.list = new(zeroWindowList)
				fill(r, x.details.zero.list)
				x.details.zero.list.n, x.details.zero.list.probing = maxZeroWindows, true
			}
			x.recent = recentSegments{id: x.recent.id}
			x.stream.Reset()
			x.stream.Start(reassembly.Seq(r.Uint32()))
			for range r.IntN(20) {
				x.stream.Add(x.stream.Next().Add(r.Uint32N(3000)), 1+r.Uint32N(2000))
			}
			if seed%5 == 0 {
				x.stream.Jump(x.stream.Next().Add(3e9))
			}
			x.stream.Ack(x.stream.Next().Add(-r.Uint32N(1000)))
			x.sender = nil
			if e == 0 || r.IntN(2) == 0 {
				s := tr.sends(x)
				fill(r, s)
				if r.IntN(2) == 0 {
					fill(r, s.losing())
				}
				if s.loss != &noLosses && r.IntN(2) == 0 {
					s.loss.answers = tr.parts.answers.take()
					s.loss.answers.Start(&reassembly.Flight{}, x.stream.Next(), x.stream.Next())
					for i := range r.Uint32N(reassembly.MaxAnswers) {
						s.loss.answers.Send(x.stream.Next().Add(-r.Uint32N(3000)), reassembly.Repeated(i%4))
					}
				}
				if s.loss != &noLosses {
					if s.loss.nProved = uint8(len(s.loss.proved)); seed >= 50 {
						s.loss.nProved, s.loss.proved = 0, [8]reassembly.Seq{}
					}
				}
				s.flight.Reset(maxSpareSegments)
				s.rtt.spans = new(reassembly.Histogram)
				if seed >= 50 && r.IntN(2) == 0 { // one sample, which needs no histogram
					s.rtt.n, s.rtt.max, s.rtt.smoothed = 1, s.rtt.min, s.rtt.min
				}
				for i := range r.Int64N(30) {
					if s.rtt.n > 1 {
						s.rtt.spans.Add(i * i * 1e5)
					}
					s.flight.Send(x.stream.Next().Add(uint32(i)), x.stream.Next().Add(uint32(i)+1), i, uint64(i), uint16(i))
				}
			}
		}
		if seed >= 50 {
			mostly(r, tr, c)
		}
		want := fmt.Sprintf("%+v", dump(reflect.ValueOf(c).Elem()))
		tr.saver.conn(tr, c)
		if again := fmt.Sprintf("%+v", dump(reflect.ValueOf(c).Elem())); again != want {
			t.Fatal("packing changes what it packs")
		}
		tr.clock.now += second
		if !tr.pack(c) {
			t.Fatal("not packed")
		}
		got := fmt.Sprintf("%+v", dump(reflect.ValueOf(tr.stateOf(1)).Elem()))
		if got != want {
			at := 0
			for at < min(len(got), len(want)) && got[at] == want[at] {
				at++
			}
			t.Fatalf("seed %d: packed and unpacked\n...%.200s\nwant\n...%.200s", seed, got[max(0, at-60):], want[max(0, at-60):])
		}
	}
}

// mostly gives fields the values that they have in most connections: each is
// left out then, but not what goes with it.
func mostly(r *rand.Rand, t *Tracker, c *conn) {
	some := func() bool { return r.IntN(4) > 0 }
	same := func(p *uint64, as uint64) {
		if some() {
			*p = as
		}
	}
	same(&c.filePacket, c.id)
	for i := range c.ends {
		x := &c.ends[i]
		x.timeWaitEnd = record.TimeWaitEnd(r.IntN(2))
		if some() {
			x.firstSYN, x.firstSYNPacket = c.start, c.id
		}
		if some() {
			x.lastSYN = x.firstSYN
		}
		if some() {
			x.lastSYNVal = x.firstSYNVal
		}
		if some() {
			x.timeWaitUntil = x.waitsUntil(t)
		}
		if some() {
			x.fin = x.stream.Next()
		}
		same(&x.seenBytes, x.stream.Span())
		same(&x.wireBytes, x.seenBytes)
		if some() {
			c.z.Ends[i].Start = uint32(x.isn)
		}
	}
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	if some() {
		c.timeWaitUntil = c.longestWait()
	}
	if some() {
		c.firstSYNACK = b.firstSYN
	}
	same(&c.synAckAt, b.firstSYNPacket)
	if some() {
		c.synAckEcho = a.firstSYNVal
	}
	x := &c.turns
	if some() {
		x.request, x.requestEnd = a.lastData, a.stream.Next()
	}
	if some() {
		x.answered = b.lastData
	}
	if some() {
		x.n, x.timed, x.min, x.max, x.sum, x.spread = 1, 1, x.first, x.first, x.first, nil
	}
}

// dump is v with what its pointers point to.
func dump(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return dump(v.Elem())
	case reflect.Struct:
		var all []string
		for i := range v.NumField() {
			if v.Type().Field(i).Name == "pool" {
				continue // of all connections
			}
			all = append(all, fmt.Sprintf("%s:%v", v.Type().Field(i).Name, dump(v.Field(i))))
		}
		return all
	case reflect.Slice, reflect.Array:
		var all []any
		for i := range v.Len() {
			all = append(all, dump(v.Index(i)))
		}
		return all
	}
	return fmt.Sprint(v)
}

// A connection with each of its limits reached has fewer numbers than there is
// room for; where they take too many bytes it stays as it is.
func TestPackAtEveryLimit(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	tr := New(Options{}, &recorder{})
	tr.Observe(&capture.Segment{Packet: 7, Time: 1e18, Src: capture.Endpoint{Port: 9}, Dst: capture.Endpoint{Port: 5}, Flags: capture.SYN, Seq: 1})
	c := tr.stateOf(1)
	id, entry, index, class := c.id, c.entry, c.index, c.class
	full := func() *reassembly.Histogram {
		h := new(reassembly.Histogram)
		for ns := int64(0); ns < 1e12; ns += 1 + ns/20 + 500 {
			h.Add(ns)
		}
		return h
	}
	scramble(r, reflect.ValueOf(c).Elem(), "")
	c.id, c.entry, c.index, c.class, c.prev = id, entry, index, class, nil
	scramble(r, reflect.ValueOf(c.own()).Elem(), "")
	scramble(r, reflect.ValueOf(c.caught()).Elem(), "")
	c.details.openKind, c.details.resetCause, c.resetBy, c.details.answer.Kind = record.OpenAborted, record.ResetLateData, record.Resp, record.AnswerICMPv6
	c.trans = make([]record.Transition, maxTransitions)
	for i := range c.trans {
		c.trans[i] = record.Transition{Time: r.Int64(), Packet: r.Uint64(), End: record.End(i % 2), From: record.State(r.IntN(12)), To: record.State(r.IntN(12))}
	}
	c.z.NLetters = zeek.MaxHistory
	c.turns.timed, c.turns.spread = 1000, full()
	for e := range c.ends {
		x := &c.ends[e]
		x.timeWaitEnd = record.TimeWaitReuse
		scramble(r, reflect.ValueOf(x.own()).Elem(), "")
		x.stream.Reset()
		x.stream.Start(1)
		for range 2 * reassembly.MaxGaps {
			x.stream.Add(x.stream.Next().Add(1+r.Uint32N(1e6)), 1+r.Uint32N(1e6))
		}
		x.sender = nil
		s := tr.sends(x)
		scramble(r, reflect.ValueOf(s).Elem(), "")
		scramble(r, reflect.ValueOf(s.losing()).Elem(), "")
		s.loss.nProved = uint8(len(s.loss.proved))
		s.flight.Reset(maxSpareSegments)
		s.rtt.spans = full()
		for i := range maxPacked {
			s.flight.Send(reassembly.Seq(i), reassembly.Seq(i+1), r.Int64(), r.Uint64(), uint16(i))
		}
	}
	if n := tr.saver.conn(tr, c); n > table.MaxNumbers-8 {
		t.Errorf("%d numbers, room for %d", n, table.MaxNumbers)
	}
	tr.clock.now += second
	want := fmt.Sprintf("%+v", dump(reflect.ValueOf(c).Elem()))
	tr.pack(c) // or not
	if got := fmt.Sprintf("%+v", dump(reflect.ValueOf(tr.stateOf(1)).Elem())); got != want {
		t.Error("not what it was")
	}
}
