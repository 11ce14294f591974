package screen

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// Look is what can be shown to who reads what is written.
type Look struct {
	Width int  // columns; 0 where none are known
	Color bool // ANSI colours
	ASCII bool // no character outside ASCII
}

// CheckColor is the error that color is no word of LookOf's, or nil.
func CheckColor(color string) error {
	switch color {
	case "auto", "always", "never":
		return nil
	}
	return fmt.Errorf("%s: auto, always or never", color)
}

// LookOf is the Look of w. Colours are shown always, never, or with auto where w is a
// terminal and nothing speaks against them; see https://no-color.org.
func LookOf(w io.Writer, color string) Look {
	l := Look{Width: Columns(w), Color: color == "always", ASCII: !utf8Locale(os.Getenv)}
	if color == "auto" {
		l.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && IsTerminal(w)
	}
	return l
}

// utf8Locale tells whether the locale that the environment names can show
// more than ASCII; getenv is os.Getenv. The first of LC_ALL, LC_CTYPE and LANG
// that is set decides (POSIX, Base Definitions, section 8.2).
func utf8Locale(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}
