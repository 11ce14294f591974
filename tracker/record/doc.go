// Package record is one connection as every output tells it, and the words for it.
//
// A [Record] is what the tracker hands out when a connection is over; an [Event] is told
// while it goes on, a [Step] for each packet of a chosen one. A [Sink] takes them. A
// [State] is one of RFC 9293's, an [End] one of the two hosts, a [Basis] what a
// [Transition] rests on. A value that can't be known is an [Opt] without a value.
//
// Kinds are enums whose String is what JSON has. Times are nanoseconds since 1970-01-01
// UTC, spans nanoseconds. What a Sink gets is borrowed until it returns.
//
// It holds values and no judgement: tracker fills it, tracker/diagnose judges it, report
// prints it.
package record
