package where

import (
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// Clause is an expression for a run: a tcpwatch.Where.
type Clause struct {
	*Expr
	o       schema.Options
	filters []*Filter // of the workers
}

// Clause returns the expression for a run; the options are those of the outputs, so that a
// field holds what they print.
func (e *Expr) Clause(o schema.Options) *Clause { return &Clause{Expr: e, o: o} }

// Matcher is a worker's; see tcpwatch.Where.
func (c *Clause) Matcher() func(*record.Record) bool {
	f := c.Filter(c.o)
	c.filters = append(c.filters, f)
	return f.Match
}

// Err tells, when the run has ended, for how many records the expression could not be worked
// out, and why; nil when it always could.
func (c *Clause) Err() error {
	var all Filter
	for _, f := range c.filters {
		all.Merge(f)
	}
	return all.Err()
}
