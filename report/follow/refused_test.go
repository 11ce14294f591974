package follow

import (
	"strings"
	"testing"
)

// What the other end threw away is not shown as said.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"a wrong checksum: nobody read it", opened + `
			3 > . 1 1 "abc"
			4 > . 4 1 bad "dxf"
			5 > . 7 1 "ghi"
			6 > . 4 1 "def"
			7 < . 1 10`,
			"> 0 abc|> 3 def|> 6 ghi|end 9-0-0 0-0-0"},
		{"a wrong checksum, each time", opened + `
			3 > . 1 1 "abc"
			4 > . 4 1 bad "dxf"
			5 > . 4 1 bad "dxf"
			6 > . 4 1 bad "dxf"
			7 > . 4 1 bad "dxf"
			8 > . 4 1 bad "dxf"`,
			"> 0 abc|end 3-0-0 0-0-0"},
		{"a wrong checksum and taken all the same: the capture was edited", opened + `
			3 > . 1 1 "abc"
			4 > . 4 1 bad "def"
			5 > . 7 1 bad "ghi"
			6 > . 10 1 "jkl"
			7 < . 1 13`,
			"> 0 abc|> 3 deg|> 6 ghh|> 9 jkl|end 12-0-0 0-0-0"},
		{"every checksum is wrong: filled in after the capture point", `
			0 > S  0 0 bad
			1 < S. 0 1
			2 > .  1 1 bad
			3 > . 1 1 bad "abc"
			4 > . 4 1 bad "def"`,
			"> 0 abb|> 3 deg|end 6-0-0 0-0-0"},
		{"refused for its timestamp", stampedOpen + `
			3 > P. 1 1 ts20 "abc"
			4 < . 1 4 ts50
			5 > P. 4 1 ts5 "QQQ"
			6 < . 1 4 ts50
			7 > P. 4 1 ts30 "def"
			8 < . 1 7 ts50`,
			"> 0 abc|> 3 def|end 6-0-0 0-0-0"},
		{"refused for its timestamp to the end", stampedOpen + `
			3 > P. 1 1 ts20 "abc"
			4 < . 1 4 ts50
			5 > P. 4 1 ts5 "QQQ"
			6 < . 1 4 ts50
			7 > P. 4 1 ts6 "QQQ"
			8 < . 1 4 ts50`,
			"> 0 abc|end 3-0-0 0-0-0"},
		{"an older timestamp, taken all the same", stampedOpen + `
			3 > P. 1 1 ts20 "abc"
			4 < . 1 4 ts50
			5 > P. 4 1 ts5 "def"
			6 < . 1 7 ts50
			7 > P. 7 1 ts21 "ghi"`,
			"> 0 abc|> 3 def|> 6 ghi|end 9-0-0 0-0-0"},
		{"what overtakes a hole makes nothing old", stampedOpen + `
			3 > P. 4 1 ts30 "def"
			4 > P. 1 1 ts20 "abc"
			5 < . 1 7 ts50`,
			"> 0 abc|> 3 def|end 6-0-0 0-0-0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &script{}
			play(t, s, c.in)
			if got := strings.Join(s.lines, "|"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", strings.ReplaceAll(got, "|", "\n"), strings.ReplaceAll(c.want, "|", "\n"))
			}
		})
	}
}
