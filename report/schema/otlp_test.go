package schema

import "testing"

// A whole number that is none is no attribute: whoever may send to a Collector writes its file.
func TestAttributesThatAreNoNumbers(t *testing.T) {
	for text, want := range map[string]string{`"12"`: "12", `-7`: "-7", `"[{x"`: "", `"1e3"`: "", `""`: ""} {
		if got := TextOf([]byte(`[{"key":"n","value":{"intValue":`+text+`}}]`), "n"); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
