package schema

import (
	"fmt"
	"io"
	"strings"
)

// WriteDoc writes docs/record.md: the fields of a connection record, as JSON Lines
// and CSV hold them, from the rows that make them.
func WriteDoc(w io.Writer) error {
	var b strings.Builder
	b.WriteString(recordDocHead)
	fields := Fields()
	for i := range fields {
		f := &fields[i]
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, f.holds(), f.Doc)
	}
	b.WriteString(strings.Replace(recordDocTail, "UNKNOWN\n", unknownDoc(fields), 1))
	_, err := io.WriteString(w, b.String())
	return err
}

// holds is the type of what the field holds, with its unit.
func (f *Field) holds() string {
	if f.Type == Count && f.Unit != "" {
		return f.Unit
	}
	return f.Type.String()
}

// unknownDoc is the table of reasons for which fields are absent.
func unknownDoc(fields []Field) string {
	var b strings.Builder
	for i, u := range Unknowns() {
		absent := "none: " + u.What
		if names := hiddenBy(fields, Reason(i)); len(names) > 0 {
			absent = "`" + strings.Join(names, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", Reason(i), u.Why, absent)
	}
	return b.String()
}

const recordDocHead = "# The connection record\n" + `
One record is written for each connection, when it is finished or the input
ends. JSON Lines (` + "`-o jsonl`" + `) nests the names at their dots; CSV (` + "`-o csv`" + `) has
one column for each name below, in this order, but for arrays of objects (names
ending in ` + "`_list`" + `). A value that can't be known is absent (CSV: an empty cell),
never 0 or -1. A text that a spreadsheet would take for a
formula has an apostrophe before it in CSV. Names ending in ` + "`_s`" + ` are seconds, times are RFC 3339 with
nanoseconds, UTC, and counts have no suffix. Fields may be added; those below are
never renamed. What a field holds is its type or, of a whole number, what it counts.

` + "`orig`" + ` is the originator, ` + "`resp`" + ` the responder; the fields of both ends tell
what that end sent.

| field | holds | meaning |
| --- | --- | --- |
`

const recordDocTail = `
## Transitions

With ` + "`--transitions`" + `, JSON Lines adds ` + "`transitions`" + `: every edge of both ends, in
order, each an object of ` + "`t`" + ` (time), ` + "`packet`" + ` (absent when time alone caused it),
` + "`end`" + `, ` + "`from`" + ` (absent when unknown), ` + "`to`" + ` and ` + "`proof`" + `: ` + "`seen`, `implied`" + ` (packets are
missing: the shortest legal path), ` + "`expected`" + ` (the receiver of a segment, until
proven) or ` + "`retracted`" + ` (takes the edge before it back).

## Zero windows

` + "`orig.zero_window_list`" + ` holds the times in which the originator offered no window, so
that the responder had to wait; ` + "`resp.zero_window_list`" + ` the reverse. Of more than 16 the
first 15 and the last are told; ` + "`zero_windows`" + ` counts all. Each is an object of ` + "`start`" + `
and ` + "`packet`" + ` (of the segment that closed the window), ` + "`end`" + ` and ` + "`end_packet`" + ` (absent
when nothing seen ended it), ` + "`probes`" + ` (window probes of the other end) and ` + "`ended_by`" + `:
` + "`update`" + ` (the window opened again), ` + "`reset`" + `, ` + "`conn-end`" + ` (closed, or given up) or
` + "`input-end`" + `; absent on an interim record while it lasts.

## What is not known

` + "`capture.unknown`" + ` names what it was about the capture that made values unknowable; the
fields that may be absent for it (` + "`END`" + `: either end; ` + "`DARK`" + `: the end that was not
captured):

| reason | because | absent |
| --- | --- | --- |
UNKNOWN

## Findings

After the connections JSON Lines has one object of ` + "`type` `finding`" + ` for each finding,
what matters most first: ` + "`id`" + ` (detector and subject, the same in every run over the
same packets), ` + "`detector`" + ` (` + "`--explain`" + ` tells its rule), ` + "`severity`" + ` (` + "`critical`, `warning`,\n`notice`, `info`" + `), ` + "`confidence`" + ` (` + "`proven`, `likely`, `possible`" + `), ` + "`title`" + ` (a sentence),
` + "`explanation`, `causes`" + ` (likely ones, the likeliest first), ` + "`advice`, `subject`, `subject_kind`" + `
(` + "`capture`, `host`, `listener`, `pair`, `connection`" + `), ` + "`count`" + ` (connections), ` + "`conns`" + ` (ids of
examples, the smallest, at most 20), ` + "`packets`" + ` (evidence in them), ` + "`since` and `until`" + `.

Connection records do not name findings: whether a finding is made is known only
when all connections have been seen. CSV holds connections only.

## The last line

JSON Lines ends with one object of ` + "`type`" + ` ` + "`stats`" + `: ` + "`packets`, `tcp_segments`, `conns`,\n`where` and `left_out`" + ` (with ` + "`--where`" + `: the expression, and how many connections did not
match), ` + "`skipped`" + ` (by reason), ` + "`anomalies`" + ` (by kind), ` + "`limits`" + ` (what was forgotten because a limit was reached), ` + "`kernel_drops` and `interface_drops`" + `
(live), ` + "`evicted` and `evicted_by` (what they were), `unnamed`" + ` (connections not looked at for names: too many others were
undecided; absent when none), ` + "`files`, `time_wait_peak`" + ` (the hosts that held most connections in
TIME-WAIT: ` + "`holder`, `peak`, `at`), `span_s`" + ` and, when a file was cut or damaged,
` + "`damaged`" + `.
`
