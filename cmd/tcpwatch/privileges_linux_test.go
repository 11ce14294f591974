package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/internal/pcaptest"
)

// threads waits until what the kernel says of every thread of a process has all
// of the lines, and returns what was missing last.
func threads(pid int, lines ...string) (missing string) {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		missing = ""
		all, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
		if len(all) == 0 {
			missing = "no thread"
		}
		for _, name := range all {
			status, err := os.ReadFile(name)
			for _, l := range lines {
				if err == nil && !regexp.MustCompile("(?m)^"+l+"$").Match(status) {
					missing = name + " has no " + l + ":\n" + string(status)
				}
			}
		}
		if missing == "" {
			break
		}
	}
	return missing
}

// program is this program as a command, in a directory of which only root can read.
func program(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	errs := &bytes.Buffer{}
	return &exec.Cmd{Path: self, Args: append([]string{"tcpwatch"}, args...), Stderr: errs,
		Env: append(os.Environ(), "SUDO_UID=", "SUDO_GID=")}, errs
}

// needsRoot skips a test where there are no privileges to give up.
func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: only root has privileges to give up")
	}
}

// startOn starts a program that reads from a pipe, which is made here, and returns the
// other end of it.
func startOn(t *testing.T, cmd *exec.Cmd, fifo string) *os.File {
	t.Helper()
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	to, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { to.Close() })
	return to
}

// givenUp are the lines of a thread that has nothing left.
var givenUp = []string{`CapInh:\t0+`, `CapPrm:\t0+`, `CapEff:\t0+`, `CapBnd:\t0+`, `CapAmb:\t0+`, `NoNewPrivs:\t1`, `Groups:\s*(\d+)?\s*`}

// Before the first byte of an input is there to be read, all threads have given up
// everything, whoever started the program; what was opened before serves all the
// same, for two passes too.
func TestPrivilegesAreGivenUpBeforeReading(t *testing.T) {
	needsRoot(t)
	pcap := pcaptest.ShortConnections(t, 300)
	for _, x := range []struct {
		name string
		env  []string
		args []string
		uid  int
	}{
		{"root", nil, nil, 65534},
		{"sudo", []string{"SUDO_UID=1234", "SUDO_GID=1235"}, nil, 1234},
		{"-Z", []string{"SUDO_UID=1234", "SUDO_GID=1235"}, []string{"-Z", "daemon"}, 1},
	} {
		t.Run(x.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Chmod(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			fifo, w, records := filepath.Join(dir, "fifo"), filepath.Join(dir, "w.pcap"), filepath.Join(dir, "x.jsonl")
			cmd, errs := program(t, append(x.args, fifo, "-w", w, "-o", "jsonl:"+records)...)
			cmd.Env = append(cmd.Env, x.env...)
			to := startOn(t, cmd, fifo)
			id := fmt.Sprintf(`Uid:\t%d\t%[1]d\t%[1]d\t%[1]d`, x.uid)
			if missing := threads(cmd.Process.Pid, append([]string{id}, givenUp...)...); missing != "" {
				t.Fatal(missing)
			}
			for _, half := range [][]byte{pcap[:len(pcap)/2], pcap[len(pcap)/2:]} {
				if _, err := to.Write(half); err != nil {
					t.Fatal(err)
				}
				if missing := threads(cmd.Process.Pid, append([]string{id}, givenUp...)...); missing != "" {
					t.Error(missing)
				}
			}
			to.Close()
			if err := cmd.Wait(); err != nil || errs.Len() > 0 {
				t.Fatalf("%v: %s", err, errs)
			}
			for name, mode := range map[string]os.FileMode{w: 0o600, records: 0o644} {
				about, err := os.Stat(name)
				if err != nil {
					t.Fatal(err)
				}
				owner := 0 // root's own, whoever it becomes
				if x.env != nil {
					owner = 1234
				}
				if about.Size() < 1000 || about.Mode() != mode || int(about.Sys().(*syscall.Stat_t).Uid) != owner {
					t.Errorf("%s: %v, %d bytes, of %d", name, about.Mode(), about.Size(), about.Sys().(*syscall.Stat_t).Uid)
				}
			}
		})
	}
}

// A comparison has given everything up before it reads, too.
func TestPrivilegesOfCompare(t *testing.T) {
	needsRoot(t)
	capture := filepath.Join("..", "..", "testdata", "pcaps", "syn-lost.pcap")
	var records, stderr bytes.Buffer
	if status := run([]string{"-o", "jsonl", capture}, &records, &stderr); status != exitDone {
		t.Fatalf("status %d: %s", status, &stderr)
	}
	fifo := filepath.Join(t.TempDir(), "fifo")
	cmd, errs := program(t, "compare", fifo, capture)
	to := startOn(t, cmd, fifo)
	if missing := threads(cmd.Process.Pid, append([]string{`Uid:\t65534\t65534\t65534\t65534`}, givenUp...)...); missing != "" {
		t.Error(missing)
	}
	if _, err := to.Write(records.Bytes()); err != nil {
		t.Fatal(err)
	}
	to.Close()
	if err := cmd.Wait(); err != nil || errs.Len() > 0 {
		t.Fatalf("%v: %s", err, errs)
	}
}

// A file that only root can read is read twice, and both files of a comparison are
// read, by a process that could open neither any more.
func TestPrivilegesAndFollowUpReads(t *testing.T) {
	needsRoot(t)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	in, out := filepath.Join(dir, "in.pcap"), filepath.Join(dir, "out.pcapng")
	if err := os.WriteFile(in, pcaptest.ShortConnections(t, 50), 0o600); err != nil {
		t.Fatal(err)
	}
	raw := filepath.Join(dir, "raw")
	for _, args := range [][]string{
		{in, "--where", "id > 0", "--extract", out, "-o", "csv"},
		{in, in, "--where", "id > 0", "--why", "matching"},
		{in, "--follow", "1", "--raw", raw},
		{in, "--follow", "1", "--where", "id == 1"},
		{"compare", in, in},
		{out, "-o", "jsonl"},
	} {
		cmd, errs := program(t, args...)
		var shown bytes.Buffer
		cmd.Stdout = &shown
		if err := cmd.Run(); err != nil || shown.Len() == 0 && !strings.Contains(strings.Join(args, " "), "--raw") || strings.Contains(errs.String(), "permission") {
			t.Errorf("%v: %v: %s%s", args, err, shown.String(), errs)
		}
	}
	for _, name := range []string{out, raw + "-orig.bin", raw + "-resp.bin"} {
		if about, err := os.Stat(name); err != nil || about.Mode() != 0o600 || about.Size() == 0 {
			t.Errorf("%s: %v %v", name, about, err)
		}
	}
}

// A user that cannot be set is said in a line, and the run goes on without
// capabilities.
func TestUserThatCannotBeSet(t *testing.T) {
	needsRoot(t)
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	cmd, errs := program(t, fifo, "-o", "jsonl", "-Z", "no-such-user")
	to := startOn(t, cmd, fifo)
	if missing := threads(cmd.Process.Pid, givenUp[:6]...); missing != "" {
		t.Error(missing)
	}
	to.Write(pcaptest.ShortConnections(t, 1))
	to.Close()
	if err := cmd.Wait(); err != nil || errs.String() != "tcpwatch: cannot become user no-such-user: there is none; going on without capabilities\n" {
		t.Errorf("%v: %s", err, errs)
	}
}

// Nothing is written through what somebody else may have put into a directory like
// /tmp, and no input is written to by whatever name.
func TestOutputsAreNoTraps(t *testing.T) {
	dir := t.TempDir()
	open := filepath.Join(dir, "sticky")
	if err := os.Mkdir(open, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	pcap := pcaptest.ShortConnections(t, 20)
	write := func(name string) {
		if err := os.WriteFile(at(name), pcap, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"in.pcap", "precious", "sticky/linked-twice"} {
		write(name)
	}
	for from, to := range map[string]string{"sticky/trap": at("precious"), "sticky/dangling": at("new"), "sticky/dir": dir, "fine": "precious",
		"in-link": "in.pcap", "loop": "loop"} {
		if err := os.Symlink(to, at(from)); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{"in-hard": "in.pcap", "sticky/linked-twice.2": "sticky/linked-twice"} {
		if err := os.Link(at(to), at(from)); err != nil {
			t.Fatal(err)
		}
	}
	const symlink, input = "leads through a symbolic link", "is read and cannot be written too"
	tests := []struct{ out, want string }{
		{"sticky/trap", symlink}, {"sticky/dangling", symlink}, {"sticky/dir/new", symlink}, {"sticky/linked-twice", "is another user's"},
		{"in.pcap", input}, {"in-link", input}, {"in-hard", input}, {"./sticky/../in.pcap", input},
		{"loop", "too many levels of symbolic links"}, {"sticky", "is a directory"}, {"sticky/", "is a directory"}, {"none/new", "no such file or directory"},
	}
	if os.Geteuid() == 0 {
		write("sticky/foreign")
		if err := os.Chown(at("sticky/foreign"), 1234, 1234); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mkfifo(at("sticky/foreign-pipe"), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(at("sticky/foreign-pipe"), 1234, 1234); err != nil {
			t.Fatal(err)
		}
		tests = append(tests, struct{ out, want string }{"sticky/foreign", "is another user's"},
			struct{ out, want string }{"sticky/foreign-pipe", "is another user's"}) // from which nobody reads
	}
	for _, x := range tests {
		for _, flag := range []string{"-w", "--extract", "-o"} {
			arg := dir + "/" + x.out
			if flag == "-o" {
				arg = "jsonl:" + arg
			}
			cmd, errs := program(t, at("in.pcap"), flag, arg)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			waits := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
			cmd.Wait()
			waits.Stop()
			if cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(errs.String(), x.want) || strings.Count(errs.String(), "\n") != 1 {
				t.Errorf("%s %s: status %d: %s", flag, x.out, cmd.ProcessState.ExitCode(), errs)
			}
		}
	}
	for _, name := range []string{"in.pcap", "precious", "sticky/linked-twice"} {
		if got, err := os.ReadFile(at(name)); err != nil || !bytes.Equal(got, pcap) {
			t.Errorf("%s was written to: %v", name, err)
		}
	}
	if _, err := os.Stat(at("new")); err == nil {
		t.Error("a file was made through a link")
	}
	for _, out := range []string{"fine", "sticky/new"} { // a link of one's own directory; a new file
		cmd, errs := program(t, at("in.pcap"), "-w", at(out))
		if err := cmd.Run(); err != nil {
			t.Errorf("%s: %v: %s", out, err, errs)
		}
		if about, err := os.Stat(at(out)); err != nil || about.Mode() != 0o600 || about.Size() == int64(len(pcap)) && out == "sticky/none" {
			t.Errorf("%s: %v %v", out, about, err)
		}
	}
}

// What is no file on disk is written to as ever: a pipe of one's own, in a directory like
// /tmp too, that somebody reads from before or only later; standard output by its name;
// /dev/null.
func TestOutputsThatAreNoFiles(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pcap")
	if err := os.WriteFile(in, pcaptest.ShortConnections(t, 20), 0o600); err != nil {
		t.Fatal(err)
	}
	want := func(got []byte) {
		t.Helper()
		if bytes.Count(got, []byte(`"type":"conn"`)) != 20 {
			t.Errorf("%d bytes: %.200s", len(got), got)
		}
	}
	for _, mode := range []os.FileMode{0o700, 0o777 | os.ModeSticky} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		for _, later := range []bool{false, true} {
			pipe := filepath.Join(dir, fmt.Sprint("pipe", later, mode))
			if err := unix.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd, errs := program(t, in, "-o", "jsonl:"+pipe)
			read := make(chan []byte)
			reads := func() {
				got, err := os.ReadFile(pipe)
				if err != nil {
					t.Error(err)
				}
				read <- got
			}
			if !later {
				go reads()
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if later {
				time.Sleep(50 * time.Millisecond)
				go reads()
			}
			want(<-read)
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v: %s", err, errs)
			}
		}
	}
	cmd, errs := program(t, in, "-o", "jsonl:/dev/stdout", "-o", "csv:/dev/null")
	got, err := cmd.Output()
	if err != nil {
		t.Errorf("%v: %s", err, errs)
	}
	want(got)
}

// Standard output may be the input too, without its name being said anywhere.
func TestStandardOutputIsNoInput(t *testing.T) {
	in := filepath.Join(t.TempDir(), "in.pcap")
	pcap := pcaptest.ShortConnections(t, 20)
	if err := os.WriteFile(in, pcap, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{in, "-w", "-"}, {"-r", "-", "-w", "-"}, {"-r", "-", "-w", in}, {in}, {in, "-o", "jsonl"}, {in, "--extract", "-"}} {
		cmd, errs := program(t, args...)
		to, err := os.OpenFile(in, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		from, err := os.Open(in)
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdin, cmd.Stdout = from, to
		cmd.Run()
		to.Close()
		from.Close()
		if cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(errs.String(), "is read and cannot be written too") {
			t.Errorf("%v: status %d: %s", args, cmd.ProcessState.ExitCode(), errs)
		}
		if got, err := os.ReadFile(in); err != nil || !bytes.Equal(got, pcap) {
			t.Fatalf("%v: the input was written to: %v", args, err)
		}
	}
}

// Who reads from a pipe and writes to it too would wait for its own output for ever.
func TestPipeIsReadOrWritten(t *testing.T) {
	pcap := pcaptest.ShortConnections(t, 20)
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{pipe, "-w", pipe}, {"-r", "-", "-w", "/dev/stdin"}, {"-r", "-", "-o", "jsonl:/dev/fd/0"}} {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		held, err := os.OpenFile(pipe, os.O_RDWR, 0) // so that opening it does not wait for the other end
		if err != nil {
			t.Fatal(err)
		}
		defer held.Close()
		cmd, errs := program(t, args...)
		bounded := exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...)
		bounded.Args, bounded.Env, bounded.Stderr, bounded.Stdin = cmd.Args, cmd.Env, errs, bytes.NewReader(pcap)
		bounded.Run()
		if bounded.ProcessState.ExitCode() != exitUsage || !strings.Contains(errs.String(), "is read and cannot be written too") {
			t.Errorf("%v: status %d: %s", args, bounded.ProcessState.ExitCode(), errs)
		}
	}
}

// More inputs than may be open at once are refused before anything is written.
func TestMoreInputsThanDescriptors(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pcap")
	if err := os.WriteFile(in, pcaptest.ShortConnections(t, 1), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "tcpwatch")
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	args := strings.Repeat(" "+in, 100)
	out, err := exec.Command("sh", "-c", "ulimit -n 100; cd "+dir+"; exec ./tcpwatch"+args+" -w out.pcap").CombinedOutput()
	if err == nil || string(out) != "tcpwatch: 100 files to read, and 100 may be open at once (ulimit -n): raise that limit, or join some of the files\n" {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "out.pcap")); err == nil {
		t.Error("out.pcap was made")
	}
	if out, err := exec.Command("sh", "-c", "ulimit -n 140; cd "+dir+"; exec ./tcpwatch"+args+" -o jsonl:out.jsonl").CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}
