package say

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	known := []string{"refused", "half-open", "keepalive-missing", "keepalive-dead"}
	for wrong, want := range map[string]string{
		"refuse": "refused", "halfopen": "half-open", "keepalive-mising": "keepalive-missing", "frobs": "",
		"": "", strings.Repeat("x", 100): "",
	} {
		if got := Nearest(wrong, known); got != want {
			t.Errorf("nearest to %q is %q, want %q", wrong, got, want)
		}
	}
}
