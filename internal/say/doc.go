// Package say makes text fit for people: what comes from outside is escaped here before
// it reaches a terminal, a log or a file that people open.
//
// [Escape] is for lines, [AppendJSON] for JSON strings, [AppendCell] for CSV cells
// (also what a spreadsheet would take for a formula), [AppendPayload] for --follow.
// [Safe] is the one list of what may be printed as it is: no control characters, no
// change of writing direction, nothing invisible.
//
// It imports the standard library only, and allocates nothing for text that needs no
// escaping.
package say
