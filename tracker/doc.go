// Package tracker rebuilds the RFC 9293 state of both ends of every TCP connection from
// the segments that a capture saw.
//
// A [Tracker] takes segments and ICMP quotes in the order of the input (Observe,
// Quoted) and tells a [record.Sink]: a [record.Record] for each connection when it is over, live
// events, and a [record.Step] for each packet of chosen connections. A state is moved along
// the edges of figure 5 only, each change with a [record.Basis]: seen, implied, expected or
// retracted.
//
// Invariants: what is told of a connection depends on its own segments, the clock of
// the whole input (Pass) and the calls of Tick, so connections can be divided among
// Trackers by [record.ShardOf]. A value that can't be known is a [record.Opt] without a value.
// Nothing is allocated for a segment; connections are bounded by Options.MaxConns and
// MaxBytes.
//
// It reads no payload, judges nobody (package diagnose does), has no clock of its own,
// and imports neither files nor formats. What it hands out is borrowed until the Sink
// returns.
//
// The way of a segment: ObserveHashed finds the connection (match.go); observe
// (observe.go) asks whether it fits (aside.go) and whether it is a copy (recent.go),
// then takes SYNs (open.go), RSTs (rst.go), ACKs and data (observe.go) and FINs
// (close.go). Idle connections are packed (pack.go); a lone SYN is kept as it is (embryo.go).
package tracker
