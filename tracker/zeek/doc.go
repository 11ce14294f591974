// Package zeek gives the codes that Zeek gives a connection: conn_state and history.
//
// A [Conn] takes the segments of one connection in order. Zeek has seven states an end,
// moves on the bare flags and never asks whether a segment was acceptable: so this view
// is kept apart from the states of RFC 9293 (package tracker).
//
// What is exported of [Conn], [Endpoint] and [Stream] is for who puts a connection away
// and takes it back (tracker's packer); a Conn has a fixed size and no pointers.
package zeek
