package pair

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// A connection that was written down is read back with all that is known of it but its packets in memory and its number.
func TestConnWrittenDown(t *testing.T) {
	var want Conn
	n := uint64(0)
	var set func(v reflect.Value)
	set = func(v reflect.Value) {
		v = reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem() // unexported ones too
		n++
		switch v.Kind() {
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			v.SetUint(0xf1f2f3f4f5f6f700>>(64-v.Type().Bits()) + n)
		case reflect.Int64, reflect.Int:
			v.SetInt(-int64(n) * 1e15)
		case reflect.Struct:
			for i := range v.NumField() {
				set(v.Field(i))
			}
		case reflect.Array:
			for i := range v.Len() {
				set(v.Index(i))
			}
		case reflect.Slice:
		default:
			t.Fatalf("%v: what is that?", v.Type())
		}
	}
	set(reflect.ValueOf(&want).Elem())
	want.at = 0
	b := appendConn([]byte{1, 2, 3}, &want)[3:]
	var got Conn
	if readConn(b, &got); !reflect.DeepEqual(got, want) || len(b) != connSize {
		t.Errorf("%d bytes:\n%+v, want\n%+v", len(b), got, want)
	}
	c := &coder{b: b}
	if got.code(c); c.at != connSize {
		t.Errorf("%d bytes are used, of %d", c.at, connSize)
	}
}

// scene gives two places the same connections, with losses, ports used again, SYNs that came to nothing, numbers that a
// proxy made anew, and connections that only one of them saw.
func scene(t *testing.T, bytes int64) (a, b *Place) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var places [2]*Place
	for i, name := range [...]string{"client", "server"} {
		places[i] = NewPlace(PlaceOptions{Name: name, Captures: name + ".pcap", MaxBytes: bytes, Spill: func() (File, error) { return &ram{}, nil }})
	}
	try := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	const n = 6000
	packet := [2]uint64{}
	for i := range n {
		id := uint64(10*i + 1)
		start := 1_700_000_000e9 + int64(i)*1e6
		ends := [2]capture.Endpoint{at(fmt.Sprintf("10.0.%d.1:%d", r.IntN(4), 1000+r.IntN(60))), at(fmt.Sprintf("10.9.0.%d:80", r.IntN(3)))}
		isn := [2]uint32{r.Uint32(), r.Uint32()}
		numbers := [2][2]uint32{isn, isn}
		switch i % 10 {
		case 3:
			numbers[1][1]++ // a SYN proxy
		case 4:
			numbers[1][0], numbers[1][1] = r.Uint32(), r.Uint32()
		case 5:
			numbers[0][0], numbers[1][0] = 7, 7 // of many
			numbers[1][1]++
		}
		only := -1
		if r.IntN(20) == 0 {
			only = r.IntN(2)
		}
		for k := range 8 {
			end := k & 1
			s := capture.Segment{Src: ends[end], Dst: ends[1-end], Flags: capture.ACK, IPID: uint16(r.IntN(1 << 16)), TTL: 64, Len: uint32(100 * (k / 2))}
			switch k {
			case 0:
				s.Flags = capture.SYN
			case 1:
				s.Flags |= capture.SYN
			}
			sent := start + int64(k)*3e6
			came := sent + 1e6 + int64(r.IntN(1e5))
			lost := k > 1 && r.IntN(8) == 0
			for side, p := range places {
				if only == 1-side || lost && side != end {
					continue
				}
				x := s
				x.Seq, x.Ack, x.Time = numbers[side][end], numbers[side][1-end]+1, came
				if k > 1 {
					x.Seq += uint32(1 + 100*(k/2))
				}
				if x.TTL--; side == end {
					x.Time, x.TTL = sent, 64
				}
				packet[side]++
				x.Packet = packet[side]
				try(p.Segment(&record.Placement{Conn: id}, &x, nil))
				if k == 0 && i%50 == 0 { // a SYN that the connection before outlived
					x.Packet, x.Time = x.Packet+1, x.Time+1
					packet[side]++
					try(p.Segment(&record.Placement{Conn: id + 3}, &x, nil))
				}
			}
		}
		for side, p := range places {
			if only == 1-side {
				continue
			}
			rec := &record.Record{ID: id, Orig: ends[0], Resp: ends[1], Start: start, End: start + 30e6}
			rec.Open.Kind = record.OpenHandshake
			for e := range rec.Ends {
				rec.Ends[e].Key.ISN = record.Some(numbers[side][e])
				if i%10 == 4 {
					rec.Ends[e].Key.Digest, rec.Ends[e].Bytes = record.Some(uint64(i/30+e)), record.Some[uint64](500)
				}
			}
			try(p.Conn(rec))
		}
	}
	for _, p := range places {
		try(p.Findings([]diagnose.Finding{{ID: "x", Title: "Something", Severity: diagnose.Warning, Conns: []uint64{1, 31, 41, 191, 201, 211, 221}}}))
	}
	return places[0], places[1]
}

// What two places show is the same, byte for byte, whether all is in memory or most of it in files.
func TestLittleMemory(t *testing.T) {
	racetest.TooSlow(t)
	var want string
	for _, swapped := range []bool{false, true} {
		for i, room := range []int64{0, 30_000} {
			a, b := scene(t, room)
			if room > 0 && (a.out < a.n/2 || len(a.conns) > 200) {
				t.Fatalf("%d connections are in the file, of %d", a.out, a.n)
			}
			if swapped {
				a, b = b, a
			}
			var out bytes.Buffer
			for _, format := range Formats()[:2] {
				o := NewOutput(&out, format, TableOptions{})
				r, err := Compare(a, b, Options{Each: o.Each()})
				if err != nil {
					t.Fatal(err)
				}
				if err := o.Write(r); err != nil {
					t.Fatal(err)
				}
				if r.Swapped != swapped || r.Pairs < 4000 || r.Ambiguous == 0 || r.Alone[0].Missing.n == 0 || r.Alone[0].Elsewhere+r.Alone[0].Outside > 200 || All(r.Flows[Forth].Lost) < 100 || r.Rungs[ByOneNumber] < 300 {
					t.Errorf("little happened: swapped %v, %v, %d ambiguous, lost %v, alone %v", r.Swapped, r.Rungs, r.Ambiguous, r.Flows[Forth].Lost, r.Alone[0].Missing.n)
				}
			}
			switch {
			case i == 0:
				want = out.String()
			case out.String() != want:
				got, want := bytes.Split(out.Bytes(), []byte("\n")), bytes.Split([]byte(want), []byte("\n"))
				for k := range min(len(got), len(want)) {
					if !bytes.Equal(got[k], want[k]) {
						t.Fatalf("swapped %v, line %d:\n%s\nwant:\n%s", swapped, k+1, got[k], want[k])
					}
				}
				t.Fatalf("%d lines, want %d", len(got), len(want))
			}
		}
	}
}

// Items come in order, however many of them memory has room for, as often as they are asked for.
func TestSorter(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var want []item
	few, many := &sorter{room: &room{most: 1, file: func() (File, error) { return &ram{}, nil }}}, &sorter{room: &room{}}
	for i := range 10*fewItems + 7 {
		x := item{key: r.Uint64N(3000), i: uint32(i), j: r.Uint32(), rung: Rung(r.IntN(int(NRungs))), turn: r.IntN(2) == 0}
		want = append(want, x)
		if err := few.add(x); err != nil {
			t.Fatal(err)
		}
		many.add(x)
	}
	slices.SortFunc(want, item.compare)
	for range 2 {
		for name, s := range map[string]*sorter{"few": few, "many": many} {
			var got []item
			if err := s.each(func(x item) error { got = append(got, x); return nil }); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %d items, want %d, or in another order: %v", name, len(got), len(want), err)
			}
		}
	}
	if len(few.runs) != 10 {
		t.Errorf("%d runs", len(few.runs))
	}
	for name, s := range map[string]*sorter{"few": few, "many": many} {
		x := &index{room: s.room}
		if err := x.take(s); err != nil {
			t.Fatal(err)
		}
		for key := range uint64(3001) {
			var same []item
			for _, i := range want {
				if i.key == key {
					same = append(same, i)
				}
			}
			if len(same) == 1 {
				same = nil
			}
			if got, err := x.of(key); err != nil || !slices.Equal(got, same) {
				t.Fatalf("%s, key %d: %v, want %v: %v", name, key, got, same, err)
			}
		}
	}
}

// A disk that is full is told, at whichever file that shows.
func TestLittleMemoryFails(t *testing.T) {
	racetest.TooSlow(t)
	a, b := scene(t, 0)
	ok := func() (File, error) { return &ram{}, nil }
	for _, p := range [...]*Place{a, b} {
		p.opt.MaxBytes, p.opt.Spill = 1, ok
		if err := p.spill(); err != nil {
			t.Fatal(err)
		}
	}
	for made, n := 0, 0; ; n++ {
		made = 0
		a.opt.Spill = func() (File, error) {
			if made++; made == n+1 {
				return &ram{most: 1}, nil
			}
			return &ram{}, nil
		}
		if _, err := Compare(a, b, Options{}); err == nil {
			if n < 4 {
				t.Errorf("%d files are made; with the next failing all goes well", n)
			}
			break
		}
	}
}

// What is read by pages is what the file holds, at its end and while it grows, too.
func TestPaged(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	plain := &ram{}
	f := &paged{File: plain}
	for range 3000 {
		if r.IntN(3) == 0 {
			b := make([]byte, r.IntN(5000))
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			f.Write(b)
		}
		got := make([]byte, r.IntN(1<<r.IntN(18)))
		at := r.Int64N(int64(plain.Len()) + 1)
		n, err := f.ReadAt(got, at)
		want := plain.Bytes()[at:]
		want = want[:min(len(want), len(got))]
		if !bytes.Equal(got[:n], want) || (err == nil) != (n == len(got)) {
			t.Fatalf("at %d: %d of %d bytes, want %d: %v", at, n, len(got), len(want), err)
		}
	}
}

// To compare a pair whose segments all came allocates nothing.
func TestCompareAllocates(t *testing.T) {
	a, b := scene(t, 0)
	x := &comparison{Result: &Result{A: a, B: b}, watch: newClockWatch(), paths: map[[2]capture.Endpoint]*Path{}}
	x.tally.cite(a, b)
	if err := errors.Join(x.match(), x.setClocks(), x.each(x.compare)); err != nil { // what it needs grows here
		t.Fatal(err)
	}
	least := math.Inf(1)
	err := x.each(func(p *Pair) error {
		if p.A.ID < 100 {
			least = min(least, testing.AllocsPerRun(3, func() { x.compare(p) }))
		}
		return nil
	})
	if err != nil || least > 0 {
		t.Errorf("%v allocations at the least: %v", least, err)
	}
}
