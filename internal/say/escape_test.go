package say

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// strange holds a rune of every class that is not to be printed as it comes.
var strange = []rune{
	0, '\a', '\n', '\r', '\t', 0x1b, 0x7f, 0x80, 0x85, 0x9b, // controls
	0xa0, 0x1680, 0x2000, 0x2003, 0x200a, 0x202f, 0x205f, 0x3000, // blanks
	0x2028, 0x2029, // line and paragraph separators
	0xad, 0x61c, 0x200b, 0x200d, 0x200e, 0x202a, 0x202e, 0x2060, 0x2066, 0x2069, 0xfeff, 0xfff9, 0xe0001, 0xe0041, // formats, bidi controls, tags
	0x34f, 0x115f, 0x17b4, 0x180b, 0x180e, 0x2800, 0x3164, 0xfe0f, 0xffa0, 0xe0100, 0xe01ef, // nothing to be seen
	0xe000, 0xf0000, 0x10fffd, // private use
	0x378, 0xffff, 0xfdd0, 0x10ffff, // not assigned, no characters
	0xfffc, utf8.RuneError,
}

func TestSafe(t *testing.T) {
	for _, r := range strange {
		if Safe(r) {
			t.Errorf("%U is taken for safe", r)
		}
	}
	for _, r := range " aZ09~!\"\\'é漢字ßЖ∑→…µ😀ก่\u0301" {
		if !Safe(r) {
			t.Errorf("%U is safe", r)
		}
	}
	for r := range rune(unicode.MaxRune + 1) {
		if !Safe(r) {
			continue
		}
		if !unicode.IsPrint(r) || unicode.In(r, unicode.C, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Bidi_Control,
			unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Noncharacter_Code_Point) && r != ' ' {
			t.Errorf("%U is taken for safe", r)
		}
	}
}

func TestEscape(t *testing.T) {
	for s, want := range map[string]string{
		"":                          "",
		`plain "quoted" C:\x`:       `plain "quoted" C:\x`,
		"été 漢字":                    "été 漢字",
		"a\nb\r\t\x1b[31m\x7f":      `a\nb\r\t\x1b[31m\x7f`,
		"a\u3000b\u00a0c\u2003":     `a\u3000b\u00a0c\u2003`,
		"\u202egnp.exe\u2066":       `\u202egnp.exe\u2066`,
		"\xff\xc3\x28 \xed\xa0\x80": `\xff\xc3( \xed\xa0\x80`,
		"\ufffd \U000e0041":         `\ufffd \U000e0041`,
	} {
		if got := Escape(s); got != want {
			t.Errorf("%q: %s, not %s", s, got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { Escape("www.example.com 漢字") }); n != 0 {
		t.Errorf("%v allocations for what is safe", n)
	}
}

// Whatever way text goes out, nothing of what is not safe does, and programs get
// back what was there.
func FuzzOut(f *testing.F) {
	for _, r := range strange {
		f.Add("a"+string(r)+"b", false)
	}
	f.Add("\xff\xed\xa0\x80,\"=1+1", true)
	f.Add("=cmd|' /C calc'!A0", true)
	f.Fuzz(func(t *testing.T, s string, ascii bool) {
		j, cell := string(AppendJSON(nil, s)), string(AppendCell(nil, s))
		payload := strings.ReplaceAll(string(AppendPayload(nil, []byte(s), ascii)), "\t", "")
		for _, out := range []string{Escape(s), j, cell, payload} {
			for _, r := range out {
				if !Safe(r) {
					t.Errorf("%q holds %U", out, r)
				}
			}
			if Escape(out) != out {
				t.Errorf("%q is not safe", out)
			}
		}
		var back string
		if err := json.Unmarshal([]byte(j), &back); err != nil || utf8.ValidString(s) && back != s {
			t.Errorf("%s is not %q: %v", j, s, err)
		}
		row, err := csv.NewReader(strings.NewReader(cell + ",x\n")).Read()
		if err != nil || len(row) != 2 || strings.TrimPrefix(row[0], "'") != strings.TrimPrefix(Escape(s), "'") || row[0] != "" && strings.ContainsRune("=+-@", rune(row[0][0])) {
			t.Errorf("%s is read as %q: %v", cell, row, err)
		}
	})
}

// A spreadsheet shows what it would take for a formula.
func ExampleAppendCell() {
	for _, s := range []string{"=1+1", "+1", "-1", "@SUM(A1)", `=HYPERLINK("http://x",1)`, "www.example.com", "1-1", ""} {
		fmt.Printf("%s\n", AppendCell(nil, s))
	}
	// Output:
	// '=1+1
	// '+1
	// '-1
	// '@SUM(A1)
	// "'=HYPERLINK(""http://x"",1)"
	// www.example.com
	// 1-1
}

func TestPrinted(t *testing.T) {
	for _, c := range []struct{ from, want string }{
		{"no such session\r\n\x00", "no such session"}, {"", ""}, {"\x00\x00", ""}, {"a\x1b[31m", ""}, {"a\nb", ""}, {"\xff\xfe", ""},
		{"a\u3000b", ""}, {"grüß dich", "grüß dich"}, {strings.Repeat("x", 70), strings.Repeat("x", 64)},
		{strings.Repeat("x", 63) + "ü", strings.Repeat("x", 63)}, {strings.Repeat("x", 62) + "€", strings.Repeat("x", 62)},
	} {
		if got := Printed([]byte(c.from), 64); got != c.want {
			t.Errorf("%q: %q, want %q", c.from, got, c.want)
		}
	}
}
