package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	longestFile = 400 // lines; with more a file has more than one reason
	mostFiles   = 40  // in a folder, tests left out; detectors, one a file, are as many as there are
)

// Files and folders stay as small as one can keep in mind.
func TestFilesAndFoldersAreSmall(t *testing.T) {
	root := filepath.Join("..", "..")
	files := map[string]int{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root:
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files[filepath.Dir(path)]++
		b, err := os.ReadFile(path)
		if n := bytes.Count(b, []byte{'\n'}); n > longestFile {
			t.Errorf("%s has %d lines, more than %d", path, n, longestFile)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for folder, n := range files {
		if n > mostFiles && filepath.Base(folder) != "diagnose" {
			t.Errorf("%s has %d files, more than %d", folder, n, mostFiles)
		}
	}
	if len(files) < 20 {
		t.Errorf("only %d folders were found", len(files))
	}
}
