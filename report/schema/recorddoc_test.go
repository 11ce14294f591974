package schema

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
)

var update = flag.Bool("update", false, "write docs/record.md anew")

func TestRecordDocIsCurrent(t *testing.T) {
	var b strings.Builder
	if err := WriteDoc(&b); err != nil {
		t.Fatal(err)
	}
	recordtest.Golden(t, filepath.Join("..", "..", "docs", "record.md"), b.String(), *update)
	for _, f := range Fields() {
		if f.Doc == "" {
			t.Errorf("%s has no documentation", f.Name)
		}
		if strings.ContainsAny(f.Doc, "|\n") {
			t.Errorf("the documentation of %s breaks its table", f.Name)
		}
	}
}
