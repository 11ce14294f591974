package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tcpwatch/tracker/diagnose"
)

// terminal is a terminal of tmux in which a command runs.
type terminal struct {
	t      *testing.T
	socket string
}

// newTerminal runs a command of the shell in a terminal of a size.
func newTerminal(t *testing.T, width, height int, command string) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("needs tmux, which is not installed")
	}
	x := &terminal{t, filepath.Join(t.TempDir(), "tmux")}
	x.tmux("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height),
		"env LANG=C.UTF-8 TERM=screen-256color XDG_CONFIG_HOME=/nonexistent SUDO_UID= SUDO_GID= sh -c '"+command+"'; stty -a; sleep 60")
	t.Cleanup(func() { exec.Command("tmux", "-S", x.socket, "kill-server").Run() })
	return x
}

// tmux runs a command of tmux.
func (x *terminal) tmux(args ...string) string {
	x.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-u", "-S", x.socket}, args...)...).CombinedOutput()
	if err != nil {
		x.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// keys types keys.
func (x *terminal) keys(names ...string) { x.tmux(append([]string{"send-keys"}, names...)...) }

// shows waits until all texts are shown, and returns the screen.
func (x *terminal) shows(texts ...string) (screen string) {
	x.t.Helper()
	return x.waits(texts, "capture-pane", "-p")
}

// printed is shows for what a command left on the terminal, with what has scrolled out of it.
func (x *terminal) printed(texts ...string) (screen string) {
	x.t.Helper()
	return x.waits(texts, "capture-pane", "-p", "-S", "-")
}

// waits waits until what a command of tmux prints has all texts, and returns it.
func (x *terminal) waits(texts []string, command ...string) (screen string) {
	x.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		screen = x.tmux(command...)
		if !slices.ContainsFunc(texts, func(s string) bool { return !strings.Contains(screen, s) }) {
			return screen
		}
	}
	x.t.Fatalf("%q is not shown:\n%s", texts, screen)
	return ""
}

// The screen over a file: its views by their keys, at the size that the terminal has by then, and
// the report and a terminal as it was when it is quit.
func TestScreenOfFile(t *testing.T) {
	x := newTerminal(t, 80, 24, "tcpwatch --ui "+filepath.Join("..", "..", "testdata", "pcaps", "syn-lost.pcap"))
	x.shows("1 Now 2 Findings", "NOTICE  The only handshake to 10.77.0.129:80", "3 possible causes: on the path or on a host", "ended")
	x.keys("2")
	x.shows("What to do:")
	x.keys("Enter")
	x.shows("1 connection of the finding")
	x.keys("Enter")
	x.shows("#3  10.77.0.1:40000 -> 10.77.0.129:80")
	x.keys("Escape")
	x.shows("1 connection of the finding")
	x.keys("/")
	x.keys("-l", "orig_port == 1")
	x.keys("Enter")
	x.shows("0 connections where orig_port == 1")
	x.tmux("resize-window", "-x", "200", "-y", "50")
	x.keys("1")
	if screen := x.shows("clients", "servers", "? help"); len(strings.Split(screen, "\n")) < 50 {
		t.Errorf("not as high as the terminal:\n%s", screen)
	}
	x.keys("-l", "\x1b[<0;20;2M\x1b[<0;20;2m") // a click on the third view
	x.shows("0 connections where orig_port == 1")
	x.keys("q")
	screen := x.shows("tcpwatch: 15 packets", " icanon", " echo ")
	if strings.Contains(screen, "1 Now 2 Findings") {
		t.Errorf("the screen is left:\n%s", screen)
	}
}

// The report goes to the user's pager, which has the terminal until it ends; then the screen is
// back. Ctrl-C is the pager's.
func TestScreenReportInPager(t *testing.T) {
	x := newTerminal(t, 80, 24, `PAGER="trap \"echo HEARD; sleep 2; exit\" INT; tail -n 3; echo PAGED; while sleep 0.1; do :; done; sleep 2" tcpwatch --ui `+filepath.Join("..", "..", "testdata", "pcaps", "syn-lost.pcap"))
	x.shows("1 Now 2 Findings")
	x.keys("r")
	x.shows("PAGED")
	x.keys("C-c")
	x.shows("HEARD")
	x.shows("1 Now 2 Findings", "ended")
	x.keys("2") // it still takes keys
	x.shows("What to do:")
}

// Live the screen comes by itself, works when the privileges are gone, and names what is wrong
// within ten seconds of packet time.
func TestScreenLive(t *testing.T) {
	needsRoot(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	x := newTerminal(t, 80, 24, fmt.Sprintf("tcpwatch -i lo port %d", port))
	x.shows("waiting for the first packets")
	for range 20 {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			c.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
	x.shows(fmt.Sprintf("127.0.0.1:%d refuse", port), "; since", "no packet dropped")
	x.keys("Space")
	x.shows("PAUSED")
	x.keys("Space", "3")
	x.shows("Enter its packets", fmt.Sprintf("127.0.0.1:%d", port))
	x.keys("Q")
	x.shows("127.0.0.1:", "? help  q quit", " icanon")
}

// A screen is refused where it cannot be.
func TestScreenRefused(t *testing.T) {
	file := filepath.Join("..", "..", "testdata", "pcaps", "syn-lost.pcap")
	for want, args := range map[string][]string{
		"have to be a terminal":          {"--ui", file},
		"--ui takes the terminal":        {"--ui", "-o", "jsonl", file},
		"--ui shows the screen, --lines": {"--ui", "--lines", "-i", "lo"},
	} {
		var out, errs strings.Builder
		if status := run(args, &out, &errs); status != exitUsage || !strings.Contains(errs.String(), want) {
			t.Errorf("%v: status %d, %s", args, status, errs.String())
		}
	}
}

// The settings are the user's own, and a file that is not theirs is not read.
func TestConfigFile(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	t.Setenv("SUDO_UID", "")
	name := filepath.Join(home, "tcpwatch", "config")
	if c, err := readConfig(""); err != nil || c.Refresh != 1e9 {
		t.Error(err, c.Refresh)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("refresh = 2s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := readConfig(""); err != nil || c.Refresh != 2e9 {
		t.Error(err, c.Refresh)
	}
	if err := os.WriteFile(name, []byte("threshold.refused-few = 7\nthreshold.slow-handshake = 7s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := parse([]string{"--threshold", "refused-few=3", filepath.Join("..", "..", "testdata", "pcaps", "syn-lost.pcap")})
	if err != nil {
		t.Fatal(err)
	}
	o.ui.config = name
	if err := o.takeSettings(); err != nil {
		t.Fatal(err)
	}
	want := diagnose.NewOptions()
	for _, text := range []string{"refused-few=3", "slow-handshake=7s"} {
		if err := want.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(o.run.Sums.Thresholds, want) || !slices.Contains(o.run.Sums.OnDemand, "clients") {
		t.Errorf("%+v", o.run.Sums)
	}
	if err := os.WriteFile(name, []byte("what\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readConfig(name); err == nil || !strings.Contains(err.Error(), name+": line 1: what") {
		t.Error(err)
	}
	if _, err := readConfig(filepath.Join(home, "none")); err == nil || !strings.Contains(err.Error(), "--config") {
		t.Error(err)
	}
	t.Setenv("SUDO_UID", "4000000000")
	t.Setenv("SUDO_GID", "1")
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if ownFile(f) {
		t.Error("a file of another user is read for who called sudo")
	}
}
