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
	"tcpwatch/report/watch"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
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
	m, _ = m.update(viewMsg{seen(t, name, m.wanted())}) // of an input that has ended all is wanted
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
			{"hosts", "accept-queue-full.pcap", []string{"5"}},
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

// On 80 columns a row has client, server, their ports and states, however long they are; how long a
// connection has lasted grows while it goes on, and the order follows.
func TestRows(t *testing.T) {
	v := *seen(t, "syn-lost.pcap", report.Wanted{})
	m := newModel(options())
	m, _ = m.update(viewMsg{&v})
	m, _ = m.update(keyOf("3"))
	long := recordtest.MadeUp(1, "[2001:db8:1111:2222:3333:4444:5555:6666]:40001", "[2001:db8:1111:2222:3333:4444:5555:7777]:8443")
	open := recordtest.MadeUp(2, "10.0.0.1:40002", "10.0.0.2:443")
	open.Interim, open.States, open.Close = true, [2]record.State{record.Established, record.SynReceived}, record.CloseRecord{Kind: record.CloseOpen, ResetBy: record.NoEnd}
	for m.list.columns[m.list.sort].name != "lasts" {
		m.list.sort++
	}
	show := func(after int64) string {
		x := v
		x.Ended, x.At, x.Wanted, x.Listed, x.Matching = false, max(long.End, open.End)+after, m.wanted(), []record.Record{*long, *open}, 2
		m, _ = m.update(viewMsg{&x})
		return bare(m.frame())
	}
	frame := show(0)
	for _, want := range []string{" [2001:db8:1111:2222:3333:4444:5555:6666]:40001 ", " [2001:db8:1111:2222:3333:4444:5555:7777]:8443", "10.0.0.1:40002 ", "TIME-WAIT/CLOSED", "ESTABLISHED/SYN-RECEIVED"} {
		if !strings.Contains(frame, want) {
			t.Errorf("no %q:\n%s", want, frame)
		}
	}
	m.height = 7 // room for one: the other is come to
	if frame = show(0); strings.Count(frame, "2001:db8") != 2 || strings.Contains(frame, "10.0.0.") {
		t.Error(frame)
	}
	m, _ = m.update(keyOf("j"))
	if frame = show(0); strings.Contains(frame, "2001:db8") || !strings.Contains(frame, ">  #2 10.0.0.1:40002") {
		t.Error(frame)
	}
	m, _ = m.update(keyOf("k"))
	m, _ = m.update(tea.WindowSizeMsg{Width: 200, Height: 24})
	if frame = show(500e9); !strings.Contains(frame, " 8 min 22 s ") || strings.Index(frame, "10.0.0.1:40002") > strings.Index(frame, ":40001") {
		t.Error(frame)
	}
	m.list.down = false
	if frame = show(501e9); strings.Index(frame, "10.0.0.1:40002") < strings.Index(frame, ":40001") {
		t.Error(frame)
	}
}

// On 80 columns the longest addresses of IPv4 are whole, with whatever states.
func TestRowsOfLongestIPv4(t *testing.T) {
	v := *seen(t, "syn-lost.pcap", report.Wanted{})
	m := newModel(options())
	m, _ = m.update(viewMsg{&v})
	m, _ = m.update(keyOf("3"))
	r := recordtest.MadeUp(123456789, "192.168.100.100:40001", "192.168.200.200:48443")
	r.Interim, r.States = true, [2]record.State{record.Established, record.SynReceived}
	v.Wanted, v.Listed, v.Matching = m.wanted(), []record.Record{*r}, 1
	m, _ = m.update(viewMsg{&v})
	if frame := bare(m.frame()); !strings.Contains(frame, "#123456789 192.168.100.100:40001 192.168.200.200:48443 ESTABL") {
		t.Error(frame)
	}
}

// A title that is too long for a line has two where there is room for all; else the first has three at
// most, the second two, and the others one, in which the begin stands. Which is chosen is always shown.
func TestTitles(t *testing.T) {
	v := *seen(t, "syn-lost.pcap", report.Wanted{})
	m := newModel(options())
	v.Findings = nil
	for i := range 12 {
		v.Findings = append(v.Findings, diagnose.Finding{ID: string(rune('a' + i)), Severity: diagnose.Notice, Confidence: diagnose.Likely,
			Title: "192.168.100.100:8443 did what nobody expected of it, and this is told of 192.168.200.200"})
	}
	show := func(n int) string {
		x := v
		x.Findings = v.Findings[:n]
		m = newModel(options())
		m, _ = m.update(viewMsg{&x})
		m, _ = m.update(keyOf("2"))
		return bare(m.frame())
	}
	if frame := show(3); !strings.Contains(frame, "> NOTICE    192.168.100.100:8443 did what nobody expected of it, and this is\n>           told of 192.168.200.200; likely") {
		t.Error(frame)
	}
	const begin = "NOTICE    192.168.100.100:8443 did what nobody expected of it, and this is"
	if frame := show(12); strings.Count(frame, begin+"\n") != 2 || strings.Count(frame, "   told of 192.168.200.200; likely\n") != 2 || strings.Count(frame, begin+" …\n") != 3 || !strings.Contains(frame, "and 7 more below") {
		t.Error(frame)
	}
	v.Findings[0].Title += ", who had asked for it again and got an answer in the end"
	if frame := show(12); !strings.Contains(frame, ">           told of 192.168.200.200, who had asked for it again and got an\n>           answer in the end; likely\n") {
		t.Error(frame)
	}
	for n := range 12 {
		m.moveFinding(min(n, 1))
		if frame := bare(m.frame()); !strings.Contains(frame, "\n> ") || !strings.Contains(frame, "--explain") || n == 11 && strings.Contains(frame, "below") {
			t.Errorf("%d is chosen: %s", n, frame)
		}
	}
}

// What is told of TIME-WAIT goes on in another line where it has no room: its forecast stands last.
func TestHoldersWrap(t *testing.T) {
	m := screenOf(t, options(), "accept-queue-full.pcap", 40, 40)
	if frame := bare(m.frame()); !strings.Contains(frame, "\nTIME-WAIT 2 of 28,232 ports (0 %):\n          10.77.9.1 to 10.77.9.129:80\n") {
		t.Error(frame)
	}
}

// A title that is cut still tells that the finding is resolved: without that it would seem to stand.
func TestCutTitleStaysResolved(t *testing.T) {
	m := screenOf(t, options(), "syn-lost.pcap", 80, 24)
	f := watch.Trailed{Finding: diagnose.Finding{Title: strings.Repeat("10.0.0.1:443 did nothing ", 9)}, Resolved: true}
	if got := m.fewer(&f, 1, 60); len(got) != 1 || !strings.Contains(got[0], "did nothing") || !strings.Contains(got[0], " …; resolved ") {
		t.Errorf("%q", got)
	}
	if f.Resolved = false; !strings.HasSuffix(m.fewer(&f, 1, 60)[0], " …") {
		t.Errorf("%q", m.fewer(&f, 1, 60))
	}
}

// Ctrl-C ends the run from within the help as well.
func TestInterruptInHelp(t *testing.T) {
	m := screenOf(t, options(), "syn-lost.pcap", 80, 24, "?")
	if m, _ = m.update(tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl}); !m.quit || m.help {
		t.Errorf("quit %t, help %t", m.quit, m.help)
	}
}
