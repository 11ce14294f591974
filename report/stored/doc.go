// Package stored reads back what a run wrote of connections, so that reports are made of it again:
// records, and what the run knew besides.
package stored
