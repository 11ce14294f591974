package diagnose

import (
	"strings"
	"testing"
)

func TestNearestName(t *testing.T) {
	for wrong, want := range map[string]string{
		"refuse": "refused", "halfopen": "half-open", "keepalive-mising": "keepalive-missing", "frobs": "",
		"": "", strings.Repeat("x", 100): "",
	} {
		if got := nearest(wrong, Detectors()); got != want {
			t.Errorf("nearest to %q is %q, want %q", wrong, got, want)
		}
	}
}
