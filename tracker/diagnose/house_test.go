package diagnose

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// A detector has a file of its own.
func TestOneDetectorAFile(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		var here []string
		for _, d := range tree.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Type.Params.NumFields() == 0 && returnsDetector(fn) {
				here = append(here, fn.Name.Name)
			}
		}
		if n += len(here); len(here) > 1 {
			t.Errorf("%s holds %s", f.Name(), strings.Join(here, ", "))
		}
	}
	if all := len(Detectors()); n != all {
		t.Errorf("%d functions that return a detector, %d detectors in the list", n, all)
	}
}

func returnsDetector(fn *ast.FuncDecl) bool {
	if fn.Type.Results.NumFields() != 1 {
		return false
	}
	name, ok := fn.Type.Results.List[0].Type.(*ast.Ident)
	return ok && name.Name == "Detector"
}
