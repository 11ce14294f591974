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

// ram is a File in memory; it fails after so many bytes, if that is not 0.
type ram struct {
	bytes.Buffer
	most int
}

func (h *ram) ReadAt(b []byte, at int64) (int, error) {
	return bytes.NewReader(h.Bytes()).ReadAt(b, at)
}

func (h *ram) Write(b []byte) (int, error) {
	if h.most > 0 && h.Len()+len(b) > h.most {
		return 0, errors.New("no space left")
	}
	return h.Buffer.Write(b)
}

func (h *ram) Close() error { return nil }

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
	var files []*ram
	small := NewPlace(PlaceOptions{MaxBytes: 40_000, Spill: func() (File, error) { files = append(files, &ram{}); return files[len(files)-1], nil }})
	if err := fill(small); err != nil {
		t.Fatal(err)
	}
	if len(files) < 1 || files[0].Len() < 100_000 {
		t.Fatalf("%d files: little was written", len(files))
	}
	if err := small.Rest(); err != nil || len(small.conns) > 0 || small.bytes != 0 {
		t.Fatalf("while another place is read %d connections are in memory, %d bytes: %v", len(small.conns), small.bytes, err)
	}
	if err := whole.Rest(); err != nil || len(whole.conns) != whole.n {
		t.Fatalf("a place without files keeps %d of %d connections: %v", len(whole.conns), whole.n, err)
	}
	n, copies := 0, 0
	for i := range whole.n {
		c, _ := whole.get(i)
		want, err := whole.load(c, nil)
		d, err3 := small.get(i)
		if err3 != nil {
			t.Fatal(err3)
		}
		got, err2 := small.load(d, make([]packet, 3, 9))
		if err := errors.Join(err, err2); err != nil || !slices.Equal(got, want) {
			t.Fatalf("connection %d: %d packets, want %d: %v", c.ID, len(got), len(want), err)
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
	got, _ := p.load(p.conns[0], nil)
	if len(got) != 1 || record.End(got[0].end) != record.Resp || p.conns[0].Offers[record.Resp].MSS != record.Some[uint16](1400) || p.conns[0].Offers[record.Orig].Seen {
		t.Errorf("%+v, offers %+v", got, p.conns[0].Offers)
	}
}

func TestSpillFails(t *testing.T) {
	for _, x := range []struct {
		name  string
		spill func() (File, error)
	}{
		{"no file", func() (File, error) { return nil, errors.New("no place") }},
		{"full disk", func() (File, error) { return &ram{most: 50_000}, nil }},
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
	if n := reflect.TypeFor[Conn]().Size(); n > perConn {
		t.Errorf("a connection takes %d bytes, more than %d", n, perConn)
	}
	if n := reflect.TypeFor[sprout]().Size() + 16; n > perSprout {
		t.Errorf("a connection without a record takes %d bytes, more than %d", n, perSprout)
	}
	if n := reflect.TypeFor[item]().Size(); n != perItem {
		t.Errorf("an item takes %d bytes, not %d", n, perItem)
	}
}
