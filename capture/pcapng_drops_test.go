package capture_test

import (
	"encoding/binary"
	"slices"
	"testing"
)

// Drop counters count from the section's start (pcapng section 4.6): one that
// falls was written late, or began anew, and takes back nothing.
func TestDropCounterThatFalls(t *testing.T) {
	order := binary.LittleEndian
	drops := func(id uint32, kernel, card uint64) []byte {
		return block(order, 5, words(order, id, 0, 0), option(order, 7, order.AppendUint64(nil, kernel)), option(order, 5, order.AppendUint64(nil, card)))
	}
	eth := describe(order, 1, 0)
	for _, c := range []struct {
		name   string
		blocks [][]byte
		want   uint64
	}{
		{"it rises", [][]byte{eth, drops(0, 3, 1), drops(0, 10, 2)}, 12},
		{"it falls", [][]byte{eth, drops(0, 10, 2), drops(0, 3, 1)}, 12},
		{"it falls to nothing", [][]byte{eth, drops(0, 10, 2), drops(0, 0, 0)}, 12},
		{"it falls and rises", [][]byte{eth, drops(0, 10, 2), drops(0, 3, 1), drops(0, 11, 2)}, 13},
		{"one of two interfaces", [][]byte{eth, eth, drops(0, 10, 0), drops(1, 5, 0), drops(0, 1, 0)}, 15},
		{"in another section", [][]byte{eth, drops(0, 10, 0), section(order), eth, drops(0, 4, 0)}, 14},
	} {
		_, _, f := read(t, slices.Concat(section(order), slices.Concat(c.blocks...)))
		if lost, known := f.Drops(); lost != c.want || !known {
			t.Errorf("%s: %d packets dropped, known %v, want %d", c.name, lost, known, c.want)
		}
	}
}

// How many packets the capturing program got is the least number that an interface's statistics tell, of the
// section with the most.
func TestReceived(t *testing.T) {
	order := binary.LittleEndian
	told := func(id uint32, code uint16, n uint64) []byte {
		return block(order, 5, words(order, id, 0, 0), option(order, code, order.AppendUint64(nil, n)))
	}
	eth := describe(order, 1, 0)
	for _, c := range []struct {
		name   string
		blocks [][]byte
		want   uint64
	}{
		{"nothing told", [][]byte{eth}, 0},
		{"received", [][]byte{eth, told(0, 4, 900)}, 900},
		{"not known", [][]byte{eth, told(0, 4, 1<<64-1)}, 0},
		{"delivered, of those received", [][]byte{eth, block(order, 5, words(order, 0, 0, 0), option(order, 4, order.AppendUint64(nil, 900)), option(order, 8, order.AppendUint64(nil, 20)))}, 20},
		{"two interfaces", [][]byte{eth, eth, told(0, 4, 900), told(1, 4, 50)}, 950},
		{"told again", [][]byte{eth, told(0, 4, 900), told(0, 4, 950), told(0, 4, 20)}, 950},
		{"two sections", [][]byte{eth, told(0, 4, 900), section(order), eth, told(0, 4, 50)}, 900},
	} {
		_, _, f := read(t, slices.Concat(section(order), slices.Concat(c.blocks...)))
		if got := f.Received(); got != c.want {
			t.Errorf("%s: %d packets, want %d", c.name, got, c.want)
		}
	}
}

// When capturing began and ended is told by the statistics of all interfaces: by the times at which all were captured from.
func TestRan(t *testing.T) {
	for _, order := range []byteOrder{binary.LittleEndian, binary.BigEndian} {
		at := func(code uint16, micros uint64) []byte {
			b := make([]byte, 8)
			order.PutUint32(b, uint32(micros>>32))
			order.PutUint32(b[4:], uint32(micros))
			return option(order, code, b)
		}
		ran := func(id uint32, from, until uint64) []byte {
			return block(order, 5, words(order, id, 0, 0), at(2, from), at(3, until))
		}
		const t0 = 1_700_000_000_000_000 // us
		eth := describe(order, 1, 0)
		for _, c := range []struct {
			name        string
			blocks      [][]byte
			from, until int64
		}{
			{"nothing", [][]byte{eth}, 0, 0},
			{"one interface", [][]byte{eth, ran(0, t0, t0+5)}, t0, t0 + 5},
			{"told twice", [][]byte{eth, ran(0, t0, t0+5), ran(0, t0, t0+9)}, t0, t0 + 9},
			{"two", [][]byte{eth, eth, ran(0, t0, t0+5), ran(1, t0+2, t0+9)}, t0 + 2, t0 + 5},
			{"one of two", [][]byte{eth, eth, ran(0, t0, t0+5)}, 0, 0},
			{"the other of two", [][]byte{eth, eth, ran(1, t0, t0+5)}, 0, 0},
			{"the end before the start", [][]byte{eth, ran(0, t0+5, t0)}, 0, 0},
		} {
			_, _, f := read(t, slices.Concat(section(order), slices.Concat(c.blocks...)))
			if from, until, told := f.Ran(); told != (c.until != 0) || from != c.from*1000 || until != c.until*1000 {
				t.Errorf("%s: %d to %d (%v), want %d to %d us", c.name, from, until, told, c.from, c.until)
			}
		}
	}
}
