package tui

import (
	"flag"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

// watcher keeps the View of the end of an input.
type watcher struct {
	tcpwatch.Base
	wanted report.Wanted
	last   *report.View
	seen   atomic.Bool
}

func (w *watcher) Wanted() report.Wanted {
	a := w.wanted
	a.Due, a.Hold = true, !w.seen.Load()
	return a
}

func (w *watcher) View(v *report.View) error {
	if w.last = v; v.Ended {
		w.seen.Store(true)
	}
	return nil
}

// seen is what is to be seen at the end of a capture.
func seen(t *testing.T, name string, wanted report.Wanted) *report.View {
	t.Helper()
	files, err := capture.HoldAll([]string{filepath.Join("..", "..", "testdata", "pcaps", name)})
	if err != nil {
		t.Fatal(err)
	}
	in := tcpwatch.Files(files...)
	defer in.Close()
	if err := in.Begin(); err != nil {
		t.Fatal(err)
	}
	w := &watcher{wanted: wanted}
	if _, err := tcpwatch.Run(t.Context(), in, tcpwatch.Options{Workers: 1}, w); err != nil {
		t.Fatal(err)
	}
	v := *w.last
	v.Headline.Files = []string{name}
	return &v
}

func options() Options {
	return Options{Config: DefaultConfig(), Stop: func() {}, MSL: 30e9, Tables: report.TableOptions{Records: schema.Options{}}}
}

// screenOf is a model that was shown a capture, and did what some keys say.
func screenOf(t *testing.T, o Options, name string, width, height int, typed ...string) model {
	t.Helper()
	m := newModel(o)
	m, _ = m.update(tea.WindowSizeMsg{Width: width, Height: height})
	m, _ = m.update(viewMsg{seen(t, name, m.wanted())})
	for _, k := range typed {
		m, _ = m.update(keyOf(k))
		if m.due {
			m, _ = m.update(viewMsg{seen(t, name, m.wanted())})
		}
	}
	return m
}

// keyOf is the key of a name.
func keyOf(name string) tea.KeyPressMsg {
	codes := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown,
		"left": tea.KeyLeft, "right": tea.KeyRight, "pgdown": tea.KeyPgDown, "space": tea.KeySpace, "backspace": tea.KeyBackspace}
	if c, ok := codes[name]; ok {
		return tea.KeyPressMsg{Code: c}
	}
	r, _ := utf8.DecodeRuneInString(name)
	return tea.KeyPressMsg{Code: r, Text: name}
}

var styles = regexp.MustCompile("\x1b\\[[0-9;]*m")

// bare is a frame without its styles.
func bare(frame string) string {
	var lines []string
	for l := range strings.SplitSeq(styles.ReplaceAllString(frame, ""), "\n") {
		lines = append(lines, strings.TrimRight(l, " "))
	}
	return strings.Join(lines, "\n") + "\n"
}

// Each view at two sizes, compared with what is stored; no line is wider than the screen, and no
// frame has another number of lines.
func TestViews(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {200, 50}, {40, 10}} {
		for _, x := range []struct {
			name, file string
			keys       []string
		}{
			{"now", "accept-queue-full.pcap", nil},
			{"findings", "accept-queue-full.pcap", []string{"2"}},
			{"its-connections", "accept-queue-full.pcap", []string{"2", "enter"}},
			{"connections", "accept-queue-full.pcap", []string{"3"}},
			{"connection", "syn-lost.pcap", []string{"3", "enter"}},
			{"listeners", "accept-queue-full.pcap", []string{"5"}},
			{"timewait", "accept-queue-full.pcap", []string{"6"}},
			{"keepalive", "keepalive-answered.pcap", []string{"7"}},
			{"help", "syn-lost.pcap", []string{"?"}},
		} {
			if size[0] == 40 && x.name != "now" && x.name != "connections" {
				continue
			}
			name := fmt.Sprintf("%s-%dx%d", x.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				m := screenOf(t, options(), x.file, size[0], size[1], x.keys...)
				frame := m.frame()
				if n := strings.Count(frame, "\n") + 1; n != size[1] {
					t.Errorf("%d lines", n)
				}
				for l := range strings.SplitSeq(bare(frame), "\n") {
					if say.Width(l) > size[0] {
						t.Errorf("%d columns: %s", say.Width(l), l)
					}
				}
				recordtest.Golden(t, filepath.Join("testdata", name+".txt"), bare(frame), *update)
			})
		}
	}
}
