// Package table lays tables out for a terminal: the one place that knows how, for all
// tables of the program.
//
// A [Table] never cuts anything. Its first column is the key. Where rows are too long for
// the [Page], columns that allow it give way, then keys that are too long go alone on a
// line, then cells are wrapped. Widths are those of a terminal: characters of Chinese,
// Japanese and Korean take two columns. Lines are laid out and wrapped by tablewriter, to
// which rows are handed one by one, with [Note]s between them.
package table
