package tcpwatch

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// oneWord are words that texts for people do not use, with what they say instead:
// one thing has one name wherever it is read.
var oneWord = []struct {
	not  *regexp.Regexp
	word string
}{
	{regexp.MustCompile(`(?i)\bopeners?\b`), "client"},
	{regexp.MustCompile(`(?i)\blisteners?\b`), "server"},
	{regexp.MustCompile(`(?i)\bthird ACK`), "the handshake's final ACK"},
	{regexp.MustCompile(`(?i)\b(server|client) half\b`), "to SYN/ACK, then to ACK"},
	{regexp.MustCompile(`(?i)\b(a|the) tap\b`), "capture point"},
	{regexp.MustCompile(`(?i)\b(behind|beyond) the capture point\b`), "after the capture point"},
	{regexp.MustCompile(`(?i)\bon the way\b`), "on the path"},
}

// Texts for people use the same word for the same thing, and none that they do not
// explain: string literals, the help, the man page, README.
func TestOneWordForOneThing(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "lab" || d.Name() == "packaging" || d.Name() == "host"):
			return fs.SkipDir
		case strings.HasSuffix(path, "_test.go"), d.IsDir():
			return nil
		case filepath.Ext(path) == ".go":
			return literals(path, func(line int, text string) { checkWords(t, path, line, text) })
		case path == "README.md", filepath.Ext(path) == ".1", filepath.Ext(path) == ".txt":
			text, err := os.ReadFile(path)
			for i, line := range strings.Split(string(text), "\n") {
				checkWords(t, path, i+1, line)
			}
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkWords(t *testing.T, path string, line int, text string) {
	if text == `"listener"` || text == `"listeners"` {
		return // a value of subject_kind, a field of compare's JSON
	}
	for _, w := range oneWord {
		if found := w.not.FindString(text); found != "" {
			t.Errorf("%s:%d says %q; texts for people say %q", path, line, found, w.word)
		}
	}
}

// literals gives the string literals of a Go file.
func literals(path string, take func(line int, text string)) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	files := token.NewFileSet()
	var s scanner.Scanner
	s.Init(files.AddFile(path, -1, len(source)), source, nil, 0)
	for {
		pos, tok, text := s.Scan()
		switch tok {
		case token.EOF:
			return nil
		case token.STRING:
			take(files.Position(pos).Line, text)
		}
	}
}
