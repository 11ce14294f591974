package diagnose

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// parsed are the files of this package but its tests, by name.
func parsed(t *testing.T) map[string]*ast.File {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]*ast.File)
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name()] = tree
	}
	return all
}

// functions are those of a file that belong to no type.
func functions(f *ast.File) (all []*ast.FuncDecl) {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
			all = append(all, fn)
		}
	}
	return all
}

// each calls f with all nodes of a kind below a node.
func each[N ast.Node](root ast.Node, f func(n N)) {
	ast.Inspect(root, func(n ast.Node) bool {
		if x, ok := n.(N); ok {
			f(x)
		}
		return true
	})
}

// called is the name of the function or method that is called.
func called(c *ast.CallExpr) string {
	switch fn := c.Fun.(type) {
	case *ast.Ident:
		return fn.Name
	case *ast.SelectorExpr:
		return fn.Sel.Name
	}
	return ""
}

// typeName is the name of a type, or of what it points to.
func typeName(x ast.Expr) string {
	if star, ok := x.(*ast.StarExpr); ok {
		x = star.X
	}
	if name, ok := x.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// A detector has a file of its own.
func TestOneDetectorAFile(t *testing.T) {
	n := 0
	for file, tree := range parsed(t) {
		var here []string
		for _, fn := range functions(tree) {
			if fn.Type.Params.NumFields() == 0 && fn.Type.Results.NumFields() == 1 && typeName(fn.Type.Results.List[0].Type) == "Detector" {
				here = append(here, fn.Name.Name)
			}
		}
		if n += len(here); len(here) > 1 {
			t.Errorf("%s holds %s", file, strings.Join(here, ", "))
		}
	}
	if all := len(Detectors()); n != all {
		t.Errorf("%d functions that return a detector, %d detectors in the list", n, all)
	}
}

// New is a line or two, and what adds and tells are functions with names.
func TestNewIsShort(t *testing.T) {
	for file, tree := range parsed(t) {
		each(tree, func(x *ast.KeyValueExpr) {
			key, _ := x.Key.(*ast.Ident)
			fn, ok := x.Value.(*ast.FuncLit)
			if key == nil || key.Name != "New" || !ok {
				return
			}
			if n := len(fn.Body.List); n > 2 {
				t.Errorf("%s: New has %d statements", file, n)
			}
			each(fn.Body, func(*ast.FuncLit) { t.Errorf("%s: New holds a function without a name", file) })
		})
	}
}

// A threshold is named where its detector declares it, and nowhere else. What declares the
// thresholds of another detector is called with o.others(), so that they are listed there.
func TestThresholdsHaveOneOwner(t *testing.T) {
	declaring := []string{"count", "span", "share", "fewAndShare", "fewAlone", "fewAndMany", "bulkLimits"}
	owner, limitsOf, docs := map[string]string{}, map[string]string{}, map[string]string{}
	all := parsed(t)
	for file, tree := range all {
		for _, fn := range functions(tree) {
			if p := fn.Type.Params.List; len(p) == 1 && typeName(p[0].Type) == "Options" {
				limitsOf[fn.Name.Name] = file
			}
		}
		each(tree, func(x *ast.KeyValueExpr) {
			if typeName(x.Key) == "Doc" {
				each(x, func(text *ast.BasicLit) { docs[file] += text.Value })
			}
		})
		each(tree, func(c *ast.CallExpr) {
			if !slices.Contains(declaring, called(c)) || len(c.Args) == 0 {
				return
			}
			if name, ok := c.Args[0].(*ast.BasicLit); ok {
				if other := owner[name.Value]; other != "" {
					t.Errorf("%s: %s declares %s as well", file, other, name.Value)
				}
				owner[name.Value] = file
			}
		})
	}
	for file, tree := range all {
		each(tree, func(c *ast.CallExpr) {
			if limitsOf[called(c)] == "" || limitsOf[called(c)] == file {
				return
			}
			home := limitsOf[called(c)]
			if arg, ok := c.Args[0].(*ast.CallExpr); !ok || called(arg) != "others" {
				t.Errorf("%s: %s declares the thresholds of %s, without o.others()", file, called(c), home)
			}
			if !slices.ContainsFunc(slices.Collect(maps.Keys(owner)), func(name string) bool {
				return owner[name] == home && strings.Contains(docs[file], strings.Trim(name, `"`))
			}) {
				t.Errorf("%s goes by a threshold of %s, and its Doc does not name it", file, home)
			}
		})
		each(tree, func(x *ast.SelectorExpr) {
			if (x.Sel.Name == "set" || x.Sel.Name == "value") && typeName(x.X) == "o" && file != "options.go" && file != "traits.go" {
				t.Errorf("%s: looks a threshold up by its name", file)
			}
		})
	}
	shared := map[string]string{} // methods of types that hold the thresholds of many detectors
	for file, tree := range all {
		each(tree, func(fn *ast.FuncDecl) {
			if file != "severity.go" && fn.Recv != nil && slices.Contains([]string{"atLeast", "scale"}, typeName(fn.Recv.List[0].Type)) {
				shared[fn.Name.Name] = file
			}
		})
	}
	for file, tree := range all {
		each(tree, func(x *ast.SelectorExpr) {
			if home := shared[x.Sel.Name]; home != "" && home != file {
				t.Errorf("%s: %s is of %s", file, x.Sel.Name, home)
			}
		})
	}
	for _, d := range Detectors() {
		for _, l := range d.Thresholds() {
			if l.Name != d.Name && !strings.HasPrefix(l.Name, d.Name+"-") && l.Name != "ports" {
				t.Errorf("%s: a threshold is called %s", d.Name, l.Name)
			}
		}
	}
}

// A severity is a name, or what the rule of effect makes of what was measured; later it is
// lowered only, but where one finding explains a worse one or stands for several.
func TestSeverityHasOneRule(t *testing.T) {
	ruled := func(x ast.Expr) bool {
		switch x := x.(type) {
		case *ast.Ident:
			return slices.Contains([]string{"Info", "Notice", "Warning", "Critical"}, x.Name)
		case *ast.CallExpr:
			if called(x) == "min" {
				x, _ = x.Args[0].(*ast.CallExpr)
			}
			return x != nil && called(x) == "severity"
		}
		return false
	}
	for file, tree := range parsed(t) {
		each(tree, func(x *ast.KeyValueExpr) {
			if key, ok := x.Key.(*ast.Ident); ok && key.Name == "Severity" && !ruled(x.Value) {
				t.Errorf("%s: a severity is neither a name nor made by the rule", file)
			}
		})
		each(tree, func(a *ast.AssignStmt) {
			for i, to := range a.Lhs {
				field, ok := to.(*ast.SelectorExpr)
				if !ok || field.Sel.Name != "Severity" {
					continue
				}
				if file == "severity.go" {
					continue // asBadAs, of what one finding explains; asBadAsInAll; atMost, which lowers it
				}
				if c, ok := a.Rhs[i].(*ast.CallExpr); !ok || called(c) != "min" {
					t.Errorf("%s: a severity is set after the finding was made, and not by min", file)
				}
			}
		})
	}
}
