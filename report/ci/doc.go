// Package ci writes findings for pipelines: as SARIF and as JUnit XML, each with what was accepted
// before, and looks for findings that were not.
package ci
