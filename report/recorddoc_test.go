package report

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestRecordDocIsCurrent(t *testing.T) {
	var b strings.Builder
	if err := WriteRecordDoc(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("..", "docs", "record.md"), b.String())
	for _, f := range recordFields() {
		if f.doc == "" {
			t.Errorf("%s has no documentation", f.name)
		}
		if strings.ContainsAny(f.doc, "|\n") {
			t.Errorf("the documentation of %s breaks its table", f.name)
		}
	}
}
