package tui

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
)

// What tcpwatch config prints is what there is without a file.
func TestDefaultConfig(t *testing.T) {
	c, err := ReadConfig(strings.NewReader(DefaultText()))
	if err != nil {
		t.Fatal(err)
	}
	if own, without := newKeys(c), newKeys(DefaultConfig()); !reflect.DeepEqual(own, without) {
		t.Error("other keys")
	}
	c.Keys = map[string]string{}
	for _, line := range strings.Split(DefaultText(), "\n") { // what changes nothing is right all the same
		if rest, ok := strings.CutPrefix(line, "# threshold."); ok {
			if err := (&Config{}).set("threshold."+strings.Fields(rest)[0], strings.Fields(rest)[2]); err != nil {
				t.Error(err)
			}
		}
	}
	if !reflect.DeepEqual(c, DefaultConfig()) {
		t.Errorf("%+v", c)
	}
	recordtest.Golden(t, "testdata/config.txt", DefaultText(), *update)
}

func TestConfig(t *testing.T) {
	c, err := ReadConfig(strings.NewReader("# mine\nrefresh = 500ms\ncolumns = id, orig.retx about\nkey.quit = x ctrl+q\ndark.quiet = 244\nlight.bar =\nmouse = no\nthreshold.slow-handshake = 250ms\n"))
	if err != nil || c.Refresh != 5e8 || strings.Join(c.Columns, " ") != "id orig.retx about" || c.Dark[quiet] != "244" || c.Light[bar] != "" || c.Mouse || !slices.Equal(c.Thresholds, []string{"slow-handshake=250ms"}) {
		t.Errorf("%v, %+v", err, c)
	}
	k := newKeys(c)
	if k.of("x") != doQuit || k.of("q") != doNothing || k.of("j") != doDown {
		t.Error("keys")
	}
	for text, want := range map[string]string{
		"refresh = 1h":                 "line 1: refresh 1h: a time from 100ms to 1m",
		"\ncolour = red":               "line 2: colour: no such setting",
		"columns = orig.retxs":         "near it: orig.retx",
		"columns =":                    "none is named",
		"key.jump = x":                 "no such command",
		"key.quit =":                   "no key is named",
		"dark.quiet = #12345":          "a colour is",
		"dark.quiet = 256":             "a colour is",
		"mouse = often":                "yes or no",
		"threshold.frobs = 1":          "unknown threshold",
		"threshold.slow-handshake = x": "slow-handshake=x",
		"dark.pink = 1":                "no such colour",
		"evil\x1b[2J":                  `evil\x1b[2J: NAME = VALUE`,
	} {
		if _, err := ReadConfig(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
