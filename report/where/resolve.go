package where

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/types"

	"tcpwatch/report/schema"
)

// slot is a field as the program finds it in its environment: what it holds,
// the same where it need not be there, and whether it is.
type slot struct {
	field          schema.Field
	value, or, has string
	zero           any // of its type, for what is absent
}

// resolver rewrites an expression while the library compiles it. Each field
// becomes a slot, and a comparison is made only when every field in it is
// there: so what is absent compares as false, and the program needs no more
// than the fields that it uses.
type resolver struct {
	all    []slot         // of every field, in the order of the record
	at     map[string]int // in all, by name
	used   []int          // in all
	walked bool
	open   []*unresolved // names that are no field, as far as they were read
	misuse error         // the first wrong use of has() or cidr()

	nets     []networks // of each cidr(...)
	netsUsed int        // of those, how many stand where they may
}

// unresolved is a name that is not (yet) a field: perhaps the beginning of one.
type unresolved struct {
	root *ast.IdentifierNode
	path string
}

// Names of the slots begin so. No field's does, and no identifier that a user
// would write.
const (
	valuePrefix = "__value"
	hasPrefix   = "__has"
	orPrefix    = "__or" // the value of a field that need not be there
)

func newResolver(nets []networks) *resolver {
	r := &resolver{at: map[string]int{}, nets: nets}
	for _, d := range schema.Fields() {
		if d.Type == schema.Objects {
			continue // an expression has no use for lists of those
		}
		n := strconv.Itoa(len(r.all))
		r.at[d.Name] = len(r.all)
		r.all = append(r.all, slot{d, valuePrefix + n, orPrefix + n, hasPrefix + n, kinds[d.Type].zero})
	}
	return r
}

// types tells the library what the slots hold.
func (r *resolver) types() types.Map {
	m := types.Map{}
	for _, s := range r.all {
		t := kinds[s.field.Type].typ
		m[s.value], m[s.or], m[s.has] = t, t, types.Bool
	}
	return m
}

// slots are those that the expression uses.
func (r *resolver) slots() (used []slot) {
	for _, i := range r.used {
		used = append(used, r.all[i])
	}
	return used
}

// kinds says how each type of field looks to the library.
var kinds = [...]struct {
	typ  types.Type
	zero any
}{
	schema.Text:    {types.String, ""},
	schema.Address: {types.String, ""},
	schema.Time:    {types.String, ""},
	schema.Count:   {types.Int, 0},
	schema.Seconds: {types.Float64, 0.0},
	schema.Truth:   {types.Bool, false},
	schema.Counts:  {types.Array(types.Int), []int{}},
	schema.Spans:   {types.Array(types.Float64), []float64{}},
	schema.Texts:   {types.Array(types.String), []string{}},
}

// Visit takes a node after all that is below it; see ast.Visitor.
func (r *resolver) Visit(node *ast.Node) {
	r.walked = true
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		r.name(node, &unresolved{n, n.Value})
	case *ast.MemberNode:
		r.member(node, n)
	case *ast.VariableDeclaratorNode:
		r.forget(func(u *unresolved) bool { return u.root.Value == n.Name })
	case *ast.CallNode:
		r.call(node, n)
	case *ast.BinaryNode:
		r.binary(node, n)
	}
}

// name makes a slot of a name that is a field, and remembers any other.
func (r *resolver) name(node *ast.Node, u *unresolved) {
	i, ok := r.at[u.path]
	if !ok {
		if _, net := r.network(*node); net {
			return
		}
		if u.path == u.root.Value {
			r.open = append(r.open, u)
		}
		return
	}
	r.forget(func(x *unresolved) bool { return x.root == u.root })
	if !slices.Contains(r.used, i) {
		r.used = append(r.used, i)
	}
	ast.Patch(node, &ast.IdentifierNode{Value: r.all[i].value})
}

// member adds a part to a name.
func (r *resolver) member(node *ast.Node, n *ast.MemberNode) {
	part, ok := n.Property.(*ast.StringNode)
	if !ok {
		return
	}
	inner := n.Node
	if chain, ok := inner.(*ast.ChainNode); ok {
		inner = chain.Node
	}
	for {
		m, ok := inner.(*ast.MemberNode)
		if !ok {
			break
		}
		inner = m.Node
	}
	root, ok := inner.(*ast.IdentifierNode)
	if !ok {
		return
	}
	for _, u := range r.open {
		if u.root == root {
			u.path += "." + part.Value
			r.name(node, u)
			return
		}
	}
}

// forget drops the unresolved names for which f is true.
func (r *resolver) forget(f func(*unresolved) bool) {
	kept := r.open[:0]
	for _, u := range r.open {
		if !f(u) {
			kept = append(kept, u)
		}
	}
	r.open = kept
}

// call makes has(field) the question whether the field is there.
func (r *resolver) call(node *ast.Node, n *ast.CallNode) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok || callee.Value != "has" {
		return
	}
	r.forget(func(u *unresolved) bool { return u.root == callee })
	if len(n.Arguments) == 1 {
		if s := r.slotOf(n.Arguments[0]); s != nil {
			ast.Patch(node, &ast.IdentifierNode{Value: s.has})
			return
		}
	}
	if len(r.open) == 0 && r.misuse == nil {
		r.misuse = errors.New("has(FIELD) asks whether one field is there, as has(open.felt_s) does")
	}
	ast.Patch(node, &ast.BoolNode{})
}

// slotOf is the slot that a node reads; nil for any other.
func (r *resolver) slotOf(n ast.Node) *slot {
	id, ok := n.(*ast.IdentifierNode)
	if !ok {
		return nil
	}
	number, ok := strings.CutPrefix(id.Value, valuePrefix)
	i, err := strconv.Atoi(number)
	if !ok || err != nil || i < 0 || i >= len(r.all) {
		return nil
	}
	return &r.all[i]
}

// binary guards a comparison by the presence of the fields in it, and lets
// == nil, != nil and ?? ask for that presence.
func (r *resolver) binary(node *ast.Node, n *ast.BinaryNode) {
	r.neverIs(n)
	switch n.Operator {
	case "==", "!=":
		if s := r.besideNil(n); s != nil {
			var is ast.Node = &ast.IdentifierNode{Value: s.has}
			if n.Operator == "==" {
				is = &ast.UnaryNode{Operator: "not", Node: is}
			}
			ast.Patch(node, is)
			return
		}
	case "??":
		if s := r.slotOf(n.Left); s != nil {
			ast.Patch(node, &ast.ConditionalNode{Ternary: true, Cond: &ast.IdentifierNode{Value: s.has},
				Exp1: &ast.IdentifierNode{Value: s.or}, Exp2: n.Right})
		}
		return
	case "<", ">", "<=", ">=", "in", "contains", "startsWith", "endsWith", "matches":
	default:
		return
	}
	used := &slotsUsed{r: r}
	whole := r.inNetworks(n)
	ast.Walk(&whole, used)
	for i := len(used.slots) - 1; i >= 0; i-- {
		whole = &ast.BinaryNode{Operator: "and", Left: &ast.IdentifierNode{Value: r.all[used.slots[i]].has}, Right: whole}
	}
	if whole != ast.Node(n) {
		ast.Patch(node, whole)
	}
}

// besideNil is the slot that n compares with nil; nil when it does not.
func (r *resolver) besideNil(n *ast.BinaryNode) *slot {
	if _, ok := n.Right.(*ast.NilNode); ok {
		return r.slotOf(n.Left)
	}
	if _, ok := n.Left.(*ast.NilNode); ok {
		return r.slotOf(n.Right)
	}
	return nil
}

// slotsUsed gathers the slots below a node, each once.
type slotsUsed struct {
	r     *resolver
	slots []int
}

// Visit takes a node; see ast.Visitor.
func (u *slotsUsed) Visit(node *ast.Node) {
	s := u.r.slotOf(*node)
	if s == nil {
		return
	}
	if i := u.r.at[s.field.Name]; !slices.Contains(u.slots, i) {
		u.slots = append(u.slots, i)
	}
}
