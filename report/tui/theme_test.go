package tui

import (
	"math"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"

	"tcpwatch/internal/say"
)

// luminance is that of a colour (WCAG 2.2, "relative luminance").
func luminance(t *testing.T, text string) float64 {
	t.Helper()
	r, g, b, _ := lipgloss.Color(text).RGBA()
	linear := func(v uint32) float64 {
		x := float64(v) / 0xffff
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

// Each colour can be read on the backgrounds that its palette is for.
func TestContrast(t *testing.T) {
	for _, x := range []struct {
		palette
		backgrounds []string
	}{{darkColours(), []string{"#000000", "#1e1e1e", "#282828"}}, {lightColours(), []string{"#ffffff", "#fdf6e3", "#f0f0f0"}}} {
		for r, colour := range x.palette {
			if colour == "" {
				continue
			}
			for _, on := range x.backgrounds {
				a, b := luminance(t, colour), luminance(t, on)
				if c := (max(a, b) + 0.05) / (min(a, b) + 0.05); c < 4.5 {
					t.Errorf("%s (%s) on %s: %.2f", colour, colourNames()[role(r)], on, c)
				}
			}
		}
	}
}

// Nothing that a name or a packet holds moves the cursor, and wide characters count as wide.
func TestPaint(t *testing.T) {
	plainTheme := newTheme(palette{}, false, false)
	for _, x := range []struct {
		text  string
		width int
		want  string
	}{
		{"eth\x1b[2J0\r\n", 40, `eth\x1b[2J0\r\n`},
		{"a\u202eb\u009b", 40, `a\u202eb\u009b`},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"},
		{"abc", 0, ""},
	} {
		got := styles.ReplaceAllString(plainTheme.paint(text(plain, x.text), x.width, nil), "")
		if got != x.want || say.Width(got) > x.width {
			t.Errorf("%q in %d columns: %q", x.text, x.width, got)
		}
	}
}

// What is shortened keeps its begin and its end.
func TestShorten(t *testing.T) {
	for _, x := range []struct {
		text  string
		width int
		want  string
	}{
		{"[2001:db8:1:2:3:4:5:6]:40000", 28, "[2001:db8:1:2:3:4:5:6]:40000"},
		{"[2001:db8:1:2:3:4:5:6]:40000", 20, "[2001:db8…5:6]:40000"},
		{"日本語日本語日本語", 11, "日本…日本語"},
		{"日本語日本語日本語", 5, "日本…"},
		{"abc", 0, ""},
		{"abc", -3, ""},
	} {
		if got := shorten(x.text, x.width, false); got != x.want || say.Width(got) > max(x.width, 0) {
			t.Errorf("%q in %d columns: %q", x.text, x.width, got)
		}
	}
}

// Without colours no colour is written, in ASCII no other character.
func TestNoColourAndASCII(t *testing.T) {
	o := options()
	o.Tables.ASCII = true
	for _, keys := range [][]string{nil, {"2"}, {"3"}, {"3", "enter"}, {"6"}, {"?"}} {
		frame := screenOf(t, o, "syn-lost.pcap", 100, 40, keys...).frame()
		for _, s := range styles.FindAllString(frame, -1) {
			if strings.Contains(s, "38;") || strings.Contains(s, "[3") {
				t.Errorf("%v: %q", keys, s)
			}
		}
		for i, r := range bare(frame) {
			if r > 0x7e {
				t.Errorf("%v: %q in %q", keys, r, bare(frame)[max(i-30, 0):i+3])
				break
			}
		}
	}
	o.Color = true
	if frame := screenOf(t, o, "syn-lost.pcap", 80, 24).frame(); !strings.Contains(frame, "38;") {
		t.Error("no colours")
	}
}
