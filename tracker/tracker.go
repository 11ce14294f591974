// Package tracker rebuilds the RFC 9293 state of both ends of every TCP
// connection from the segments that a capture saw.
package tracker

import "tcpwatch/capture"

// Options of a Tracker. The zero value is usable.
type Options struct {
	MSL      int64 // nanoseconds; 0 means 30 s, so that TIME-WAIT is Linux's 60 s
	MaxConns int   // most connections held at once; 0 means 1,048,576
	Interval int64 // nanoseconds between interim records of long connections; 0: none
	Events   bool  // call Sink.Event
	ByVLAN   bool  // the VLAN is part of the identity
	// Mark chooses the connections whose packets go to Sink.Step; nil for none.
	// It is asked once, at a connection's first packet.
	Mark func(id uint64, orig, resp capture.Endpoint) bool
}

// Stats counts what a Tracker saw.
type Stats struct {
	Segments  uint64            // TCP segments observed
	Conns     uint64            // connections begun
	Emitted   uint64            // records handed out (interim ones not counted)
	Open      int               // connections held now
	Evicted   uint64            // dropped because the table was full
	Quotes    uint64            // ICMP errors observed
	Unmatched uint64            // ICMP errors that fit no connection
	Anomalies map[string]uint64 // segments that no path explains, by kind
}

// Tracker holds the connections of one input. It is not safe for concurrent use.
type Tracker struct {
	opt  Options
	sink Sink
}

// New returns a Tracker that tells sink what it finds.
func New(o Options, sink Sink) *Tracker { return &Tracker{opt: o, sink: sink} }

// Observe takes one segment, in input order.
func (t *Tracker) Observe(s *capture.Segment) {}

// Quoted takes an ICMP error that quotes a TCP header, in input order.
func (t *Tracker) Quoted(q *capture.Quote) {}

// Tick lets time-driven edges happen and hands out what has finished. The
// caller calls it at every 4,096th packet of the input, whatever the packet
// was, so that results do not depend on how the work is divided; now is the
// latest packet time so far.
func (t *Tracker) Tick(now int64) {}

// Finish hands out every connection that is left; the input has ended.
func (t *Tracker) Finish() {}

// Snapshot hands f an interim record of every connection held, in order of ID.
func (t *Tracker) Snapshot(f func(*Record)) {}

// Stats returns the counts so far.
func (t *Tracker) Stats() Stats { return Stats{} }
