package main

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var updateReadme = flag.Bool("update-readme", false, "write what the examples of README.md print")

// definedFlags reads the flags from the calls in a file that define them: -x
// and --word.
func definedFlags(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var flags []string
	add := func(dashes string, e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if name, err := strconv.Unquote(lit.Value); err == nil && name != "" {
				flags = append(flags, dashes+name)
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 3 {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); !ok || x.Name != "f" {
			return true
		}
		switch name := sel.Sel.Name; {
		case name == "Func":
			add("--", call.Args[0])
		case strings.HasSuffix(name, "VarP"):
			add("--", call.Args[1])
			add("-", call.Args[2])
		case strings.HasSuffix(name, "Var"):
			add("--", call.Args[1])
		}
		return true
	})
	if len(flags) < 5 {
		t.Fatalf("only %d flags found in %s: %v", len(flags), file, flags)
	}
	return flags
}

// manPage returns the flags that the manual page lists, and all that it mentions.
func manPage(t *testing.T) (listed, mentioned []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "tcpwatch.1"))
	if err != nil {
		t.Fatal(err)
	}
	word := regexp.MustCompile(`\bFl (-?[A-Za-z][A-Za-z-]*)`)
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, ".") {
			continue
		}
		for _, m := range word.FindAllStringSubmatch(line, -1) {
			mentioned = append(mentioned, "-"+m[1])
			if strings.HasPrefix(line, ".It Fl") {
				listed = append(listed, "-"+m[1])
			}
		}
	}
	return listed, mentioned
}

// Every flag is in the manual page, and the page and --help name no others.
func TestFlagsAreDocumented(t *testing.T) {
	defined, ofCompare, ofPair := definedFlags(t, "options.go"), definedFlags(t, "compare.go"), definedFlags(t, "pair.go")
	listed, mentioned := manPage(t)
	for _, f := range slices.Concat(defined, ofCompare, ofPair) {
		if !strings.Contains(compareUsage, f) && slices.Contains(ofCompare, f) && f != "-h" && f != "--help" {
			t.Errorf("compare --help does not name %s", f)
		}
		if !strings.Contains(pairUsage, f) && slices.Contains(ofPair, f) && f != "-h" && f != "--help" {
			t.Errorf("pair --help does not name %s", f)
		}
		if !slices.Contains(listed, f) {
			t.Errorf("docs/tcpwatch.1 does not list %s", f)
		}
	}
	for _, f := range mentioned {
		if !slices.Contains(slices.Concat(defined, ofCompare, ofPair), f) {
			t.Errorf("docs/tcpwatch.1 names %s, which is no flag", f)
		}
	}
	var out, errs bytes.Buffer
	if status := run([]string{"--help"}, &out, &errs); status != 0 {
		t.Fatalf("--help: status %d", status)
	}
	help := regexp.MustCompile(`(^|[ ,])(--?[A-Za-z][A-Za-z-]*)`)
	var helped []string
	options, _, _ := strings.Cut(out.String(), "\n  sudo ")
	for line := range strings.Lines(options) {
		for _, m := range help.FindAllStringSubmatch(strings.TrimSpace(line), -1) {
			helped = append(helped, m[2])
		}
	}
	for _, f := range defined {
		if !slices.Contains(helped, f) {
			t.Errorf("--help does not name %s", f)
		}
	}
}

func TestManPageIsWellFormed(t *testing.T) {
	if _, err := exec.LookPath("mandoc"); err != nil {
		t.Skip("mandoc is not installed")
	}
	out, err := exec.Command("mandoc", "-Tlint", "-Wwarning", filepath.Join("..", "..", "docs", "tcpwatch.1")).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// example is a command of README.md with what it is said to print.
type example struct {
	command string
	want    []string // lines; "..." stands for any number of them
}

// examples are the commands on bundled captures in README.md: in a fenced
// block, a line "$ ./tcpwatch ..." and the lines below it.
func examples(text string) []example {
	var all []example
	for i, block := range strings.Split(text, "\n```") {
		if i%2 == 0 {
			continue
		}
		_, block, _ = strings.Cut(block, "\n") // the language
		var now *example
		for line := range strings.SplitSeq(block, "\n") {
			switch command, ok := strings.CutPrefix(line, "$ "); {
			case ok && strings.HasPrefix(command, "./tcpwatch ") && strings.Contains(command, "testdata/pcaps"):
				all = append(all, example{command: command})
				now = &all[len(all)-1]
			case ok:
				now = nil
			case now != nil:
				now.want = append(now.want, line)
			}
		}
	}
	return all
}

// text is the example as it stands in README.md.
func (x example) text() string {
	return "$ " + strings.Join(append([]string{x.command}, x.want...), "\n")
}

// output runs the example in the current directory.
func (x example) output(t *testing.T) string {
	t.Helper()
	var args []string
	for _, word := range shellWords(x.command)[1:] {
		names, err := filepath.Glob(word)
		if err != nil || len(names) == 0 {
			names = []string{word}
		}
		args = append(args, names...)
	}
	var out, errs bytes.Buffer
	if status := run(args, &out, &errs); status != 0 {
		t.Fatalf("%s: status %d: %s", x.command, status, errs.String())
	}
	var lines []string
	for line := range strings.SplitSeq(strings.TrimRight(out.String(), "\n"), "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return strings.Join(lines, "\n")
}

// shellWords splits a command at blanks outside single quotes.
func shellWords(command string) (words []string) {
	for i, part := range strings.Split(command, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// README.md shows what the program really prints.
func TestReadmeExamples(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	shown := examples(text)
	if len(shown) < 2 {
		t.Fatalf("only %d examples on bundled captures in README.md", len(shown))
	}
	for _, x := range shown {
		t.Run(x.command, func(t *testing.T) {
			got := x.output(t)
			switch {
			case matchLines(x.want, strings.Split(got, "\n")):
			case *updateReadme && !slices.Contains(x.want, "..."):
				text = strings.Replace(text, x.text(), example{x.command, []string{got}}.text(), 1)
			default:
				t.Errorf("prints\n%s\nbut README.md says\n%s\n(-update-readme writes it)", got, strings.Join(x.want, "\n"))
			}
		})
	}
	if *updateReadme {
		if err := os.WriteFile("README.md", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// matchLines reports whether got is want, in which "..." is any number of lines.
func matchLines(want, got []string) bool {
	switch {
	case len(want) == 0:
		return len(got) == 0
	case strings.TrimSpace(want[0]) == "...":
		for i := range len(got) + 1 {
			if matchLines(want[1:], got[i:]) {
				return true
			}
		}
		return false
	case len(got) == 0:
		return false
	}
	return strings.TrimRight(want[0], " ") == strings.TrimRight(got[0], " ") && matchLines(want[1:], got[1:])
}

func TestMatchLines(t *testing.T) {
	for _, tt := range []struct {
		want, got string
		ok        bool
	}{
		{"a b", "a b", true}, {"a b", "a", false}, {"a", "a b", false}, {"a ... d", "a b c d", true},
		{"a ... d", "a b c", false}, {"...", "a b", true}, {"b ...", "a b", false},
	} {
		if got := matchLines(strings.Fields(tt.want), strings.Fields(tt.got)); got != tt.ok {
			t.Errorf("%q against %q: %v", tt.want, tt.got, got)
		}
	}
}
