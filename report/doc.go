// Package report turns connection records into what people and programs read: tables,
// JSON Lines and CSV.
//
// JSON Lines ([JSONL]) and [CSV] hold the fields of a record, which package schema
// lists. A [Summary] is the sums behind all tables; it takes records and merges. The
// tables are a list ([Tables]), printed by [WriteTables] under a [Headline].
//
// Summaries merge to the same sum in any order; nothing borrowed is kept.
// Everything from the wire, from file names and interface names is escaped on its way
// out.
//
// It reads no packets, opens no files and has no clock: whoever calls it says what time
// it is and where to write.
package report
