package pair

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Conn is a connection as one place saw it.
type Conn struct {
	ID         uint64 // record.Record.ID
	Orig, Resp capture.Endpoint
	Start, End int64 // of its first and last packet, by the place's own clock; 0 where they have no time
	ISN        [2]record.Opt[uint32]
	Digest     [2]record.Opt[uint64] // of the first payload bytes, see record.KeyRecord
	Bytes      [2]record.Opt[uint64]
	Missing    [2]uint64 // bytes that the place did not capture although they arrived
	IPID       [2]record.Opt[uint16]
	BadSums    [2]uint32 // packets whose TCP checksum is wrong, of those verified
	Offers     [2]Offer
	Open       record.OpenKind
	Close      record.CloseKind
	ResetBy    record.End
	Answer     record.AnswerKind
	Evicted    bool // the table was full: what came later is not known to be its own

	Counts [2]Counts // what its record counts by end, of records without segments

	counted bool              // there are such
	opened  record.Opt[int64] // SYN -> SYN/ACK as the place saw it, ns
	syns    uint32
	src     capture.Endpoint // that sent the first packet: packets name their ends by it
	turned  bool             // that is the responder
	at      int              // its number at the Place
	adopted bool             // packets of others were added: they are not in order
	kept
}

// kept are the packets of a connection.
type kept struct {
	packets []packet // those in memory; others lie in the Place's file
	pieces  int64    // where the last piece of them begins in the file, plus 1; 0 without
	filed   uint32   // how many packets lie in the file
}

// sprout is a connection whose record did not come yet: as little as may be, for of those that ended, too, the
// records come a while later.
type sprout struct {
	src, dst capture.Endpoint // of its first packet
	offers   [2]Offer         // of src, of dst
	kept
}

// conn is what it is to become.
func (s *sprout) conn(id uint64) *Conn {
	return &Conn{ID: id, Orig: s.src, Resp: s.dst, src: s.src, Offers: s.offers, kept: s.kept}
}

// Offer is what an end's SYN or SYN/ACK says.
type Offer struct {
	Seen    bool
	MSS     record.Opt[uint16]
	WScale  record.Opt[uint8]
	Options capture.OptionSet
	TTL     uint8
	ECN     bool // it sets up ECN (RFC 3168 section 6.1.1)
}

// offer reads a SYN or SYN/ACK.
func offer(s *capture.Segment) Offer {
	o := Offer{Seen: true, Options: s.Options, TTL: s.TTL, ECN: s.Flags.Has(capture.ECE) && s.Flags.Has(capture.CWR) != s.Flags.Has(capture.ACK)}
	if s.Options&capture.OptMSS != 0 {
		o.MSS = record.Some(s.MSS)
	}
	if s.Options&capture.OptWScale != 0 {
		o.WScale = record.Some(s.WScale)
	}
	return o
}

// take copies what a record tells.
func (c *Conn) take(r *record.Record) {
	c.ID, c.Orig, c.Resp, c.Start, c.End = r.ID, r.Orig, r.Resp, r.Start, r.End
	if r.Capture.Startless {
		c.Start = 0
	}
	c.Open, c.Close, c.ResetBy, c.Answer = r.Open.Kind, r.Close.Kind, r.Close.ResetBy, r.Open.Answer.Kind
	c.opened, c.syns = r.Open.Resp, r.Open.SYNs
	c.Evicted = r.Close.Kind == record.CloseEvicted || r.Capture.Forgotten
	if c.turned = c.src == r.Resp && r.Orig != r.Resp; c.turned {
		c.Offers[0], c.Offers[1] = c.Offers[1], c.Offers[0]
	}
	for e := range c.ISN {
		x := &r.Ends[e]
		c.ISN[e], c.Digest[e], c.IPID[e], c.Bytes[e], c.Missing[e] = x.Key.ISN, x.Key.Digest, x.Key.IPID, x.Bytes, x.MissingBytes
		c.BadSums[e] = x.BadChecksums
	}
}

// end is an endpoint of the connection.
func (c *Conn) end(e record.End) *capture.Endpoint {
	if e == record.Orig {
		return &c.Orig
	}
	return &c.Resp
}

// takeOffers reads from a record what the ends' SYNs offered, where their segments are not known.
func (c *Conn) takeOffers(r *record.Record) {
	for e := range c.Offers {
		x := &r.Ends[e]
		o := Offer{Seen: !r.Capture.SYNUnseen[e], MSS: x.MSS, WScale: x.WScale, TTL: x.TTL.V, ECN: x.ECN.V}
		for option, has := range map[capture.OptionSet]bool{capture.OptMSS: x.MSS.OK, capture.OptWScale: x.WScale.OK,
			capture.OptSACKPermitted: x.SACK.V, capture.OptTimestamps: x.Timestamps.V} {
			if has {
				o.Options |= option
			}
		}
		c.Offers[e], c.Counts[e] = o, countsOf(r, record.End(e))
	}
	c.counted = true
}
