package say

// Styles of a terminal: SGR sequences (ECMA-48 section 8.3.117). Plain ends them.
const (
	Bold   = "\x1b[1m"
	Faint  = "\x1b[2m"
	Red    = "\x1b[31m"
	Green  = "\x1b[32m"
	Yellow = "\x1b[33m"
	Cyan   = "\x1b[36m"
	Plain  = "\x1b[0m"
)

// Paint gives s a style; "" is none.
func Paint(style, s string) string {
	if style == "" || s == "" {
		return s
	}
	return style + s + Plain
}
