package outfile

import (
	"os"
	"path/filepath"
	"testing"
)

// A file that is to be whole has its name when it is, and when it is closed; until then, and where it is
// not, what was there stays.
func TestWhole(t *testing.T) {
	name := filepath.Join(t.TempDir(), "made", "table")
	text := func() string {
		b, _ := os.ReadFile(name)
		return string(b)
	}
	was := ""
	for _, x := range []struct {
		writes string
		whole  bool
	}{{"first", true}, {"half", false}, {"second", true}} {
		files, err := OpenAll([]Want{{Name: name, Whole: true}}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := files.Begin(); err != nil {
			t.Fatal(err)
		}
		f := files.Named(name).(*File)
		if _, err := f.WriteString(x.writes); err != nil {
			t.Fatal(err)
		}
		if x.whole {
			f.Whole()
		}
		if got := text(); got != was {
			t.Errorf("%s: %q before it is closed, want %q", x.writes, got, was)
		}
		if err := files.Close(); err != nil {
			t.Fatal(err)
		}
		if x.whole {
			was = x.writes
		}
		if got := text(); got != was {
			t.Errorf("%s: %q, want %q", x.writes, got, was)
		}
		if _, err := os.Stat(name + partName); err == nil {
			t.Errorf("%s: what is beside it is left", x.writes)
		}
	}
}
