// Package sentence says in plain words what happened to one connection.
//
// [LiveLine] tells an event in a line. A [Teller] takes the steps of a connection in
// order and tells each ([Told]); [Comments] does so of many connections, for the
// comments of a capture file. The summaries of [Phrases] tell a record, a sentence for
// each subject: how it opened, closed, was left.
//
// What all of it shares, ends, states and causes in words, is said once here; numbers and
// spans are package say's. Nothing from the wire is shown unescaped.
package sentence
