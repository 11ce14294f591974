// Package html writes a report as one page that opens anywhere: what is wrong, the tables,
// and pictures of what happened.
//
// The page holds all that it shows. It asks for nothing from anywhere, and its Content
// Security Policy forbids it to: its one style sheet and its one script are allowed by their
// hashes. Everything is put in by html/template, so that a name from the wire stays text.
// Without the script all can be read; it sorts and filters tables.
package html
