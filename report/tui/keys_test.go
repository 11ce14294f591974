package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/internal/recordtest"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// The way from what is wrong to one connection, and back.
func TestWayInAndOut(t *testing.T) {
	racetest.TooSlow(t)
	for _, x := range []struct {
		keys string
		want page
		has  string
	}{
		{"", pageNow, "took more than one SYN"},
		{"enter", pageFindings, "What to do:"},
		{"enter enter", pageConnections, "1 connection of the finding"},
		{"enter enter enter", pageConnection, "#6  10.77.9.1:40001"},
		{"enter enter enter esc", pageConnections, "of the finding"},
		{"enter enter enter esc esc", pageFindings, "What to do:"},
		{"enter enter enter esc esc esc", pageNow, "took more than one SYN"},
		{"enter enter enter esc esc 3", pageConnections, "2 connections"},
		{"3 / 4 0 0 0 1 enter enter", pageConnection, "#6  10.77.9.1:40001"},
		{"3 / 4 0 0 0 1 enter enter esc", pageConnections, "1 connection with 40001"},
		{"3 / 4 0 0 0 1 enter enter esc esc", pageConnections, "2 connections"},
		{"3 / 4 0 0 0 1 enter enter esc esc esc", pageNow, "took more than one SYN"},
		{"3 / 4 0 0 0 1 enter / up enter esc", pageConnections, "2 connections"},
		{"3 / 4 0 0 0 1 enter / enter", pageConnections, "2 connections"},
		{"3 / 4 0 0 0 1 enter / enter esc", pageConnections, "1 connection with 40001"},
		{"3 / 4 0 0 0 1 enter / 4 0 0 0 0 enter", pageConnections, "1 connection with 40000"},
		{"3 / 4 0 0 0 1 enter / esc", pageConnections, "1 connection with 40001"},
		{"3 / 4 0 0 0 1 enter /", pageConnections, "empty: all  Up: 40001  Esc: as it was"},
		{"6 t", pageTimeWait, "t is for the list of connections"},
		{"enter enter / 4 0 0 0 0 enter esc", pageConnections, "1 connection of the finding"},
		{"tab tab", pageConnections, "2 connections"},
		{"5", pageHosts, "10.77.9.129:80: 2 connections opened"},
		{"5 l", pageHosts, "10.77.9.1: 2 connections tried"},
		{"5 l enter", pageConnections, "connections of 10.77.9.1"},
		{"5 enter", pageConnections, "connections to 10.77.9.129:80"},
		{"5 enter 3", pageConnections, "2 connections ("},
		{"6", pageTimeWait, "TIME-WAIT"},
		{"r", pageReport, "Findings: 1 notice"},
		{"r G", pageReport, "? help"},
		{"?", pageNow, "any key leaves this help"},
		{"? x", pageNow, "took more than one SYN"},
		{"5 ? q", pageHosts, "10.77.9.129:80: 2 connections opened"},
		{"5 ? Q", pageHosts, "10.77.9.129:80: 2 connections opened"},
		{"4", pageConnection, "No connection was chosen"},
	} {
		m := screenOf(t, options(), "accept-queue-full.pcap", 80, 24, strings.Fields(x.keys)...)
		if frame := bare(m.frame()); m.page != x.want || m.quit || !strings.Contains(frame, x.has) {
			t.Errorf("%q: page %d\n%s", x.keys, m.page, frame)
		}
	}
}

// A filter is a text or an expression; a wrong one is told and can be mended.
func TestFilter(t *testing.T) {
	for _, x := range []struct{ typed, has string }{
		{"/ 4 0 0 0 1 enter", "1 connection with 40001"},
		{"/ i d > 3 enter", "1 connection where id>3"},
		{"/ n o n e enter", "  none\n"},
		{"/ i d > > enter", "unexpected"},
		{"/ i d > > enter", "/id>>"},
		{"/ o r i g _ i p = = 1 0 . 9 7 . 0 . 7 enter", `an address stands between quotes: "10.97.0.7"`},
		{"/ i d > > enter backspace 3 enter", "1 connection where id>3"},
		{"3 / x esc", "2 connections"},
		{"/ x esc", "took more than one SYN"},
		{"/ x backspace enter", "2 connections"},
		{"/ 4 0 0 0 1 enter esc", "took more than one SYN"},
	} {
		m := screenOf(t, options(), "accept-queue-full.pcap", 80, 24, strings.Fields(x.typed)...)
		if frame := bare(m.frame()); !strings.Contains(frame, x.has) {
			t.Errorf("%q:\n%s", x.typed, frame)
		}
	}
}

// What is typed is seen at its end, however long it is; a wrong filter is told above it.
func TestLongFilter(t *testing.T) {
	m := screenOf(t, options(), "accept-queue-full.pcap", 40, 10, "/")
	m, _ = m.update(tea.PasteMsg{Content: strings.Repeat("a", 100) + " == end"})
	m, _ = m.update(keyOf("enter"))
	lines := strings.Split(bare(m.frame()), "\n")
	if !strings.HasPrefix(lines[9], "/aaa") || !strings.Contains(lines[9], "aaa == end ") || !strings.Contains(strings.Join(lines[:9], ""), "unknown field") {
		t.Errorf("%q", lines)
	}
}

// Before the connections that are asked for were looked at the list does not say that there are none.
func TestListBeforeItIsThere(t *testing.T) {
	m := screenOf(t, options(), "accept-queue-full.pcap", 80, 24, "3")
	for _, k := range []string{"/", "x", "x", "enter"} {
		m, _ = m.update(keyOf(k))
	}
	if frame := bare(m.frame()); strings.Contains(frame, "  none\n") || !strings.Contains(frame, "looking for connections with xx (open") {
		t.Error(frame)
	}
	m, _ = m.update(viewMsg{seen(t, "accept-queue-full.pcap", m.wanted())})
	if frame := bare(m.frame()); !strings.Contains(frame, "  none\n") || !strings.Contains(frame, "0 connections with xx (open") {
		t.Error(frame)
	}
}

// The finding that one reads stays chosen when another comes before it.
func TestFindingStaysChosen(t *testing.T) {
	v := *seen(t, "syn-lost.pcap", report.Wanted{})
	mine, other := diagnose.Finding{ID: "mine", Title: "My trouble", Severity: diagnose.Notice}, diagnose.Finding{ID: "other", Title: "Another", Severity: diagnose.Notice}
	m := newModel(options())
	show := func(found ...diagnose.Finding) {
		x := v
		x.Findings = found
		m, _ = m.update(viewMsg{&x})
	}
	show(mine)
	m, _ = m.update(keyOf("2"))
	show(other, mine)
	if frame := bare(m.frame()); !strings.Contains(frame, "\n> notice") && !strings.Contains(frame, "> NOTICE    My trouble") || m.finding().ID != "mine" {
		t.Error(frame)
	}
	m, _ = m.update(keyOf("k"))
	show(mine, other)
	if m.finding().ID != "other" {
		t.Error("what was chosen by a key is not kept")
	}
	m, _ = m.update(keyOf("1"))
	m, _ = m.update(keyOf("enter"))
	if m.finding().ID != "mine" {
		t.Error("Enter does not go into the first")
	}
}

// The order is the user's, by any column.
func TestSort(t *testing.T) {
	m := screenOf(t, options(), "accept-queue-full.pcap", 80, 24, "s", "right", "up", "enter")
	if w := m.wanted(); w.Sort != "orig_ip" || m.list.sorting {
		t.Errorf("%+v", w)
	}
	m = screenOf(t, options(), "accept-queue-full.pcap", 80, 24, "3")
	if w := m.wanted(); w.Sort != "-id" || !w.Closed || m.list.rows[0].ID != 6 {
		t.Errorf("%+v", w)
	}
	m, _ = m.update(keyOf("t"))
	if m.wanted().Closed {
		t.Error("closed ones are listed")
	}
}

// The bottom of a list is that of all it may hold, not of what is there already.
func TestBottomOfList(t *testing.T) {
	v := *seen(t, "syn-lost.pcap", report.Wanted{})
	m := newModel(options())
	m, _ = m.update(viewMsg{&v})
	m, _ = m.update(keyOf("3"))
	show := func() {
		x := v
		x.Wanted, x.Listed, x.Matching = m.wanted(), nil, 3000
		for i := range min(x.Wanted.Rows, 3000) {
			x.Listed = append(x.Listed, *recordtest.MadeUp(uint64(i+1), "10.0.0.1:40000", "10.0.0.2:443"))
		}
		m, _ = m.update(viewMsg{&x})
	}
	show()
	m, _ = m.update(keyOf("G"))
	show()
	if r := m.list.at(); r == nil || r.ID != 3000 || !strings.Contains(bare(m.frame()), "> #3000 ") {
		t.Errorf("%+v\n%s", r, bare(m.frame()))
	}
	m, _ = m.update(keyOf("k"))
	show()
	if r := m.list.at(); r == nil || r.ID != 2999 {
		t.Errorf("%+v", r)
	}
	m, _ = m.update(keyOf("G"))
	m, _ = m.update(keyOf("g"))
	if m.wanted().Rows != 500 {
		t.Errorf("%+v", m.wanted())
	}
}

// A screen that is paused shows what it showed; what came meanwhile is shown after.
func TestPause(t *testing.T) {
	m := screenOf(t, options(), "accept-queue-full.pcap", 80, 24, "space")
	before := bare(m.frame())
	if !strings.Contains(before, "PAUSED") {
		t.Error(before)
	}
	m, _ = m.update(viewMsg{seen(t, "syn-lost.pcap", m.wanted())})
	if bare(m.frame()) != before {
		t.Error("it changed")
	}
	m, _ = m.update(keyOf("space"))
	if !strings.Contains(bare(m.frame()), "10.77.0.129") {
		t.Error(bare(m.frame()))
	}
}

// Another view can be walked to while the screen is paused.
func TestPausedElsewhere(t *testing.T) {
	m := screenOf(t, options(), "accept-queue-full.pcap", 80, 24, "space", "3")
	if frame := bare(m.frame()); !strings.Contains(frame, "PAUSED") || !strings.Contains(frame, "10.77.9.1:40001") {
		t.Error(frame)
	}
}

// No address is shown that is to be private, nor copied, and columns stay.
func TestPrivacy(t *testing.T) {
	for _, keys := range [][]string{{"P"}, {"P", "2"}, {"P", "3"}, {"P", "3", "enter"}, {"P", "5"}, {"P", "5", "l"}, {"P", "6"}, {"P", "r"}} {
		m := screenOf(t, options(), "accept-queue-full.pcap", 80, 40, keys...)
		if frame := bare(m.frame()); strings.Contains(frame, "10.77.") || !strings.Contains(frame, "host1") {
			t.Errorf("%v: %s", keys, frame)
		}
		if m, _ = m.update(keyOf("y")); strings.Contains(m.note, "10.77.") {
			t.Errorf("%v: %s", keys, m.note)
		}
	}
	m := screenOf(t, options(), "accept-queue-full.pcap", 80, 24, "P", "3")
	if frame := bare(m.frame()); !strings.Contains(frame, ">  #6 host1:40001 host2:80 TIME-WAIT/CLOSED 1.067 s") {
		t.Error(frame)
	}
	o := options()
	o.Config.Columns = []string{"id", "names.sni", "about"}
	m = newModel(o)
	m, _ = m.update(viewMsg{seen(t, "syn-lost.pcap", report.Wanted{})})
	m, _ = m.update(keyOf("3"))
	r := recordtest.MadeUp(1, "10.0.0.1:1", "10.0.0.2:2")
	r.Names = &record.NamesRecord{SNI: "secret.example"}
	v := *m.view
	v.Wanted, v.Listed, v.Matching = m.wanted(), []record.Record{*r}, 1
	m, _ = m.update(viewMsg{&v})
	if frame := bare(m.frame()); strings.Count(frame, "secret.example") != 2 {
		t.Error(frame)
	}
	if m, _ = m.update(keyOf("P")); strings.Contains(m.frame(), "secret") {
		t.Error("a name is shown")
	}
	for text, want := range map[string]string{
		"10.0.0.12:443 15:04:05 1.2.3":       "host1:443 15:04:05 1.2.3",
		"10.0.0.12:443  15:04:05 1.2.3":      "host1:443      15:04:05 1.2.3",
		"[2001:db8::1]:80":                   "host1:80",
		"::1  x":                             "host1 x",
		"::1   1.1.1.1      x":               "host1 host2        x",
		"10.0.0.1 to 10.0.0.2: a  b 1.1.1.1": "host1 to host2: a        b host3",
	} {
		if got := newAliases().replace(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// y copies both ends, or the command of an advice.
func TestCopy(t *testing.T) {
	for keys, want := range map[string]string{
		"y": "handed to the terminal's clipboard: nstat -az", "5 y": "handed to the terminal's clipboard: 10.77.9.129:80", "5 l y": "handed to the terminal's clipboard: 10.77.9.1", "3 y": "handed to the terminal's clipboard: 10.77.9.1:40001-10.77.9.129:80", "3 enter y": "handed to the terminal's clipboard: 10.77.9.1:40001-10.77.9.129:80", "6 y": "nothing here to copy",
	} {
		m := screenOf(t, options(), "accept-queue-full.pcap", 80, 24, strings.Fields(keys)...)
		if !strings.Contains(m.note, want) {
			t.Errorf("%q: %q", keys, m.note)
		}
	}
}

// The help of each view has room on the smallest screen, and tells every key.
func TestHelpFits(t *testing.T) {
	for p := range nTabs {
		m := newModel(options())
		m.page, m.help = page(p), true
		lines := m.helpLines()
		if len(lines) > m.bodyHeight() {
			t.Errorf("view %d: %d lines", p+1, len(lines))
		}
		all := ""
		for _, l := range lines {
			if l.width() > 80 {
				t.Errorf("view %d: %q is too long", p+1, l)
			}
			for _, s := range l {
				all += s.text
			}
		}
		for _, c := range commands() {
			if first, _, _ := strings.Cut(c.keys, " "); c.doc != "" && c.do < doTab1 && c.do != doHelp && !strings.Contains(all, " "+first+" ") {
				t.Errorf("view %d: nothing of the key %s", p+1, first)
			}
		}
	}
}

// The command of an advice about the capture is for the interface that is watched; one for another
// host says that it has a name of its own.
func TestCopyNamesInterface(t *testing.T) {
	v := *seen(t, "syn-lost.pcap", report.Wanted{})
	h := *v.Headline
	h.Interface, v.Headline = "wlan1", &h
	for group, want := range map[diagnose.Group]string{
		diagnose.GroupCapture: "handed to the terminal's clipboard: ethtool -L wlan1 combined 1", diagnose.GroupClose: "handed to the terminal's clipboard: ethtool -L eth0 combined 1 (eth0 stands for the interface's own name)",
	} {
		v.Findings = []diagnose.Finding{{ID: "x", Severity: diagnose.Warning, Group: group, Title: "x", Advice: []string{"No command.", "One queue: `ethtool -L eth0 combined 1`."}}}
		m := newModel(options())
		m, _ = m.update(viewMsg{&v})
		if m, _ = m.update(keyOf("y")); m.note != want {
			t.Errorf("%q, want %q", m.note, want)
		}
	}
}

// The colours follow the terminal's background.
func TestBackground(t *testing.T) {
	o := options()
	o.Color = true
	m := screenOf(t, o, "accept-queue-full.pcap", 80, 24)
	dark := m.frame()
	m, _ = m.update(tea.BackgroundColorMsg{Color: colourOf("#ffffff")})
	if m.frame() == dark {
		t.Error("the same colours on white")
	}
}

// A screen of any size holds, from one line on.
func TestResize(t *testing.T) {
	m := screenOf(t, options(), "accept-queue-full.pcap", 80, 24)
	for _, keys := range []string{"1", "2", "3", "4", "5", "6", "7", "r", "?"} {
		m, _ = m.update(keyOf(keys))
		m, _ = m.update(viewMsg{seen(t, "accept-queue-full.pcap", m.wanted())})
		for _, size := range [][2]int{{1, 1}, {10, 3}, {20, 5}, {79, 23}, {139, 30}, {140, 30}, {300, 100}} {
			m, _ = m.update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			for _, k := range []string{"j", "G", "g"} {
				m, _ = m.update(keyOf(k))
				for l := range strings.SplitSeq(bare(m.frame()), "\n") {
					if len([]rune(l)) > size[0] {
						t.Fatalf("%s at %v: %q", keys, size, l)
					}
				}
			}
		}
	}
}

// packetsOf are n packets of the connection that is followed, with another one's behind.
func packetsOf(m *model, n int) stepsMsg {
	steps := stepsMsg{}
	for i := range n {
		s := &record.Step{Conn: m.conn.id, Orig: m.conn.record.Orig, Resp: m.conn.record.Resp, Time: m.at() + int64(i)*1e9, RelSeq: uint32(1 + 100*i), RelAck: 1,
			Segment: &capture.Segment{Packet: uint64(100 + i), Flags: capture.ACK | capture.PSH, Len: 100, Window: 1000}}
		for e := range s.Before {
			s.Before[e], s.After[e] = record.Established, record.Established
		}
		steps = append(steps, s)
	}
	return append(steps, &record.Step{Conn: m.conn.id + 1})
}

// The packets of a connection are drawn as they come; what is drawn ends with the newest, and
// begins with what the record remembers of those before.
func TestPacketsAreDrawn(t *testing.T) {
	m := screenOf(t, options(), "accept-queue-full.pcap", 80, 24, "3", "enter")
	if w := m.wanted(); w.Follow != 6 {
		t.Errorf("%+v", w)
	}
	if frame := bare(m.frame()); !strings.Contains(frame, "     7  1.004000                             SYN retransmission; evidence of") ||
		!strings.Contains(frame, "finding    NOTICE 1 of 2 handshakes") {
		t.Error(frame)
	}
	m, _ = m.update(packetsOf(&m, 60))
	frame := bare(m.frame())
	if !strings.Contains(frame, "PSH,ACK seq=5901 ack=1 len=100") || strings.Contains(frame, "seq=1 ") || !strings.Contains(frame, "client     TIME-WAIT") {
		t.Error(frame)
	}
	if !strings.Contains(frame, "60.066") {
		t.Errorf("times are not counted from the connection's first packet:\n%s", frame)
	}
	m, _ = m.update(keyOf("g"))
	if frame := bare(m.frame()); !strings.Contains(frame, "     6  0.000000  SYN-SENT                   the client's SYN\n") || strings.Contains(frame, "seq=5901") {
		t.Error(frame)
	}
	m, _ = m.update(keyOf("G"))
	m, _ = m.update(packetsOf(&m, 70))
	if frame := bare(m.frame()); !strings.Contains(frame, "seq=6901") {
		t.Errorf("the newest is not shown at the bottom:\n%s", frame)
	}
	m.conn.first = 9
	if rows := len(m.past(m.conn.record, nil)); rows != 4 { // head, packets 6 to 8
		t.Errorf("%d rows of packets before the 9th", rows)
	}
}

// Of a connection with more packets than are drawn the first stay, those in the middle are counted.
func TestFirstPacketsStay(t *testing.T) {
	m := screenOf(t, options(), "accept-queue-full.pcap", 80, 24, "3", "enter")
	m, _ = m.update(packetsOf(&m, 5000))
	m, _ = m.update(tea.WindowSizeMsg{Width: 80, Height: 2000})
	frame := bare(m.frame())
	for _, want := range []string{"seq=1 ", "... 4,600 packets, 460 kB", "seq=499901 "} {
		if !strings.Contains(frame, want) {
			t.Errorf("no %q", want)
		}
	}
	if n := strings.Count(frame, "len=100"); n > 1000 {
		t.Errorf("%d packets drawn", n)
	}
}
