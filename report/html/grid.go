package html

import (
	"math"
	"strconv"
	"strings"

	"tcpwatch/internal/table"
)

// grid is a table as the page has it.
type grid struct {
	Caption string
	Columns []column
	Rows    []row
	Filter  bool // there are so many rows that a filter helps
}

type column struct {
	Title string
	Class string // "n" for numbers
}

// row is one with what stands under it.
type row struct {
	ID    string // by which texts lead to it; "" for none
	Cells []cell
	Notes []block
}

type cell struct {
	Text, Class string
	Key         string // by which the script sorts; "" for none
	Head        bool
}

// connectionsName is the name of the table that has a row for each connection: its first column
// names it, where the user chose no others.
const connectionsName = "Connections"

// filterRows is from how many rows on a table has a filter.
const filterRows = 6

func newGrid(caption string, t *table.Table) *grid {
	g := &grid{Caption: caption}
	connections := caption == connectionsName && len(t.Columns) > 0 && t.Columns[0].Title == "connection"
	for _, c := range t.Columns {
		class := "n"
		if c.Left {
			class = ""
		}
		g.Columns = append(g.Columns, column{c.Title, class})
	}
	for _, r := range t.Rows {
		x := row{}
		for i, text := range r.Cells {
			c := cell{Text: strings.TrimSpace(text), Class: g.Columns[i].Class, Head: i == 0}
			if v, ok := sortKey(c.Text); ok && !t.Columns[i].Left {
				c.Key = strconv.FormatFloat(v, 'g', 12, 64)
			}
			x.Cells = append(x.Cells, c)
		}
		if connections && len(x.Cells) > 0 {
			if id, err := idIn(named.FindString(x.Cells[0].Text)); err == nil {
				x.ID = rowOf(id)
			}
		}
		for _, n := range r.Notes {
			x.Notes = append(x.Notes, block{Class: classOf(n.Style, false), Text: plain(n.Text)})
		}
		g.Rows = append(g.Rows, x)
	}
	g.Filter = len(g.Rows) >= filterRows
	return g
}

// units are what the numbers of tables are counted in, in the unit by which they sort: spans
// in seconds, all else as it is.
var units = map[string]float64{
	"µs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86400,
	"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15, "EB": 1e18,
	"bit/s": 1, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9, "Tbit/s": 1e12, "%": 1,
}

// sortKey is the number that a cell tells: 1,234, 12.5 ms, 2 min 5 s, #17, < 0.1 %. Of a
// range it is the first. It is false for what is none, as "-".
func sortKey(text string) (float64, bool) {
	text = strings.TrimPrefix(text, "#")
	sum, some := 0.0, false
	if rest, less := strings.CutPrefix(text, "<"); less {
		text = rest
		sum = math.Copysign(1e-9, -1) // before what is as much
	}
	words := strings.Fields(strings.ReplaceAll(strings.ReplaceAll(text, ",", ""), "%", " %"))
	for i := 0; i < len(words); i += 2 {
		number, _, _ := strings.Cut(words[i], "-")
		v, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return sum, some
		}
		if i+1 < len(words) {
			unit, known := units[words[i+1]]
			if !known {
				return 0, false
			}
			v *= unit
		}
		sum, some = sum+v, true
	}
	return sum, some
}
