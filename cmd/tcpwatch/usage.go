package main

import (
	_ "embed"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report"
)

// usageText is what --help prints but for its lists: 40 lines of at most 80 columns.
//
//go:embed help.txt
var usageText string

// compareUsage is what compare --help prints.
//
//go:embed help-compare.txt
var compareUsage string

// usage is what --help prints.
func usage() string {
	return strings.NewReplacer("TABLES", tableNames(), "FORMATS", formatChoice()).Replace(usageText)
}

// formatChoice are the formats that -o may name: a, b or c.
func formatChoice() string {
	names := formatNames()
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// tableNames are the tables that --report may name, in lines that fit behind its text.
func tableNames() string {
	const column = 23
	return say.Fill(append(report.ReportNames(), report.EveryReport), 80-column, strings.Repeat(" ", column))
}
