package where

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"tcpwatch/internal/say"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// Expr is an expression that was checked: every name in it is a field, and
// every operator fits the types of what it stands between. It may be shared.
type Expr struct {
	text    string
	program *vm.Program
	slots   []slot
}

// maxLength bounds an expression; it is written by hand.
const maxLength = 4096

// Compile checks an expression. Its errors are one line.
func Compile(text string) (*Expr, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return nil, errors.New("an empty expression")
	case len(text) > maxLength:
		return nil, fmt.Errorf("an expression of %d bytes: at most %d", len(text), maxLength)
	}
	plain, nets, err := takeNetworks(text)
	if err != nil {
		return nil, err
	}
	r := newResolver(nets)
	program, err := expr.Compile(plain, expr.Env(r.types()), expr.AsBool(), expr.Patch(r),
		expr.DisableBuiltin("now"), expr.Timezone("UTC"), // the clock is no part of a record
		expr.Function(within, func(of ...any) (any, error) { return nets[of[1].(int)].holds(of[0].(string)), nil }, new(func(string, int) bool)))
	if wrong := r.wrong(); wrong != nil && !syntax(err, r) {
		err = wrong
	}
	if err != nil && len(r.open) == 0 {
		if meant := slip(plain); meant != nil {
			err = meant
		}
	}
	if err != nil {
		return nil, errors.New(oneLine(err))
	}
	return &Expr{text, program, r.slots()}, nil
}

// syntax reports whether the parser refused the text: no name was looked at.
func syntax(err error, r *resolver) bool { return err != nil && !r.walked }

// oneLine is an error of the library without the picture that it draws under it.
func oneLine(err error) string {
	var at *file.Error
	if errors.As(err, &at) {
		return fmt.Sprintf("%s (at column %d)", inWords(at.Message), at.Column+1)
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	if strings.HasPrefix(line, "expected bool, but got ") {
		return "it gives " + strings.TrimPrefix(line, "expected bool, but got ") + ", not true or false"
	}
	return line
}

// inWords says what the parser means by its commonest complaints.
func inWords(message string) string {
	switch message {
	case `unexpected token Operator("=")`:
		return "= compares nothing: use =="
	case `unexpected token Operator("&")`:
		return "& is no operator: use &&"
	case `unexpected token Operator("|")`:
		return "| is no operator: use ||"
	case "unexpected token EOF":
		return "the expression ends too early"
	case "literal not terminated":
		return "a quote is not closed"
	}
	if types, ok := strings.CutPrefix(message, "invalid operation: "); ok {
		operator, types, _ := strings.Cut(types, " (mismatched types ")
		if a, b, ok := strings.Cut(strings.TrimSuffix(types, ")"), " and "); ok && kindWords(a) != kindWords(b) {
			return fmt.Sprintf("%s stands between %s and %s; numbers have no quotes, texts have", operator, kindWords(a), kindWords(b))
		}
	}
	return message
}

// kindWords is a type of the library in words.
func kindWords(name string) string {
	switch name {
	case "int", "float64":
		return "a number"
	case "string":
		return "a text"
	case "bool":
		return "true or false"
	}
	if strings.HasPrefix(name, "[]") || strings.HasPrefix(name, "array") {
		return "a list"
	}
	return name
}

// String is the expression as it was given.
func (e *Expr) String() string { return e.text }

// Filter judges records. It is not safe for concurrent use.
type Filter struct {
	expr   *Expr
	fields *schema.Reader
	env    map[string]any
	vm     vm.VM
	failed uint64
	err    error
}

// Filter returns a Filter; the options are those of the outputs, so that a
// field holds what they print.
func (e *Expr) Filter(o schema.Options) *Filter {
	var names []string
	for _, s := range e.slots {
		names = append(names, s.field.Name)
	}
	return &Filter{expr: e, fields: schema.NewReader(o, names...), env: make(map[string]any)}
}

// Match reports whether the expression is true of a record. One for which it
// cannot be worked out (a remainder of a division by 0) does not match, and is counted.
func (f *Filter) Match(r *record.Record) bool {
	f.fields.Set(r)
	for i := range f.expr.slots {
		s := &f.expr.slots[i]
		v := f.fields.Value(i)
		f.env[s.has] = v != nil
		if v == nil {
			v = s.zero
		}
		f.env[s.value], f.env[s.or] = v, v
	}
	result, err := f.vm.Run(f.expr.program, f.env)
	if err != nil {
		f.failed++
		if f.err == nil {
			f.err = err
		}
		return false
	}
	return result == true
}

// Merge adds what o could not judge.
func (f *Filter) Merge(o *Filter) {
	f.failed += o.failed
	if f.err == nil {
		f.err = o.err
	}
}

// Err tells in one line for how many records the expression could not be
// worked out, and why; nil when it always could.
func (f *Filter) Err() error {
	if f.err == nil {
		return nil
	}
	return fmt.Errorf("%s left out, for which it cannot be worked out: %s", say.Plural(f.failed, "connection"),
		strings.TrimPrefix(oneLine(f.err), "runtime error: "))
}
