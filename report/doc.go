// Package report turns connection records into what people and programs read: tables,
// JSON Lines, CSV and the ladder of one connection.
//
// The fields of a record are one table (recordFields): JSON Lines ([JSONL]), [CSV],
// --where ([FieldReader]) and docs/record.md are made from it ([ReadConn], which
// compare reads, is not). A [Summary] is the sums behind all tables; it takes records
// and merges. The tables are a list (reports), printed by [WriteTables] under a
// [Headline]. A [Ladder] draws the packets of chosen connections.
//
// Invariants: a value that can't be known is absent, never 0, and why is one table too
// (unknowns). Summaries merge to the same sum in any order; nothing borrowed is kept.
// Everything from the wire, from file names and interface names is escaped on its way
// out.
//
// It reads no packets, opens no files and has no clock: whoever calls it says what time
// it is and where to write.
package report
