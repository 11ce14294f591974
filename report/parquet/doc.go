// Package parquet writes what a run finds as Parquet files, and reads the connections of such
// files back: [Output], [Reader].
//
// The columns come from the tables that JSON Lines are made of: those of package schema for
// connections, and the lines of package report for findings and stats. A group of the names is a
// group of columns; it is always there, and what is not known in it is null. No number is rounded: a
// span is DECIMAL(18,9) of seconds, and a time a timestamp of nanoseconds in UTC without a zone, for
// DuckDB keeps no nanoseconds of one with a zone.
package parquet
