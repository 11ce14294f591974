package tracker

import (
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// seen is a segment as a file of a place has it: ms after the first, sent by, the sum of its number and that of its sender.
type seen struct {
	file  uint16
	ms    int64
	from  record.End
	flags capture.Flags
	seq   uint32
	n     uint32
	id    uint16
	val   uint32 // timestamp; 0 for none
	ttl   uint8
}

// placesOf are a connection's records of such segments.
func placesOf(all []seen) []record.Record {
	kept := new(keeper)
	tr := New(Options{}, kept)
	ends := [2]capture.Endpoint{endpointAt(1, 40000), endpointAt(2, 80)}
	for i, x := range all {
		s := &capture.Segment{Packet: uint64(i + 1), FileNumber: uint64(i + 1), File: x.file, Time: 1700000000e9 + x.ms*1e6, Src: ends[x.from], Dst: ends[x.from.Peer()],
			Seq: x.seq, Ack: 1, Flags: x.flags, Len: x.n, Captured: x.n, Window: 65535, TTL: x.ttl, IPID: x.id, TSVal: x.val, Checksum: uint16(x.seq*31) + x.id}
		if x.val != 0 {
			s.Options |= capture.OptTimestamps
		}
		switch {
		case x.from == record.Resp:
			s.Ack = 1001
		case x.flags.Has(capture.ACK):
			s.Ack = 5001
		default:
			s.Ack = 0
		}
		tr.Observe(s)
	}
	tr.Finish()
	return kept.records
}

func TestFilesThatHoldAConnectionTwice(t *testing.T) {
	const o, r = record.Orig, record.Resp
	const syn, synAck, ack = capture.SYN, capture.SYN | capture.ACK, capture.ACK
	// A handshake and a segment of each end in a file, with timestamps or IP identifications.
	whole := func(file uint16, ms int64, ttl uint8, stamps bool) []seen {
		all := []seen{{file, ms, o, syn, 1000, 0, 70, 500, ttl}, {file, ms + 10, r, synAck, 5000, 0, 80, 900, ttl}, {file, ms + 11, o, ack, 1001, 0, 71, 511, ttl},
			{file, ms + 12, o, ack, 1001, 100, 72, 512, ttl}, {file, ms + 22, r, ack, 5001, 200, 81, 922, ttl}}
		for i := range all {
			if !stamps {
				all[i].val = 0
			}
		}
		return all
	}
	join := func(parts ...[]seen) (all []seen) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	in := func(all []seen, files ...uint16) []seen { // whose files these are, by end
		for i := range all {
			all[i].file = files[all[i].from]
		}
		return all
	}
	late := []seen{{0, 100, o, ack, 1101, 50, 73, 600, 64}}
	third := []seen{{2, 100, o, ack, 1101, 50, 73, 600, 64}}
	for _, x := range []struct {
		name   string
		all    []seen
		twice  record.Twice
		file   int
		copies uint32
		data   uint64 // bytes of the originator's
	}{
		{"one file", join(whole(0, 0, 64, true), late), record.TwiceNone, 0, 0, 150},
		{"a second place", join(whole(0, 0, 64, true), whole(1, 30, 64, true)), record.TwiceLeftOut, 2, 5, 100},
		{"which goes on after that", join(whole(0, 0, 64, true), whole(1, 30, 64, true), late), record.TwiceLeftOut, 2, 5, 150},
		{"of which a segment passes before that of the first", join(whole(0, 0, 64, true), whole(1, 30, 64, true), []seen{{1, 100, o, ack, 1101, 50, 73, 600, 64}}), record.TwiceLeftOut, 2, 6, 100},
		{"hops away, without timestamps", join(whole(0, 0, 64, false), whole(1, 30, 60, false)), record.TwiceLeftOut, 2, 5, 100},
		{"the same IP identification without timestamps or hops", []seen{{0, 0, o, syn, 1000, 0, 70, 0, 64}, {1, 1000, o, syn, 1000, 0, 70, 0, 64}}, record.TwiceNone, 0, 0, 0},
		{"a SYN that only the second place has, sent before", []seen{{0, 0, o, syn, 1000, 0, 71, 1500, 64}, {1, 300, o, syn, 1000, 0, 70, 500, 64}, {1, 1300, o, syn, 1000, 0, 71, 1500, 64}}, record.TwiceLeftOut, 2, 2, 0},
		{"a SYN that comes again in the next file", []seen{{0, 0, o, syn, 1000, 0, 70, 500, 64}, {1, 1000, o, syn, 1000, 0, 71, 1500, 64}}, record.TwiceNone, 0, 0, 0},
		{"two SYN/ACKs within a step of the clock", []seen{{0, 0, o, syn, 1000, 0, 70, 500, 64}, {0, 10, r, synAck, 5000, 0, 0, 900, 64}, {1, 16, r, synAck, 5000, 0, 0, 900, 64}}, record.TwiceNone, 0, 0, 0},
		{"a SYN/ACK twice in the file of its direction", []seen{{0, 0, o, syn, 1000, 0, 70, 500, 64}, {1, 10, r, synAck, 5000, 0, 80, 900, 64}, {1, 30, r, synAck, 5000, 0, 80, 900, 64}}, record.TwiceNone, 0, 0, 0},
		{"a file for each direction", in(whole(0, 0, 64, true), 0, 1), record.TwiceNone, 0, 0, 100},
		{"a file for each direction, at two places", join(in(whole(0, 0, 64, true), 0, 1), in(whole(0, 30, 60, true), 2, 3)), record.TwiceLeftOut, 3, 5, 100},
		{"more files, of nobody knows which place", join(whole(0, 0, 64, true), whole(1, 30, 60, true), third), record.TwiceMixed, 2, 5, 150},
		{"a part of the first in two files", join(whole(0, 0, 64, true), whole(1, 0, 64, true)), record.TwiceNone, 0, 0, 100},
		{"near by", []seen{{0, 0, o, syn, 1000, 0, 70, 500, 64}, {1, 1, o, syn, 1000, 0, 70, 500, 63}}, record.TwiceCopied, 2, 1, 0},
	} {
		records := placesOf(x.all)
		if len(records) != 1 {
			t.Fatalf("%s: %d records", x.name, len(records))
		}
		c, e := &records[0].Capture, &records[0].Ends[o]
		if x.name == "a part of the first in two files" {
			x.copies = c.Duplicates // which are told one by one
		}
		if c.Twice != x.twice || c.TwiceFile != x.file || c.Duplicates != x.copies || e.SeenBytes != x.data {
			t.Errorf("%s: %v, file %d, %d copies, %d bytes; want %v, file %d, %d copies, %d bytes",
				x.name, c.Twice, c.TwiceFile, c.Duplicates, e.SeenBytes, x.twice, x.file, x.copies, x.data)
		}
	}
}
