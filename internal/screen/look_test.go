package screen

import (
	"bytes"
	"testing"
)

func TestUTF8Locale(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		want bool
	}{
		{nil, false},
		{map[string]string{"LANG": "en_GB.UTF-8"}, true},
		{map[string]string{"LANG": "C.utf8"}, true},
		{map[string]string{"LANG": "en_GB.UTF-8", "LC_ALL": "C"}, false},
		{map[string]string{"LANG": "C", "LC_CTYPE": "de_DE.UTF-8"}, true},
	} {
		if got := utf8Locale(func(k string) string { return test.env[k] }); got != test.want {
			t.Errorf("%v: %v", test.env, got)
		}
	}
}

// What is no terminal has colours only when they are asked for.
func TestLook(t *testing.T) {
	t.Setenv("COLUMNS", "90")
	t.Setenv("LC_ALL", "C")
	var b bytes.Buffer
	for choice, color := range map[string]bool{"auto": false, "always": true, "never": false} {
		if got, want := LookOf(&b, choice), (Look{Width: 90, Color: color, ASCII: true}); got != want {
			t.Errorf("%s: %+v, want %+v", choice, got, want)
		}
	}
}
