package parquet

import (
	"slices"

	"github.com/parquet-go/parquet-go"

	"tcpwatch/report/schema"
)

// tree is a group of columns, in the order in which they were added: a parquet.Group sorts them
// by name.
type tree struct {
	parquet.Group
	names []string
}

func newTree() *tree { return &tree{Group: parquet.Group{}} }

// Fields are the columns and groups in it; see parquet.Node.
func (t *tree) Fields() []parquet.Field {
	fields := t.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return slices.Index(t.names, a.Name()) - slices.Index(t.names, b.Name())
	})
	return fields
}

// add adds a node under a name.
func (t *tree) add(name string, n parquet.Node) {
	t.names = append(t.names, name)
	t.Group[name] = n
}

// in is the group of these names in it.
func (t *tree) in(names []string) *tree {
	for _, name := range names {
		if t.Group[name] == nil {
			t.add(name, newTree())
		}
		t = t.Group[name].(*tree)
	}
	return t
}

// schemaOf has a column for each leaf.
func schemaOf(name string, leaves []schema.Leaf) *parquet.Schema {
	root := newTree()
	var object *tree // of the list that is being added
	for i := range leaves {
		l := &leaves[i]
		groups, own := l.Path[:len(l.Path)-1], l.Path[len(l.Path)-1]
		switch l.Shape {
		case schema.One:
			root.in(groups).add(own, parquet.Optional(nodeOf(l)))
		case schema.Many:
			root.in(groups).add(own, parquet.Optional(parquet.List(nodeOf(l))))
		case schema.Part:
			list := groups[len(groups)-1]
			if at := root.in(groups[:len(groups)-1]); at.Group[list] == nil {
				object = newTree()
				at.add(list, parquet.Optional(parquet.List(object)))
			}
			object.add(own, parquet.Optional(nodeOf(l)))
		case schema.Entry:
			list := groups[len(groups)-1]
			if at := root.in(groups[:len(groups)-1]); at.Group[list] == nil {
				at.add(list, parquet.Optional(parquet.Map(nodeOf(l), nodeOf(&leaves[i+1]))))
			}
		}
	}
	return parquet.NewSchema(name, root)
}

// pathOf is where the column of a leaf is, by way of what lists and maps are made of.
func pathOf(l *schema.Leaf) []string {
	groups, own := l.Path[:len(l.Path)-1], l.Path[len(l.Path)-1]
	switch l.Shape {
	case schema.Many:
		return slices.Concat(l.Path, []string{"list", "element"})
	case schema.Part:
		return slices.Concat(groups, []string{"list", "element", own})
	case schema.Entry:
		return slices.Concat(groups, []string{"key_value", own})
	}
	return l.Path
}

// digits of a span, all in all, and behind the point: those of nanoseconds.
const spanDigits, spanFraction = 18, 9

// nodeOf is the column of a leaf's values.
func nodeOf(l *schema.Leaf) parquet.Node {
	switch {
	case l.JSON:
		return parquet.JSON()
	case l.Type == schema.Text, l.Type == schema.Address:
		return parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
	case l.Type == schema.Time:
		return parquet.TimestampAdjusted(parquet.Nanosecond, false)
	case l.Type == schema.Seconds:
		return parquet.Decimal(spanFraction, spanDigits, parquet.Int64Type)
	case l.Type == schema.Truth:
		return parquet.Leaf(parquet.BooleanType)
	}
	return parquet.Int(64)
}

// isText reports whether the values of a leaf are bytes, not numbers.
func isText(l *schema.Leaf) bool { return l.Type == schema.Text || l.Type == schema.Address }
