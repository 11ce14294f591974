package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"

	"tcpwatch/capture"
)

// sized is a pcap file of packets whose sizes are the squares of the numbers in
// sizes, at times that those tell too; each is filled with its own number.
func sized(sizes []byte, letter byte) []byte {
	const most = 1 << 20
	order := binary.LittleEndian
	b := pcapHeader(order, magicNano, version24, 262144, 1)
	for i, n := range sizes {
		size := uint32(n) * uint32(n)
		b = append(b, words(order, uint32(n%7)+uint32(i)+1, 0, size, size)...)
		b = append(b, bytes.Repeat([]byte{letter ^ byte(i)}, int(size))...)
		if len(b) > most {
			break
		}
	}
	return b
}

// FuzzKeptData holds packets of one file or two, gives the blocks back that they
// lay in when it has let go of them, and looks whether what it still holds is as it was.
func FuzzKeptData(f *testing.F) {
	f.Add(bytes.Repeat([]byte{250, 3, 200, 90}, 30), []byte(nil), []byte{1, 2, 0, 1, 9, 3})
	f.Add(bytes.Repeat([]byte{255}, 40), bytes.Repeat([]byte{0, 254, 7}, 30), []byte{1, 0, 2})
	f.Add(bytes.Repeat([]byte{100}, 200), bytes.Repeat([]byte{180}, 90), []byte{7, 0, 0, 1})
	f.Fuzz(func(t *testing.T, a, b, ops []byte) {
		var blocks capture.Blocks
		var files []*capture.File
		for i, sizes := range [][]byte{a, b} {
			if i > 0 && len(sizes) == 0 {
				break
			}
			file, err := capture.NewFile("x", bytes.NewReader(sized(sizes, byte(100*i))))
			if err != nil {
				t.Fatal(err)
			}
			file.KeepData(&blocks)
			files = append(files, file)
		}
		// held are the packets in hand, by the round in which they came; of the
		// blocks that are left in a round none is needed for a later one.
		type round struct {
			packets []capture.Packet
			were    []string
			left    [][]byte
		}
		rounds := make([]round, 1)
		check := func() {
			for _, r := range rounds {
				for i := range r.packets {
					if string(r.packets[i].Data) != r.were[i] {
						t.Fatalf("packet %d was written over", r.packets[i].Number)
					}
				}
			}
		}
		source := capture.Merge(files)
		defer source.Close()
		for n := 0; ; n++ {
			var p capture.Packet
			if err := source.Next(&p); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			now := &rounds[len(rounds)-1]
			now.packets, now.were = append(now.packets, p), append(now.were, string(p.Data))
			if len(ops) == 0 {
				continue
			}
			switch op := ops[n%len(ops)]; op % 4 {
			case 1: // a round ends
				now.left = blocks.Left()
				rounds = append(rounds, round{})
			case 2: // and the oldest is let go of
				check()
				if len(rounds) > 1 {
					blocks.Free(rounds[0].left)
					rounds = rounds[1:]
				}
			case 3: // blocks are not given back at all
				if len(rounds) > 1 {
					rounds = rounds[1:]
				}
			}
		}
		check()
	})
}

// FuzzMerge merges several captures: whatever is in them, the stream has the
// packets of each in their order, numbered on, each time the earliest of those
// that come next; and damage in one keeps none of the others back.
func FuzzMerge(f *testing.F) {
	all := samples(f)
	f.Add(all["pcap"], all["pcap big"], all["pcapng"])
	f.Add(all["gzip"], all["pcapng both"][:100], all["pcap modified"])
	f.Add(timed('a', 1, 9, 2), timed('b', 1, 1, 3), timed('c'))
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		var files []*capture.File
		var alone [][]got
		harmed := 0
		for _, content := range [][]byte{a, b, c} {
			one, err := capture.NewFile("x", bytes.NewReader(content))
			if err != nil {
				continue
			}
			packets, damages := drainSome(t, one)
			if packets == nil && damages < 0 {
				return // it unpacks to too much
			}
			harmed += damages
			alone = append(alone, packets)
			again, err := capture.NewFile("x", bytes.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, again)
		}
		if len(files) < 2 {
			return
		}
		next := make([]int, len(files))
		m := capture.Merge(files)
		defer m.Close()
		var p capture.Packet
		for n := uint64(1); ; {
			err := m.Next(&p)
			var d *capture.Damage
			if errors.As(err, &d) {
				harmed--
				continue
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.Number != n || p.File >= len(files) || next[p.File] >= len(alone[p.File]) {
				t.Fatalf("packet %d is number %d, of file %d", n, p.Number, p.File)
			}
			want := alone[p.File][next[p.File]]
			want.Number, want.File = n, p.File
			if have := (got{p.Number, p.Time, string(p.Data), p.Length, p.Link, p.File, p.FileNumber, p.Interface}); have != want {
				t.Fatalf("packet %d is %v, alone it is %v", n, have, want)
			}
			for i := range alone {
				if next[i] < len(alone[i]) && (alone[i][next[i]].Time < p.Time || alone[i][next[i]].Time == p.Time && i < p.File) {
					t.Fatalf("packet %d, of file %d at %d, comes before that of file %d at %d", n, p.File, p.Time, i, alone[i][next[i]].Time)
				}
			}
			next[p.File]++
			n++
		}
		for i := range next {
			if next[i] != len(alone[i]) {
				t.Errorf("%d of %d packets of file %d came", next[i], len(alone[i]), i)
			}
		}
		if harmed != 0 {
			t.Errorf("damage was told of %d files too few", harmed)
		}
	})
}

// drainSome reads a capture to its end: its packets and how often it was damaged;
// nil and -1 when it has too many.
func drainSome(t *testing.T, f *capture.File) (packets []got, damages int) {
	defer f.Close()
	var p capture.Packet
	for len(packets) < 5000 {
		err := f.Next(&p)
		var d *capture.Damage
		switch {
		case err == io.EOF:
			return slices.Clip(packets), damages
		case errors.As(err, &d):
			damages++
		case err != nil:
			t.Fatal(err)
		default:
			packets = append(packets, got{p.Number, p.Time, string(p.Data), p.Length, p.Link, p.File, p.FileNumber, p.Interface})
		}
	}
	return nil, -1
}
