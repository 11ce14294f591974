// Package compare tells what got worse from one capture to another, by how much, and
// whether chance alone would do as much.
//
// A [Fold] takes the connections of one input: of a capture their records, as they come,
// of JSON Lines what schema.ReadJSONL reads; both by the same columns. [Compare] sets two Folds side by side: a
// [Row] for each measure, with a [Verdict], and the findings that came or went. A
// [Result] is written as a table or as JSON Lines.
//
// A change is called worse only when it is larger than the threshold and than what
// chance does between two samples of these sizes. It reads no packets and makes no
// findings of its own.
package compare
