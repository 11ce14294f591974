package main

import (
	_ "embed"
	"fmt"
	"io"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report"
)

// usageText is what --help prints but for its lists: 40 lines of at most 80 columns.
//
//go:embed help.txt
var usageText string

// pairUsage is what pair --help prints.
//
//go:embed help-pair.txt
var pairUsage string

// compareUsage is what compare --help prints.
//
//go:embed help-compare.txt
var compareUsage string

// reportUsage is what report --help prints.
//
//go:embed help-report.txt
var reportUsage string

// usage is what --help prints.
func usage() string {
	return strings.NewReplacer("TABLES", tableNames(), "FORMATS", formatLines()).Replace(usageText)
}

// formatLines are the formats that -o may name, in lines that fit behind their text.
func formatLines() string {
	const column = 12
	return say.Fill(formatNames(), 80-column, strings.Repeat(" ", column))
}

// tableNames are the tables that --report may name, in lines that fit behind its text.
func tableNames() string {
	const column = 23
	return say.Fill(append(report.ReportNames(), report.EveryReport), 80-column, strings.Repeat(" ", column))
}

// printText writes what was asked for in place of a report and returns the exit status.
func printText(stdout, stderr io.Writer, text string) int {
	if _, err := io.WriteString(stdout, text); err != nil {
		fail(stderr, fmt.Errorf("output: %w", err))
		return exitEarly
	}
	return exitDone
}
