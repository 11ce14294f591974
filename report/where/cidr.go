package where

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"

	"tcpwatch/report/schema"
)

// The language of expressions has no prefixes of addresses, and does not even read 10.0.0.0/8
// as words of its own. So each cidr(...) is taken out of the text before the library reads it,
// and a name of the same length is left in its place: positions in errors stay right.

// networks are the prefixes of one cidr(...).
type networks []netip.Prefix

// netPrefix begins the names that stand for a cidr(...). With a number of three digits they
// are as long as the shortest, "cidr(::)"; maxLength leaves room for fewer than 1,000.
const netPrefix = "__net"

// within is the function that "ADDRESS in cidr(...)" becomes.
const within = "__within"

// takeNetworks takes each cidr(...) out of an expression.
func takeNetworks(text string) (string, []networks, error) {
	var all []networks
	out := []byte(text)
	for i := 0; i < len(text); {
		if n := passedOver(text[i:]); n > 0 {
			i += n
			continue
		}
		word := leadingWord(text[i:])
		switch {
		case word == "":
			i++
			continue
		case strings.HasPrefix(word, netPrefix):
			return "", nil, fmt.Errorf("unknown field %s", schema.Printable(word))
		case word != "cidr" || i > 0 && text[i-1] == '.':
			i += len(word)
			continue
		}
		behind := text[i+len(word):]
		list, open := strings.CutPrefix(strings.TrimLeft(behind, " \t\r\n"), "(")
		if !open {
			i += len(word)
			continue
		}
		list, _, closed := strings.Cut(list, ")")
		if !closed {
			return "", nil, errors.New("cidr( has no ) behind it")
		}
		n, err := parseNetworks(list)
		if err != nil {
			return "", nil, err
		}
		end := i + len(word) + strings.IndexByte(behind, ')') + 1
		name := netPrefix + strconv.Itoa(len(all))
		copy(out[i:end], name+strings.Repeat(" ", end-i-len(name)))
		all = append(all, n)
		i = end
	}
	return string(out), all, nil
}

// passedOver is how long the string or comment is with which text begins; 0 for anything else.
func passedOver(text string) int {
	switch text[0] {
	case '"', '\'':
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case text[0]:
				return i + 1
			}
		}
		return len(text)
	case '`':
		return closedBy(text, 1, "`")
	case '/':
		if strings.HasPrefix(text, "//") {
			return closedBy(text, 2, "\n")
		}
		if strings.HasPrefix(text, "/*") {
			return closedBy(text, 2, "*/")
		}
	}
	return 0
}

// closedBy is where end ends after the first n bytes, or the text does.
func closedBy(text string, n int, end string) int {
	if at := strings.Index(text[n:], end); at >= 0 {
		return n + at + len(end)
	}
	return len(text)
}

// leadingWord is the word with which text begins: letters, digits, underscores.
func leadingWord(text string) string {
	n := 0
	for n < len(text) && (text[n] == '_' || text[n] == '$' || text[n] >= 0x80 ||
		'a' <= text[n]|0x20 && text[n]|0x20 <= 'z' || '0' <= text[n] && text[n] <= '9') {
		n++
	}
	return text[:n]
}

// parseNetworks reads what stands between the brackets; quotes around a prefix may be there.
func parseNetworks(list string) (all networks, err error) {
	for part := range strings.SplitSeq(list, ",") {
		part = strings.Trim(part, " \t\r\n\"'")
		p, err := netip.ParsePrefix(part)
		if err != nil {
			a, bare := netip.ParseAddr(part)
			if bare != nil || a.Zone() != "" {
				return nil, fmt.Errorf("cidr(...) has %s: a prefix is written as 10.0.0.0/8, 2001:db8::/32 or 192.0.2.1", schema.Printable(part))
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		if p != p.Masked() {
			return nil, fmt.Errorf("cidr(...) has %s, with bits behind the prefix: is %s meant?", schema.Printable(part), p.Masked())
		}
		all = append(all, p)
	}
	return all, nil
}

// holds reports whether an address lies in one of the prefixes; what is no address does not.
func (n networks) holds(text string) bool {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return false
	}
	for _, p := range n {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// network is the number of the cidr(...) that a node stands for.
func (r *resolver) network(n ast.Node) (int, bool) {
	id, ok := n.(*ast.IdentifierNode)
	if !ok {
		return 0, false
	}
	digits, ok := strings.CutPrefix(id.Value, netPrefix)
	i, err := strconv.Atoi(digits)
	return i, ok && err == nil && i < len(r.nets)
}

// inNetworks makes "ADDRESS in cidr(...)" a call; n itself for any other comparison.
func (r *resolver) inNetworks(n *ast.BinaryNode) ast.Node {
	i, ok := r.network(n.Right)
	if !ok || n.Operator != "in" {
		return n
	}
	r.netsUsed++
	if s := r.slotOf(n.Left); s != nil && s.field.Type != schema.Address {
		r.mistaken(fmt.Errorf("%s is no address, and cidr(...) is for those: %s", s.field.Name, strings.Join(r.addresses(), ", ")))
	}
	if _, list := n.Left.(*ast.ArrayNode); list {
		r.mistaken(errors.New("a list is in no cidr(...): any([orig_ip, resp_ip], # in cidr(10.0.0.0/8)) asks for either end, all for both"))
	}
	return &ast.CallNode{Callee: &ast.IdentifierNode{Value: within}, Arguments: []ast.Node{n.Left, &ast.IntegerNode{Value: i}}}
}

// mistaken notes the first wrong use of something that is no name.
func (r *resolver) mistaken(err error) {
	if r.misuse == nil {
		r.misuse = err
	}
}

// addresses are the fields that cidr(...) is for.
func (r *resolver) addresses() (names []string) {
	for i := range r.all {
		if r.all[i].field.Type == schema.Address {
			names = append(names, r.all[i].field.Name)
		}
	}
	return names
}
