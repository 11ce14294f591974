// Package say makes text for people, and makes text from outside fit for them.
//
// What comes from outside is escaped here before it reaches a terminal, a log or a file
// that people open: [Escape] is for lines, [AppendJSON] for JSON strings, [AppendCell]
// for CSV cells (also what a spreadsheet would take for a formula), [AppendPayload] for
// --follow. [Safe] is the one list of what may be printed as it is: no control
// characters, no change of writing direction, nothing invisible.
//
// Numbers are written by [Thousands], [Plural], [Bytes], [Digits] and [Duration],
// sentences are broken by [Wrap] and [WrapHard], lists by [Fill], and coloured by [Paint],
// ICMP errors are named by [ICMPError]. What people wrote is read by [ParseSpan] and
// [ParseSize]; [Distance] finds what somebody who mistyped a name meant.
//
// It imports the standard library only, and allocates nothing to escape text that needs
// no escaping.
package say
