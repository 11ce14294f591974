package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tcpwatch/internal/pcaptest"
	"tcpwatch/internal/racetest"
)

// askedAt asks a server at a unix socket, until there is one.
func askedAt(t *testing.T, socket, path string) string {
	t.Helper()
	c := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		a, err := c.Get("http://localhost" + path)
		if err != nil {
			if time.Now().After(end) {
				t.Fatal(err)
			}
			continue
		}
		b, err := io.ReadAll(a.Body)
		a.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if a.StatusCode == http.StatusServiceUnavailable && time.Now().Before(end) {
			continue
		}
		return string(b)
	}
}

// startBySudo starts a program as a user's sudo would, where this one is root's: so it reports. It is
// killed when the test ends.
func startBySudo(t *testing.T, cmd *exec.Cmd) (root bool) {
	t.Helper()
	if root = os.Geteuid() == 0; root {
		cmd.Env = append(cmd.Env, "SUDO_UID=1234", "SUDO_GID=1235")
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	return root
}

// A file is served until Ctrl-C, by a process without privileges, at a socket that is its user's
// alone; its connections are drawn from packets that are read again; then the report is printed.
func TestServesAFile(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "http")
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	pcap, err := os.ReadFile(pcaps + "zero-window.pcap")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "zero-window.pcap") // which root alone can open
	if err := os.WriteFile(file, pcap, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds the socket that the first could not remove
		cmd, errs := program(t, "--http", "unix:"+socket, "-j", "3", file)
		var out bytes.Buffer
		cmd.Stdout = &out
		root := startBySudo(t, cmd)
		var x struct {
			Connections []struct{ ID uint64 }
			Ladder      struct {
				Whole bool
				Rows  []struct{ Label string }
			}
		}
		if err := json.Unmarshal([]byte(askedAt(t, socket, "/api/v1/connections")), &x); err != nil || len(x.Connections) != 1 {
			t.Fatalf("%v: %+v", err, x)
		}
		if page := askedAt(t, socket, "/"); !strings.Contains(page, "closed its window 1 time") {
			t.Error("the finding is not on the page")
		}
		for range 2 {
			id := x.Connections[0].ID
			if err := json.Unmarshal([]byte(askedAt(t, socket, fmt.Sprintf("/api/v1/connections/%d", id))), &x); err != nil || !x.Ladder.Whole || len(x.Ladder.Rows) < 30 {
				t.Errorf("%v: %+v", err, x.Ladder)
			}
			if page := askedAt(t, socket, fmt.Sprintf("/connection/%d", id)); !strings.Contains(page, ">zero-window probe 4</text>") {
				t.Errorf("the page of connection %d has no ladder", id)
			}
		}
		if none := askedAt(t, socket, "/api/v1/connections/4711"); !strings.Contains(none, "there is no connection 4711") {
			t.Error(none)
		}
		about, err := os.Stat(socket)
		if err != nil {
			t.Fatal(err)
		}
		if s := about.Sys().(*syscall.Stat_t); about.Mode().Perm() != 0o600 || root && (s.Uid != 1234 || s.Gid != 1235) {
			t.Errorf("the socket is %v, of %d:%d", about.Mode(), s.Uid, s.Gid)
		}
		if root {
			if missing := threads(cmd.Process.Pid, append([]string{`Uid:\t1234\t1234\t1234\t1234`}, givenUp...)...); missing != "" {
				t.Error(missing)
			}
		}
		cmd.Process.Signal(syscall.SIGINT)
		if err := cmd.Wait(); err != nil {
			t.Error(err, errs)
		}
		if !strings.Contains(out.String(), "closed its window 1 time") {
			t.Errorf("no report: %s", &out)
		}
		want := "tcpwatch: the page is at unix:" + socket + "\ntcpwatch: all is read; the page stays until Ctrl-C\n"
		if errs.String() != want {
			t.Errorf("standard error says %q, want %q", errs, want)
		}
	}
}

// A file is on the page while it loads: its connections so far, and how far that is. A
// small one may be read before anybody asks: then a larger one is served.
func TestServesAFileThatLoads(t *testing.T) {
	racetest.TooSlow(t)
	var opened []uint64
	for all := 80_000; all <= 320_000; all *= 2 {
		opened = openedWhileItLoads(t, all)
		if n := len(opened); n == 0 || opened[0] == 0 || opened[n-1] != uint64(all) {
			t.Fatalf("opened connections: %d, want %d at the end", opened, all)
		}
		if len(opened) > 1 {
			return
		}
	}
	t.Errorf("opened connections: %d, none before the end", opened)
}

// openedWhileItLoads serves a file of so many connections, and returns how many had opened
// whenever that was asked, from the first answer until all was read.
func openedWhileItLoads(t *testing.T, all int) (opened []uint64) {
	dir := t.TempDir()
	socket, file := filepath.Join(dir, "http"), filepath.Join(dir, "long.pcap")
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, pcaptest.ShortConnections(t, all), 0o644); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(file)
	cmd, errs := program(t, "--http", "unix:"+socket, "-j", "1", file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	for deadline := time.Now().Add(time.Minute); ; {
		var x struct {
			Ended  bool
			Opened uint64
		}
		text := askedAt(t, socket, "/api/v1/headline")
		if err := json.Unmarshal([]byte(text), &x); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if n := len(opened); n == 0 || opened[n-1] != x.Opened {
			opened = append(opened, x.Opened)
		}
		if x.Ended || time.Now().After(deadline) {
			break
		}
	}
	cmd.Process.Signal(syscall.SIGINT)
	if err := cmd.Wait(); err != nil {
		t.Error(err, errs)
	}
	return opened
}

// Where no page can be, a line says why.
func TestServesNowhere(t *testing.T) {
	dir := t.TempDir()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	file := pcaps + "zero-window.pcap"
	for _, x := range []struct {
		args []string
		want string
	}{
		{[]string{"--http", "8080"}, "--http: 8080 is no address: 127.0.0.1:8080, :8080 (the same), ADDRESS:PORT or unix:PATH"},
		{[]string{"--http", "example.org:80"}, "--http: example.org:80: an address in numbers, names are not looked up"},
		{[]string{"--http", "127.0.0.1:http"}, `--http: 127.0.0.1:http: "http" is no port from 0 to 65535`},
		{[]string{"--http", "unix:"}, "--http: unix: names no socket"},
		{[]string{"--http", taken.Addr().String()}, "--http: address already in use"},
		{[]string{"--http", "unix:" + plain}, "--http: " + plain + " is there already, and no socket"},
		{[]string{"--http", "unix:" + filepath.Join(dir, "none", "x")}, "--http: no such file or directory"},
		{[]string{"--http", ":0", "--ui"}, "--ui and --http both show a run"},
		{[]string{"--http", ":0", "-c", "5"}, "-c 5 ends the run, and what --http serves with it"},
	} {
		var stdout, stderr bytes.Buffer
		if status := run(append(x.args, file), &stdout, &stderr); status != exitUsage || !strings.Contains(stderr.String(), x.want) || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%v: status %d: %s", x.args, status, &stderr)
		}
	}
	if _, err := os.Stat(plain); err != nil {
		t.Error(err)
	}
}
