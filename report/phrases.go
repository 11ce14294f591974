package report

// Span says a duration as the tables do: 320 µs, 1.003 s, 2 min 5 s.
func Span(ns int64, ascii bool) string { return phrases{ASCII: ascii}.span(ns) }

// Thousands is a number with a comma at every third digit.
func Thousands(n uint64) string { return thousands(n) }

// Plural is a count with its noun: 1 connection, 1,234 connections.
func Plural(n uint64, noun string) string { return plural(n, noun) }
