// Package tcpwatch tells why TCP connections are slow, failing, leaking or dying: it reads
// packets and rebuilds the state of both ends of every connection as RFC 9293 defines it.
//
// [Open] opens capture files. [Records] gives a [record.Record] for each connection, [Analyze]
// the sums over all of them and what is wrong (report.Summary). [Run] hands what it finds to
// any number of Outputs: those of the report packages (tables, JSON Lines, CSV, a drawing,
// what both ends said, packets) or your own, which embeds [Base] and has the methods that it
// needs. Where packets come from besides files, and what a filter is, the caller says
// ([Live], [Options]): the package itself is pure Go.
//
// Times are nanoseconds since 1970 and come from packets; nothing is looked up. What is found
// does not depend on the number of workers ([Options]). Names and texts in records are as the
// wire had them: who prints them escapes them.
package tcpwatch
