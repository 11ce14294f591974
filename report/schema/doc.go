// Package schema is the list of the fields that a connection record has for the
// world outside: name, type, unit, meaning, what about a capture hides it, and how its
// value is read.
//
// A field is one row ([Fields]). Everything that knows fields by name is made from the
// rows: lines of JSON ([JSON]) and CSV ([CSV]), docs/record.md (by a test), what --where
// can ask ([Reader]), what is read back of such lines ([ReadJSONL]), and the list of what
// is not known of a connection and why ([ReasonsOf], [Unknowns]).
package schema
