package tui

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tcpwatch/internal/say"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
)

// Config is what a user may have otherwise.
type Config struct {
	Refresh    int64             // ns from one View to the next
	Mouse      bool              // the wheel scrolls, a click chooses
	Columns    []string          // of the list of connections
	Keys       map[string]string // by the name of a command: the keys, with blanks between them
	Thresholds []string          // NAME=VALUE, as --threshold takes them
	Dark       palette           // on a dark background
	Light      palette
}

// DefaultConfig is what there is without a file.
func DefaultConfig() Config {
	return Config{Refresh: int64(time.Second), Mouse: true, Columns: strings.Fields(defaultColumns), Keys: map[string]string{}, Dark: darkColours(), Light: lightColours()}
}

const defaultColumns = "id client server states lasts retx sent received felt close about"

// colourNames are the roles that have a colour.
func colourNames() map[role]string {
	return map[role]string{quiet: "quiet", critical: "critical", warning: "warning", notice: "notice", good: "good", bar: "bar"}
}

// ReadConfig reads a file of settings: lines of NAME = VALUE, # begins a comment. What is not
// named stays as it is by default. The error tells the line.
func ReadConfig(r io.Reader) (Config, error) {
	c := DefaultConfig()
	in := bufio.NewScanner(io.LimitReader(r, 1<<16))
	for n := 1; in.Scan(); n++ {
		text := strings.TrimSpace(in.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(text, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		err := fmt.Errorf("%s: NAME = VALUE is expected", say.Escape(text))
		if ok {
			err = c.set(name, value)
		}
		if err != nil {
			return c, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return c, in.Err()
}

// set sets one value.
func (c *Config) set(name, value string) error {
	switch kind, rest, _ := strings.Cut(name, "."); kind {
	case "refresh":
		span, err := say.ParseSpan(value)
		if err != nil || span < 100*time.Millisecond || span > time.Minute {
			return fmt.Errorf("refresh %s: a time from 100ms to 1m", value)
		}
		c.Refresh = int64(span)
		return nil
	case "mouse":
		if value != "yes" && value != "no" {
			return fmt.Errorf("mouse %s: yes or no", value)
		}
		c.Mouse = value == "yes"
		return nil
	case "threshold":
		if err := diagnose.NewOptions().Set(rest + "=" + value); err != nil {
			return err
		}
		c.Thresholds = append(c.Thresholds, rest+"="+value)
		return nil
	case "columns":
		return c.setColumns(strings.Fields(strings.ReplaceAll(value, ",", " ")))
	case "key":
		return c.setKey(rest, value)
	case "dark":
		return setColour(&c.Dark, rest, value)
	case "light":
		return setColour(&c.Light, rest, value)
	}
	return fmt.Errorf("%s: no such setting; tcpwatch config prints all", name)
}

func (c *Config) setColumns(list []string) error {
	for _, name := range list {
		if slices.ContainsFunc(columnWords(&Options{}), func(x column) bool { return x.name == name }) {
			continue
		}
		if _, err := schema.Lookup(name); err != nil {
			return fmt.Errorf("columns: %w", err)
		}
	}
	if len(list) == 0 {
		return fmt.Errorf("columns: none is named")
	}
	c.Columns = list
	return nil
}

func (c *Config) setKey(name, value string) error {
	for _, x := range commands() {
		if x.name != name {
			continue
		}
		if len(strings.Fields(value)) == 0 {
			return fmt.Errorf("key.%s: no key is named", name)
		}
		c.Keys[name] = value
		return nil
	}
	return fmt.Errorf("key.%s: no such command; tcpwatch config prints all", name)
}

func setColour(p *palette, name, value string) error {
	for r, known := range colourNames() {
		if known != name {
			continue
		}
		if !isColour(value) {
			return fmt.Errorf("%s: a colour is #RRGGBB, a number of the terminal's from 0 to 255, or empty for its own", value)
		}
		p[r] = value
		return nil
	}
	return fmt.Errorf("%s: no such colour; tcpwatch config prints all", name)
}

// isColour tells what a colour may be.
func isColour(s string) bool {
	var n int
	switch {
	case s == "":
		return true
	case s[0] == '#':
		_, err := fmt.Sscanf(s[1:], "%06x", &n)
		return err == nil && len(s) == 7
	}
	_, err := fmt.Sscanf(s, "%d", &n)
	return err == nil && fmt.Sprint(n) == s && n >= 0 && n < 256
}

// DefaultText is the default as a file, each setting with what it does.
func DefaultText() string {
	c := DefaultConfig()
	var b strings.Builder
	b.WriteString("# tcpwatch: settings of the screen. Lines that begin with # change nothing; what is\n# left out stays as it is here.\n\n")
	b.WriteString("# How often the screen is drawn anew.\nrefresh = 1s\n\n")
	b.WriteString("# The wheel scrolls, a click chooses, another one goes in. With no the terminal marks text to be\n# copied by itself, else with Shift.\nmouse = yes\n\n")
	words := []string{}
	for _, x := range columnWords(&Options{}) {
		words = append(words, x.name)
	}
	b.WriteString("# Columns of the list of connections, from the left; what has no room is left out.\n# Known are " +
		strings.Join(say.Wrap(strings.Join(words, ", "), 76), "\n# ") + ",\n# and every field of docs/record.md.\ncolumns = " + strings.Join(c.Columns, " ") + "\n\n# Keys, with blanks between them.\n")
	for _, x := range commands() {
		fmt.Fprintf(&b, "key.%-10s = %s\n", x.name, x.keys)
	}
	b.WriteString("\n# From when on a finding is told, as --threshold sets it, which goes before:\n")
	for _, d := range diagnose.Detectors() {
		for _, t := range d.Thresholds() {
			fmt.Fprintf(&b, "# threshold.%s = %s\n", t.Name, t)
		}
	}
	for _, p := range []struct {
		name string
		palette
	}{{"dark", c.Dark}, {"light", c.Light}} {
		fmt.Fprintf(&b, "\n# Colours on a %s background: #RRGGBB, a number of the terminal's from 0 to 255, or\n# nothing for its own.\n", p.name)
		for r := role(0); r < nRoles; r++ {
			if name := colourNames()[r]; name != "" {
				fmt.Fprintf(&b, "%s.%s = %s\n", p.name, name, p.palette[r])
			}
		}
	}
	return b.String()
}
