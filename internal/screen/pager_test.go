package screen

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPager(t *testing.T) {
	long := strings.Repeat("a line\n", 30)
	for _, test := range []struct {
		name, command, text string
		rows                int
		paged, direct       string
	}{
		{"shorter than the screen", "cat", "one\ntwo\n", 24, "", "one\ntwo\n"},
		{"as long as the screen", "cat", long, 30, long, ""},
		{"longer", "cat", long, 24, long, ""},
		{"a terminal that does not say how long it is", "cat", long, 0, "", long},
		{"a pager that is not there", "no-such-pager-anywhere", long, 24, "", long},
		{"one that ends before it has read all", "head -n 1", long, 24, "a line\n", ""},
		{"its environment", `echo "$LESS"`, long, 24, "FRX\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			file, err := os.Create(filepath.Join(t.TempDir(), "terminal"))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			var direct bytes.Buffer
			p := &Pager{to: &direct, file: file, command: test.command + " 2>/dev/null", less: true, rows: func() int { return test.rows }}
			if _, err := p.Write([]byte(test.text)); err != nil || direct.Len() > 0 {
				t.Fatalf("%v, and %q was written before Show", err, direct.String())
			}
			if err := p.Show(); err != nil {
				t.Fatal(err)
			}
			paged, err := os.ReadFile(file.Name())
			if err != nil {
				t.Fatal(err)
			}
			if string(paged) != test.paged || direct.String() != test.direct {
				t.Errorf("paged %q, direct %q; want %q and %q", paged, direct.String(), test.paged, test.direct)
			}
		})
	}
}

func TestPagerOf(t *testing.T) {
	for pager, want := range map[string]string{"more -d": "more -d", "cat": ""} {
		if got := pagerOf(func(string) string { return pager }); got != want {
			t.Errorf("PAGER=%q: %q, want %q", pager, got, want)
		}
	}
	t.Setenv("PATH", "")
	if got := pagerOf(func(string) string { return "" }); got != "" {
		t.Errorf("no pager is set and none is there: %q", got)
	}
	if NewPager(&bytes.Buffer{}, os.Getenv) != nil {
		t.Error("a pager for what is no terminal")
	}
}
