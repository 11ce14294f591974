package pair

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// heap is a File in memory; it fails after so many bytes, if that is not 0.
type heap struct {
	bytes.Buffer
	most int
}

func (h *heap) ReadAt(b []byte, at int64) (int, error) {
	return bytes.NewReader(h.Bytes()).ReadAt(b, at)
}

func (h *heap) Write(b []byte) (int, error) {
	if h.most > 0 && h.Len()+len(b) > h.most {
		return 0, errors.New("no space left")
	}
	return h.Buffer.Write(b)
}

func (h *heap) Close() error { return nil }

// fill gives a Place the segments of 50 connections, mixed, and then their records.
func fill(p *Place) error {
	r := rand.New(rand.NewPCG(3, 4))
	client, server := at("10.0.0.1:1"), at("10.0.0.2:80")
	for i := range 5000 {
		id := uint64(1 + r.IntN(50))
		s := capture.Segment{Packet: uint64(i + 1), Time: int64(i), Seq: r.Uint32(), Ack: r.Uint32(), Len: r.Uint32N(1000), TSVal: r.Uint32(), Flags: capture.ACK,
			IPID: uint16(r.Uint32()), Head: uint16(r.Uint32()), TTL: uint8(r.Uint32()), ECN: uint8(r.IntN(4)), Options: capture.OptionSet(r.IntN(2)) * capture.OptTimestamps}
		s.Src, s.Dst = client, server
		if r.IntN(2) == 0 {
			s.Src, s.Dst = server, client
		}
		if err := p.Segment(&record.Placement{Conn: id, Copied: i%97 == 0}, &s, nil); err != nil {
			return err
		}
	}
	for id := range uint64(50) {
		p.Conn(&record.Record{ID: id + 1, Orig: client, Resp: server})
	}
	return nil
}

// Packets for which there is no room come back from the file as they were.
func TestSpill(t *testing.T) {
	whole := NewPlace(PlaceOptions{})
	if err := fill(whole); err != nil {
		t.Fatal(err)
	}
	file := &heap{}
	files := 0
	small := NewPlace(PlaceOptions{MaxBytes: 40_000, Spill: func() (File, error) { files++; return file, nil }})
	if err := fill(small); err != nil {
		t.Fatal(err)
	}
	if files != 1 || file.Len() < 100_000 {
		t.Fatalf("%d files, %d bytes in the last: little was written", files, file.Len())
	}
	n, copies := 0, 0
	for i := range whole.Conns {
		want, err := whole.load(whole.Conns[i], nil)
		got, err2 := small.load(small.Conns[i], make([]packet, 3, 9))
		if err := errors.Join(err, err2); err != nil || !slices.Equal(got, want) {
			t.Fatalf("connection %d: %d packets, want %d: %v", whole.Conns[i].ID, len(got), len(want), err)
		}
		for j := range want {
			if end := record.End(want[j].end); end != record.Orig && end != record.Resp {
				t.Fatalf("a packet of end %d", want[j].end)
			}
			if want[j].marks&copied != 0 {
				copies++
			}
		}
		n += len(got)
	}
	if n != 5000 || copies != 5000/97+1 {
		t.Errorf("%d packets, %d of them copies that the capture made; want %d, %d", n, copies, 5000, 5000/97+1)
	}
	if want := uint64(n - copies); small.packed != want {
		t.Errorf("%d are counted, want %d: copies that the capture made are none", small.packed, want)
	}
}

// The end that sent a packet is that of the record, whoever sent the first.
func TestTurnedEnds(t *testing.T) {
	p := NewPlace(PlaceOptions{})
	client, server := at("10.0.0.1:1"), at("10.0.0.2:80")
	s := capture.Segment{Packet: 1, Src: server, Dst: client, Flags: capture.SYN | capture.ACK, Options: capture.OptMSS, MSS: 1400}
	p.Segment(&record.Placement{Conn: 1}, &s, nil)
	p.Conn(&record.Record{ID: 1, Orig: client, Resp: server})
	got, _ := p.load(p.Conns[0], nil)
	if len(got) != 1 || record.End(got[0].end) != record.Resp || p.Conns[0].Offers[record.Resp].MSS != record.Some[uint16](1400) || p.Conns[0].Offers[record.Orig].Seen {
		t.Errorf("%+v, offers %+v", got, p.Conns[0].Offers)
	}
}

func TestSpillFails(t *testing.T) {
	for _, x := range []struct {
		name  string
		spill func() (File, error)
	}{
		{"no file", func() (File, error) { return nil, errors.New("no place") }},
		{"full disk", func() (File, error) { return &heap{most: 50_000}, nil }},
		{"none allowed", nil},
	} {
		if err := fill(NewPlace(PlaceOptions{MaxBytes: 20_000, Spill: x.spill})); err == nil {
			t.Errorf("%s: no error", x.name)
		}
	}
}

func TestPerPacket(t *testing.T) {
	if n := reflect.TypeFor[packet]().Size(); n != perPacket {
		t.Errorf("a packet takes %d bytes, not %d", n, perPacket)
	}
}
