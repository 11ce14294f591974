package where

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"tcpwatch/internal/say"
	"tcpwatch/report/schema"
)

// neverIs refuses a comparison of a field with a text that it never holds: it would be
// false of every connection, and nobody would see why.
func (r *resolver) neverIs(n *ast.BinaryNode) {
	for _, x := range [...][2]ast.Node{{n.Left, n.Right}, {n.Right, n.Left}} {
		s := r.slotOf(x[0])
		if s == nil {
			continue
		}
		switch v := x[1].(type) {
		case *ast.StringNode:
			r.canHold(s, n.Operator, v.Value)
		case *ast.ArrayNode:
			for _, one := range v.Nodes {
				if v, ok := one.(*ast.StringNode); ok {
					r.canHold(s, n.Operator, v.Value)
				}
			}
		}
	}
}

// canHold notes a text that a field never holds.
func (r *resolver) canHold(s *slot, operator, text string) {
	name := s.field.Name
	switch s.field.Type {
	case schema.Time:
		if operator != "matches" && operator != "contains" && (text == "" || text[0] < '0' || text[0] > '9') {
			r.mistaken(fmt.Errorf("%s is a time such as %q, in UTC, never %s", name, "2026-11-29T12:00:00Z", schema.Printable(text)))
		}
		return
	case schema.Address:
		if operator != "==" && operator != "!=" && operator != "in" {
			return
		}
		if p, err := netip.ParsePrefix(text); err == nil {
			r.mistaken(fmt.Errorf("%s is a prefix: %s in cidr(%s)", text, name, p.Masked()))
		} else if a, err := netip.ParseAddr(text); err != nil {
			r.mistaken(fmt.Errorf("%s is never %s, which is no address", name, schema.Printable(text)))
		} else if short := a.Unmap().String(); short != text {
			r.mistaken(fmt.Errorf("%s is never %q: it would be %q", name, text, short))
		}
		return
	}
	words := s.field.Words()
	if len(words) == 0 || slices.Contains(words, text) || operator != "==" && operator != "!=" && operator != "in" {
		return
	}
	err := fmt.Errorf("%s is never %s; it is one of %s", name, schema.Printable(text), strings.Join(words, ", "))
	if near := nearestWord(text, words); near != "" {
		err = fmt.Errorf("%s is never %s; near it: %q; known are %s", name, schema.Printable(text), near, strings.Join(words, ", "))
	}
	r.mistaken(err)
}

// nearestWord is the word that was probably meant, whatever its case; "" for none.
func nearestWord(text string, words []string) string {
	switch text = strings.ToLower(text); text {
	case "client", "originator":
		text = "orig"
	case "server", "responder":
		text = "resp"
	}
	lower := make([]string, len(words))
	for i, w := range words {
		lower[i] = strings.ToLower(w)
	}
	if i := slices.Index(lower, say.Nearest(text, lower)); i >= 0 {
		return words[i]
	}
	return ""
}

// quoted is an error about a name that is no field but a word of one; nil for any other.
func quoted(name string) error {
	all := schema.Fields()
	if slices.ContainsFunc(all, func(f schema.Field) bool { return strings.HasPrefix(f.Name, name+".") }) {
		return nil // a group of fields
	}
	for _, f := range all {
		if words := f.Words(); slices.Contains(words, name) {
			return fmt.Errorf("%s is no field; a word stands between quotes: %s == %q", name, f.Name, name)
		}
	}
	return nil
}
