package lab_test

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tcpwatch/capture"
	"tcpwatch/capture/lab"
	"tcpwatch/tracker/record"
)

// packet is a segment with data that a tap saw.
type packet struct {
	number   uint64
	time     int64
	ipid     uint16 // counted up by the kernel for each transmission of a connection
	from     uint32 // number of the first byte, the first of all being 0
	segments int    // of the MSS: more than one with offload
	bytes    int
	repeat   bool // all of it lies before the highest number seen until then
}

// errStalled is no fault of what is tested: the machine was so loaded that the
// kernel stamped a packet, and handed it to the tap behind much later ones.
var errStalled = errors.New("the machine stalled while it captured")

// sentBy lists the segments with data that one end sent. What a tap right at
// that end saw before is sent again; other taps have another view.
// An error of errStalled says that packets lie far from where their times are.
func sentBy(file string, port uint16, mss int) (all []packet, err error) {
	f, err := capture.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d := capture.NewDecoder(capture.DecoderOptions{})
	var p capture.Packet
	var first, next uint32
	var last int64
	started := false
	for n := uint64(1); ; n++ {
		if err := f.Next(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		if p.Time < last-int64(time.Millisecond) {
			return nil, errStalled
		}
		last = max(last, p.Time)
		s := &d.Segment
		if d.Decode(&p) != capture.OutcomeSegment || s.Src.Port != port {
			continue
		}
		if s.Flags.Has(capture.SYN) {
			first, next, started = s.Seq+1, s.Seq+1, true
		}
		if s.Len == 0 || !started {
			continue
		}
		end := s.Seq + s.Len
		all = append(all, packet{number: n, time: p.Time, ipid: s.IPID, from: s.Seq - first, segments: segments(int(s.Len), mss),
			bytes: int(s.Len), repeat: int32(end-next) <= 0})
		if int32(end-next) > 0 {
			next = end
		}
	}
}

// segments is how many segments of the MSS so many bytes are.
func segments(bytes, mss int) int { return (bytes + mss - 1) / mss }

// transferEnd is one end of a transfer, by the kernel and by tcpwatch.
type transferEnd struct {
	name         string
	kernel, peer *lab.Counts
	near, far    record.EndRecord  // what tcpwatch tells of it, by the tap at this end and at the other
	handshake    record.Opt[int64] // from its first segment to the answer, by the tap at this end
	peerNear     record.EndRecord  // what it tells of the other end, by the tap there
	sent         []packet          // by the tap at this end
	told         map[uint64]toldRepeat
	causes       map[uint64]string // the kernel's, by packet at this end
	// Packets sent again, out of order, and either, by the tap at the other end.
	again, late, unclear int
	needless             int // repeats of what had arrived, or was about to
}

// transferEnds reads both ends of a transfer from its captures in dir.
func transferEnds(truth *lab.Truth, dir string) ([]*transferEnd, error) {
	if len(truth.Counts) != 2 || len(truth.Taps) != 2 {
		return nil, fmt.Errorf("%d counts and %d taps", len(truth.Counts), len(truth.Taps))
	}
	var stories [2]story
	var files [2]string
	for i, tap := range truth.Taps {
		files[i] = filepath.Join(dir, tap.File)
		all, err := watch(files[i])
		if err != nil {
			return nil, err
		}
		if len(all) != 1 {
			return nil, fmt.Errorf("%s: %d connections", tap.File, len(all))
		}
		stories[i] = all[0]
	}
	var both []*transferEnd
	for i := range truth.Counts {
		e := &transferEnd{name: truth.Counts[i].End, kernel: &truth.Counts[i], peer: &truth.Counts[1-i],
			near: stories[i].ends[i], far: stories[1-i].ends[i], peerNear: stories[1-i].ends[1-i]}
		e.handshake = [...]record.Opt[int64]{stories[i].open.Resp, stories[i].open.Orig}[i]
		port, mss := stories[0].addr[i].Port(), int(e.kernel.TCP.MSS)
		var there []packet
		told, err := repeatsTold(files[i])
		if err == nil {
			e.sent, err = sentBy(files[i], port, mss)
		}
		if err == nil {
			there, err = sentBy(files[1-i], port, mss)
		}
		if err != nil {
			return nil, err
		}
		e.told = told[i]
		e.causes = kernelCauses(e.kernel, e.sent, truth.Start)
		e.again, e.late, e.unclear = evident(e.sent, there)
		e.needless = needless(e.sent, there)
		both = append(both, e)
	}
	return both, nil
}

// evident counts what a tap at the other end must see as sent again and as out
// of order. Sent again: the bytes, or some behind them, were there before; a
// repeat of a tail that was lost before that tap is new to it. Out of order: no
// repeat, and new bytes below others. A copy that the path made is neither, nor
// is what comes so late that its repeat was there first. Unclear is a repeat
// that was overtaken itself.
func evident(near, far []packet) (again, late, unclear int) {
	repeated, counted, sent := map[uint16]bool{}, map[uint16]bool{}, map[uint16]int{}
	for i, p := range near {
		sent[p.ipid] = i
		if p.repeat {
			repeated[p.ipid] = true
		}
	}
	var there arrivals
	newest := 0
	for _, p := range far {
		overtaken := sent[p.ipid] < newest
		newest = max(newest, sent[p.ipid])
		isNew := !there.has(p)
		there.add(p)
		if !p.repeat || counted[p.ipid] {
			continue
		}
		counted[p.ipid] = true
		if repeated[p.ipid] {
			again++
			if overtaken {
				unclear++
			}
		} else if isNew {
			late++
		}
	}
	return again, late, unclear
}

// arrivals are the bytes that reached the other end.
type arrivals []bool

func (a *arrivals) add(p packet) {
	for len(*a) < int(p.from)+p.bytes {
		*a = append(*a, false)
	}
	for i := range p.bytes {
		(*a)[int(p.from)+i] = true
	}
}

func (a arrivals) has(p packet) bool {
	end := int(p.from) + p.bytes
	return end <= len(a) && !slices.Contains(a[p.from:end], false)
}

// minRTT is the shortest round trip by the tap at this end, in microseconds. The
// kernel's includes the handshake.
func (e *transferEnd) minRTT() int64 {
	shortest := e.near.RTT.Min
	if e.handshake.OK && (e.near.RTT.N == 0 || e.handshake.V < shortest) {
		shortest = e.handshake.V
	}
	return shortest / 1e3
}

// needless counts the repeats of bytes that an earlier transmission brought to
// the other end.
func needless(near, far []packet) (n int) {
	arrived := map[uint16]bool{}
	for _, p := range far {
		arrived[p.ipid] = true
	}
	var there arrivals
	for _, p := range near {
		if there.has(p) {
			n++
		}
		if arrived[p.ipid] {
			there.add(p)
		}
	}
	return n
}

// packets and inSegments are units of count.
func packets(packet) int64      { return 1 }
func inSegments(p packet) int64 { return int64(p.segments) }

// count adds up the repeats of one of the kernel's causes, "" for those that
// the trace lacks.
func (e *transferEnd) count(cause string, unit func(packet) int64) (n int64) {
	for _, p := range e.sent {
		if p.repeat && e.causes[p.number] == cause {
			n += unit(p)
		}
	}
	return n
}

// repeats is the number of packets sent again.
func (e *transferEnd) repeats() (n int64) {
	for _, p := range e.sent {
		if p.repeat {
			n++
		}
	}
	return n
}

// TestEvident holds what the comparison itself derives against a path that
// loses, delays and doubles: IP identifications 1 to 6, packets of ten bytes.
func TestEvident(t *testing.T) {
	at := func(ipid uint16, from uint32, repeat bool) packet {
		return packet{ipid: ipid, from: from, bytes: 10, segments: 1, repeat: repeat}
	}
	near := []packet{at(1, 0, false), at(2, 10, false), at(3, 20, false), at(4, 0, true), at(5, 20, true), at(6, 20, true)}
	for _, c := range []struct {
		name                           string
		far                            []packet
		again, late, unclear, needless int
	}{
		{"everything arrives", near, 3, 0, 0, 3},
		{"the first is lost, the tail and its first repeat", []packet{at(2, 10, false), at(4, 0, true), at(6, 20, false)}, 1, 0, 0, 0},
		{"the first is late", []packet{at(2, 10, false), at(1, 0, true), at(3, 20, false)}, 0, 1, 0, 3},
		{"one is doubled", []packet{at(1, 0, false), at(2, 10, false), at(2, 10, true), at(3, 20, false)}, 0, 0, 0, 3},
		{"a repeat is overtaken", []packet{at(1, 0, false), at(2, 10, false), at(3, 20, false), at(5, 20, true), at(4, 0, true)}, 2, 0, 1, 3},
	} {
		again, late, unclear := evident(near, c.far)
		if n := needless(near, c.far); again != c.again || late != c.late || unclear != c.unclear || n != c.needless {
			t.Errorf("%s: %d again, %d late, %d unclear, %d needless", c.name, again, late, unclear, n)
		}
	}
}

// TestDiffers holds the comparison itself against what it must refuse.
func TestDiffers(t *testing.T) {
	for _, c := range []struct {
		row  row
		want bool
	}{
		{row{kernel: 3, told: 3}, false},
		{row{kernel: 3, told: 2}, true},
		{row{kernel: 3, told: 4}, true},
		{row{kernel: 3, told: 4, slack: 1}, false},
		{row{kernel: 3, told: 1, atMost: true}, false},
		{row{kernel: 3, told: 4, atMost: true}, true},
	} {
		if c.row.differs() != c.want {
			t.Errorf("%+v: differs %t", c.row, !c.want)
		}
	}
}
