// Package reassembly is the sequence space of one direction of a connection: what was
// sent, repeated, skipped and acknowledged.
//
// [Seq] is a sequence number with RFC 9293's comparison modulo 2^32. A [Stream] keeps
// what is known of SND.UNA, SND.NXT and the gaps between (RFC 9293 section 3.3.1), and
// says of each segment what of it is new, repeated or fills a gap. A [Flight] keeps
// when what is in flight was sent; [Answers] find out which transmission an ACK
// answers. A [Histogram] keeps times with an error of at most
// one part in sixteen.
//
// Invariants: ranges are half open; SND.UNA and SND.NXT never go back but where a
// method says so. It keeps ranges, never payload; holes and flights are bounded
// ([MaxGaps], [MaxFlight]), and what the bounds cost is counted. It knows no time but
// the numbers that it is handed, and imports the standard library only.
package reassembly
