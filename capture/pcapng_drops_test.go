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
