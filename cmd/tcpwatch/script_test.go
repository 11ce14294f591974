package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"tcpwatch/capture"
	"tcpwatch/capture/live"
	"tcpwatch/internal/pcaptest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tcpwatch": main,
		// unprivileged is tcpwatch for a user who may not capture.
		"unprivileged": func() {
			if err := cap.NewSet().SetProc(); err != nil {
				panic(err)
			}
			main()
		},
	})
}

// run is the program in a process of which it is not to give up the privileges.
func run(args []string, stdout, stderr io.Writer) int {
	return (&command{stdout: stdout, stderr: stderr}).run(args)
}

// sessionOf is a run over files that prints nothing but errors.
func sessionOf(t *testing.T, stderr io.Writer, args ...string) *session {
	t.Helper()
	o, err := parse(args)
	if err != nil {
		t.Fatal(err)
	}
	in, err := openSource(o, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	if err := in.Begin(); err != nil {
		t.Fatal(err)
	}
	return newSession(&command{stdout: io.Discard, stderr: stderr}, o, in)
}

// TestScripts runs the scripts in testdata: standard output, standard error and
// exit status of the program as its users get them.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                "testdata",
		Setup:              setup,
		Condition:          condition,
		RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":  statusCommand,
			"packets": packetsCommand,
			"cut":     cutCommand,
			"connect": connectCommand,
			"burst":   burstCommand,
			"signal":  signalCommand,
			"process": processCommand,
		},
	})
}

// setup gives each script a listener on loopback of its own, at $PORT, and the
// bundled captures, in $PCAPS.
func setup(e *testscript.Env) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	e.Defer(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	pcaps, err := filepath.Abs(filepath.Join("..", "..", "testdata", "pcaps"))
	if err != nil {
		return err
	}
	e.Vars = append(e.Vars, "GORACE="+os.Getenv("GORACE"), "PCAPS="+pcaps, "COLUMNS=80", "LANG=C.UTF-8", "PORT="+strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	return nil
}

// condition knows [root], [filters], when the program was built with libpcap,
// and [capture], when it may also capture.
func condition(cond string) (bool, error) {
	switch cond {
	case "root":
		return os.Geteuid() == 0, nil
	case "filters":
		_, err := live.Compile(capture.LinkEthernet, "tcp")
		return err == nil, nil
	case "capture":
		h, err := live.Open(live.Options{Interface: "lo"})
		if err != nil {
			return false, nil
		}
		return true, h.Close()
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

// status N COMMAND ARGS... runs a command that must exit with status N.
func statusCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command args...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
}

// packets TEXT PCAP makes a capture of a text, see pcaptest.WriteText.
func packetsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: packets text pcap")
	}
	f, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Check(pcaptest.WriteText(f, ts.ReadFile(args[0])))
	ts.Check(f.Close())
}

// cut FILE N takes the last N bytes off a file.
func cutCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cut file bytes")
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	about, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), about.Size()-n))
}

// connect FILE N makes connections to the listener until FILE, to which the
// program under test writes what it captures, has N bytes.
func connectCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: connect file bytes")
	}
	want, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		about, err := os.Stat(ts.MkAbs(args[0]))
		if err == nil && about.Size() >= want {
			return
		}
		if c, err := net.Dial("tcp", "127.0.0.1:"+ts.Getenv("PORT")); err == nil {
			c.Read(make([]byte, 1))
			c.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("%s did not reach %d bytes", args[0], want)
}

// burst N sends N datagrams of 1400 bytes, all at once, to the listener's port
// number, where nobody takes them.
func burstCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: burst packets")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	c, err := net.Dial("udp", "127.0.0.1:"+ts.Getenv("PORT"))
	ts.Check(err)
	defer c.Close()
	for range n {
		c.Write(make([]byte, 1400)) // refused at times: captured all the same
	}
}

// signal NAME WORD sends a signal, which the kill command may not know, to the
// program in the background that has WORD on its command line.
func signalCommand(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "USR1": syscall.SIGUSR1,
		"STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT}
	if neg || len(args) != 2 || signals[args[0]] == 0 {
		ts.Fatalf("usage: signal INT|TERM|USR1|STOP|CONT word")
	}
	ts.Check(syscall.Kill(background(ts, args[1]), signals[args[0]]))
}

// process REGEXP WORD looks for a line in the kernel's description of each thread of
// the program in the background that has WORD on its command line.
func processCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: process regexp word")
	}
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", background(ts, args[1])))
	ts.Check(err)
	for _, name := range threads {
		status, err := os.ReadFile(name)
		if err == nil && !regexp.MustCompile("(?m)"+args[0]).Match(status) {
			ts.Fatalf("no %s in:\n%s", args[0], status)
		}
	}
}

// background is the process of ours that has word on its command line.
func background(ts *testscript.TestScript, word string) int {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		line, _ := os.ReadFile(dir + "/cmdline")
		status, _ := os.ReadFile(dir + "/status")
		ours := strings.Contains(string(status), fmt.Sprintf("PPid:\t%d\n", os.Getpid()))
		if ours && slices.Contains(strings.Split(string(line), "\x00"), word) {
			pid, err := strconv.Atoi(filepath.Base(dir))
			ts.Check(err)
			return pid
		}
	}
	ts.Fatalf("no %s in the background", word)
	return 0
}

// One screen holds the help.
func TestUsage(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(usage(), "\n"), "\n")
	if len(lines)-strings.Count(tableNames()+formatLines(), "\n") > 40 {
		t.Errorf("%d lines", len(lines))
	}
	for _, l := range lines {
		if len(l) > 80 {
			t.Errorf("%d columns: %s", len(l), l)
		}
	}
}
