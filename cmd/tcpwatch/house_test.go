package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// clockless are the rooms in which time comes from packets only.
var clockless = []string{"reassembly", "tracker", "report", "capture", module}

// clocks are the files of those rooms that have a clock all the same: of a live capture,
// to wait for a pipe, and of a screen that something else holds.
var clocks = []string{"live.go", "pipe.go", "report/tui/clock.go"}

// source is a Go file of the project, whatever its build constraints.
type source struct {
	path string // from the project's root
	pkg  string // its directory; module for that root
	test bool
	text []byte
	file *ast.File
}

func sources(t *testing.T) ([]source, *token.FileSet) {
	t.Helper()
	p, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	if len(p.all) < 10 {
		t.Fatalf("only %d Go files found", len(p.all))
	}
	return p.all, p.fset
}

// project is all sources of the project; tests only read them.
type project struct {
	all  []source
	fset *token.FileSet
}

var parsed = sync.OnceValues(func() (*project, error) {
	root := filepath.Join("..", "..")
	p := &project{fset: token.NewFileSet()}
	return p, filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || len(d.Name()) > 2 && d.Name()[0] == '.'):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(p.fset, name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		rel = filepath.ToSlash(rel)
		pkg := path.Dir(rel)
		if pkg == "." {
			pkg = module
		}
		p.all = append(p.all, source{rel, pkg, strings.HasSuffix(name, "_test.go"), text, f})
		return err
	})
})

// No clock where time must come from packets.
func TestNoClock(t *testing.T) {
	all, fset := sources(t)
	for _, s := range all {
		if s.test || slices.Contains(clocks, s.path) || !slices.ContainsFunc(clockless, func(room string) bool { return below(s.pkg, room) }) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" &&
				slices.Contains([]string{"Now", "Since", "Until", "After", "Tick", "NewTimer", "NewTicker", "AfterFunc", "Sleep"}, sel.Sel.Name) {
				t.Errorf("%s: time.%s where time comes from packets", fset.Position(n.Pos()), sel.Sel.Name)
			}
			return true
		})
	}
}

// A file past 600 lines holds more than one thing.
func TestFileLength(t *testing.T) {
	all, _ := sources(t)
	for _, s := range all {
		if n := strings.Count(string(s.text), "\n"); n > 600 {
			t.Errorf("%s has %d lines", s.path, n)
		}
	}
}

// Nothing runs before main, and nothing is left for later.
func TestNoInitNoMarks(t *testing.T) {
	mark := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)
	all, fset := sources(t)
	for _, s := range all {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init", fset.Position(f.Pos()))
			}
		}
		for _, group := range s.file.Comments {
			if m := mark.FindString(group.Text()); m != "" {
				t.Errorf("%s: %s", fset.Position(group.Pos()), m)
			}
		}
	}
}

// Every exported name says what it is, and every package what it is for.
func TestDocComments(t *testing.T) {
	all, fset := sources(t)
	packages := map[string]bool{}
	for _, s := range all {
		if s.test {
			continue
		}
		packages[s.pkg] = packages[s.pkg] || s.file.Doc != nil
		for _, d := range s.file.Decls {
			for _, n := range undocumented(d) {
				t.Errorf("%s: %s has no comment", fset.Position(d.Pos()), n)
			}
		}
	}
	for p, ok := range packages {
		if !ok {
			t.Errorf("package %s has no comment", p)
		}
	}
}

// plain are methods that an interface of the standard library names: what
// they do is known.
var plain = []string{"String", "Error", "Len", "Less", "Swap", "Unwrap", "Write", "Read", "Close", "Type", "Set", "MarshalJSON"}

// undocumented lists the exported names of d that nothing explains.
func undocumented(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) && (d.Recv == nil || !slices.Contains(plain, d.Name.Name)) {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					names = append(names, spec.Name.Name)
				}
			case *ast.ValueSpec:
				for _, n := range spec.Names {
					if n.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil && !ofType(d) {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names
}

// ofType reports whether d is a list of constants that a type, documented
// itself, explains.
func ofType(d *ast.GenDecl) bool {
	v, ok := d.Specs[0].(*ast.ValueSpec)
	return ok && d.Tok == token.CONST && d.Lparen.IsValid() && v.Type != nil
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	x := d.Recv.List[0].Type
	if star, ok := x.(*ast.StarExpr); ok {
		x = star.X
	}
	if generic, ok := x.(*ast.IndexExpr); ok {
		x = generic.X
	}
	name, ok := x.(*ast.Ident)
	return !ok || name.IsExported()
}
