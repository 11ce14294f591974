package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
)

// embryo is a connection of which nothing but one SYN was seen: what that says, but for
// what the connection's entry has. Most of a flood stay that. When anything else comes, or
// the record is asked for, it grows: the connection takes the SYN then, as it came.
type embryo struct {
	fileNumber    uint64
	at            int64
	mark          uint32 // see Placement.Mark
	seq, ack      uint32
	val, ecr      uint32
	window, mss   uint16
	id, sum       uint16
	flags         capture.Flags
	options       capture.OptionSet
	marks         capture.Marks
	file, iface   uint16
	vlan          [2]uint16
	nVLAN, wscale uint8
	ttl, ecn      uint8
	order         capture.OptionOrder
	rightSum      bool // its TCP checksum was verified and right
	wrongIP       bool // its IP header's checksum is wrong
}

// embryoBytes is what an embryo takes in memory beside its entry.
const embryoBytes = 72

// isLone reports whether a segment that begins a connection is a SYN like most, so that an embryo
// can hold all that it says.
func (t *Tracker) isLone(s *capture.Segment) bool {
	return s.Flags.Has(capture.SYN) && !s.Flags.Any(capture.ACK|capture.RST|capture.FIN) && s.Len == 0 && s.NSACK == 0 &&
		s.Options&capture.OptFastOpen == 0 && s.Tunnel == capture.TunnelNone && s.Stepped == 0 && s.Uncovered == 0 &&
		!s.Untimed && !s.Misstamped && t.opt.Mark == nil
}

// conceive begins a connection at a lone SYN, where none is on the same endpoints.
func (t *Tracker) conceive(sh *shard, k *table.Key, s *capture.Segment) {
	t.bytes += slotBytes + embryoBytes
	i := t.enter(sh, 0, k, s)
	n := t.embryos.Take()
	t.entries.At(i).Packed = table.Ref(n)
	e := t.embryos.At(n)
	*e = embryo{fileNumber: s.FileNumber, at: s.Time, seq: s.Seq, ack: s.Ack, val: s.TSVal, ecr: s.TSEcr, window: s.Window, mss: s.MSS,
		id: s.IPID, sum: s.Checksum, flags: s.Flags, options: s.Options, marks: s.Marks, file: s.File, iface: s.Interface, vlan: s.VLAN, nVLAN: s.NVLAN,
		wscale: s.WScale, ttl: s.TTL, ecn: s.ECN, order: s.Order, rightSum: t.verified(s) == capture.MarkChecksumOK, wrongIP: t.wrongIP(s)}
	t.placed = record.Placement{Conn: s.Packet, Mark: &e.mark}
}

// isEmbryo reports whether the connection of an entry is one.
func isEmbryo(x *table.Entry) bool { return x.State == 0 && x.Size == 0 }

// grow has a connection take the SYN of the embryo of entry i, which stays.
func (t *Tracker) grow(i uint32, c *conn) {
	x := t.entries.At(i)
	e := t.embryos.At(uint32(x.Packed))
	t.late = capture.Segment{Packet: x.ID, FileNumber: e.fileNumber, Time: e.at, Src: x.Key.A, Dst: x.Key.B, Seq: e.seq, Ack: e.ack, TSVal: e.val, TSEcr: e.ecr,
		Window: e.window, MSS: e.mss, IPID: e.id, Checksum: e.sum, Flags: e.flags, Options: e.options, Marks: e.marks, File: e.file, Interface: e.iface,
		VLAN: e.vlan, NVLAN: e.nVLAN, WScale: e.wscale, TTL: e.ttl, ECN: e.ecn, Order: e.order}
	placed := t.placed
	t.startAt(c, &t.late)
	t.observe(c, &t.late)
	t.placed = placed
	c.mark = e.mark
	if e.rightSum {
		c.ends[record.Orig].has |= hasRightSum
	}
	if e.wrongIP {
		c.own().wrongIP = true
	}
}
