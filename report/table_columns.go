package report

import (
	"strconv"

	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// columnsOf is the table of connections with a column for each field that was asked for.
// None gives way on a narrow page, because each was asked for.
func (p *page) columnsOf(rows []*record.Record, o TableOptions) (table.Table, error) {
	var g table.Table
	var cells []string
	var columns []schema.Column
	for _, name := range o.Columns {
		f, err := schema.Lookup(name)
		if err != nil {
			return g, err
		}
		g.Columns = append(g.Columns, table.Column{Title: name, Left: f.Type != schema.Count && f.Type != schema.Seconds})
		columns = append(columns, schema.Column{Name: name, Take: func(v schema.Value) { cells = append(cells, p.valueCell(&f, v)) }})
	}
	reader := schema.NewColumnReader(o.Records, columns)
	for _, r := range rows {
		cells = make([]string, 0, len(columns))
		reader.Read(r)
		g.Rows = append(g.Rows, table.Row{Cells: cells})
	}
	return g, nil
}

// valueCell is a value of a field as tables show it; "-" where it is absent.
func (p *page) valueCell(f *schema.Field, v schema.Value) string {
	switch {
	case v.Absent():
		return "-"
	case f.Type == schema.Time:
		return p.DateMilli(v.Nanoseconds().V)
	case f.Type == schema.Seconds:
		return p.Span(v.Nanoseconds().V)
	case f.Type == schema.Count && f.Unit != "":
		return say.Thousands(v.Count())
	case f.Type == schema.Count:
		return strconv.FormatUint(v.Count(), 10) // a number that names something: an id, a port
	}
	return p.cut(say.Escape(v.Text()))
}

// Cells reads some fields of records as tables show them. It is not safe for concurrent use.
type Cells struct {
	reader *schema.ColumnReader
	cells  []string
	page   page
}

// NewCells returns Cells of the fields with these names; the error says in a line which is none.
func NewCells(names []string, o TableOptions) (*Cells, error) {
	c := &Cells{}
	c.page.ASCII, c.page.Clock = o.ASCII, o.Clock
	var columns []schema.Column
	for _, name := range names {
		f, err := schema.Lookup(name)
		if err != nil {
			return nil, err
		}
		columns = append(columns, schema.Column{Name: name, Take: func(v schema.Value) { c.cells = append(c.cells, c.page.valueCell(&f, v)) }})
	}
	c.reader = schema.NewColumnReader(o.Records, columns)
	return c, nil
}

// Of are the cells of a record, one for each name; "-" where a field is absent.
func (c *Cells) Of(r *record.Record) []string {
	c.cells = make([]string, 0, cap(c.cells))
	c.reader.Read(r)
	return c.cells
}
