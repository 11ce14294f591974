package main

import (
	"go/ast"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tcpwatch/report/schema"
)

// pages are those that people read who use or change tcpwatch.
var pages = []string{"ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "SECURITY.md", "CHANGELOG.md"}

var (
	inCodeFont = regexp.MustCompile("`([^`\n]+)`")
	aGoName    = regexp.MustCompile(`^([A-Za-z]\w*(?:\.[A-Za-z]\w*)*)(?:\[\w+\]|\(.*\))?$`)
	aGoFile    = regexp.MustCompile(`\b[a-z][\w*/]*\.go\b`)
	aLink      = regexp.MustCompile(`\]\(([^)#:]*)(?:#([\w-]+))?\)`)
	aTitle     = regexp.MustCompile(`(?m)^#+ (.*)$`)
	nameInFile = regexp.MustCompile("`(\\w+)`[^`|.,:;]*\\(`([a-z]+/[a-z_0-9/]+\\.go)`\\)")
	// aPlaceholder is in what a reader is to name himself.
	aPlaceholder = regexp.MustCompile(`NAME|Name$`)
)

// otherWords stand in code font and are declared nowhere in the project.
var otherWords = []string{"case", "init", "os", "net", "time.Now", "unsafe", "record.md", "INDEX.md", "truncated", "offload", "midstream", "duplicates", "sock_diag", "testing.AllocsPerRun"}

// The files, folders and sections that a page names are there, and those for people who
// change the code name only what is declared: Go names, and fields of the record.
func TestPagesNameWhatThereIs(t *testing.T) {
	all, _ := sources(t)
	known := declared(all)
	for i := range schema.Fields() {
		known[schema.Fields()[i].Name] = true
	}
	for _, page := range pages {
		text := readPage(t, page)
		for _, m := range inCodeFont.FindAllStringSubmatch(text, -1) {
			name := aGoName.FindStringSubmatch(m[1])
			switch {
			case aPlaceholder.MatchString(m[1]), strings.ContainsAny(m[1], " ~$<"):
			case isThere(m[1]):
			case strings.Contains(m[1], "/") && !strings.HasPrefix(m[1], "../"):
				t.Errorf("%s names %s, which is not there", page, m[1])
			case name != nil && (page == "ARCHITECTURE.md" || page == "CONTRIBUTING.md") && !strings.HasSuffix(m[1], ".go"):
				if of, member, ok := strings.Cut(name[1], "."); ok && len(of) == 1 {
					name[1] = member // of a variable: o.count
				}
				if !known[name[1]] && !slices.Contains(otherWords, name[1]) && types.Universe.Lookup(name[1]) == nil {
					t.Errorf("%s names %s, which is declared nowhere", page, m[1])
				}
			}
		}
		for _, name := range aGoFile.FindAllString(text, -1) {
			if !aPlaceholder.MatchString(strings.TrimSuffix(name, ".go")) && !slices.ContainsFunc(all, func(s source) bool {
				ok, _ := path.Match(path.Base(name), path.Base(s.path))
				return ok && (path.Dir(name) == "." || path.Dir(name) == path.Dir(s.path))
			}) {
				t.Errorf("%s names %s, which is not there", page, name)
			}
		}
		for _, m := range nameInFile.FindAllStringSubmatch(text, -1) {
			if !known[m[2]+" "+m[1]] {
				t.Errorf("%s says that %s is in %s", page, m[1], m[2])
			}
		}
		for _, m := range aLink.FindAllStringSubmatch(text, -1) {
			at := m[1]
			if at == "" {
				at = page
			}
			if !isThere(at) || m[2] != "" && !slices.Contains(sections(readPage(t, at)), m[2]) {
				t.Errorf("%s links to %s, which is not there", page, m[0])
			}
		}
	}
}

func readPage(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func isThere(pattern string) bool {
	found, err := filepath.Glob(filepath.Join("../..", pattern))
	return err == nil && len(found) > 0
}

// sections are the names by which a link finds the titles of a page.
func sections(text string) (names []string) {
	for _, m := range aTitle.FindAllStringSubmatch(text, -1) {
		title := strings.Map(func(c rune) rune {
			if c == ' ' || c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' {
				return c
			}
			return -1
		}, strings.ToLower(m[1]))
		names = append(names, strings.ReplaceAll(title, " ", "-"))
	}
	return names
}

// declared are the names that the project declares: Name, Type.Member, each also behind
// its package's name, and behind its file's ("tracker/conn.go maxTransitions").
func declared(all []source) map[string]bool {
	names := map[string]bool{}
	for _, s := range all {
		add := func(name string) {
			for _, n := range []string{name, s.file.Name.Name + "." + name, s.path + " " + name} {
				names[n] = true
			}
		}
		member := func(of ast.Expr, id *ast.Ident) {
			names[id.Name], names[s.path+" "+id.Name] = true, true
			add(strings.Trim(types.ExprString(of), "*") + "." + id.Name)
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					add(d.Name.Name)
				} else {
					member(d.Recv.List[0].Type, d.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						add(spec.Name.Name)
						for _, f := range fieldsOf(spec.Type) {
							for _, id := range f.Names {
								member(spec.Name, id)
							}
						}
					case *ast.ValueSpec:
						for _, id := range spec.Names {
							add(id.Name)
						}
					}
				}
			}
		}
	}
	return names
}

func fieldsOf(x ast.Expr) []*ast.Field {
	switch x := x.(type) {
	case *ast.StructType:
		return x.Fields.List
	case *ast.InterfaceType:
		return x.Methods.List
	}
	return nil
}
