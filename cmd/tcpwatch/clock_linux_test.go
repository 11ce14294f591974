package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A terminal is told the local time, whatever else reads UTC; --tz says otherwise.
func TestClock(t *testing.T) {
	capture := filepath.Join("..", "..", "testdata", "pcaps", "syn-lost.pcap") // of 16:47:12 UTC
	for _, test := range []struct {
		terminal bool
		args     []string
		want     string
	}{
		{true, nil, "11:47:12 EST"},
		{true, []string{"--tz", "utc"}, "16:47:12 UTC"},
		{true, []string{"--why", "3"}, "11:47:12.077580 EST"},
		{true, []string{"-o", "jsonl"}, "16:47:12.0775"},
		{false, nil, "16:47:12 UTC"},
		{false, []string{"--tz=local"}, "11:47:12 EST"},
		{false, []string{"--tz", "Asia/Kolkata"}, "22:17:12 IST"},
		{false, []string{"--tz", "Asia/Kolkata", "--follow", "3"}, "22:17:12.077580 IST"},
		{false, []string{"--tz", "Asia/Kolkata", "-o", "csv"}, "16:47:12.0775"},
	} {
		program, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := &exec.Cmd{Path: program, Args: append([]string{"tcpwatch", capture}, test.args...), Env: append(os.Environ(), "TZ=America/New_York", "NO_COLOR=1")}
		var told bytes.Buffer
		cmd.Stdout = &told
		if test.terminal {
			master, slave := pseudoTerminal(t)
			cmd.Stdout = slave
			shown := make(chan struct{})
			go func() {
				io.Copy(&told, master) // to an error: the other side is closed
				close(shown)
			}()
			if err := cmd.Run(); err != nil {
				t.Error(err)
			}
			slave.Close()
			<-shown
		} else if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(told.Bytes(), []byte(test.want)) {
			t.Errorf("%q, terminal %v: no %q in\n%s", test.args, test.terminal, test.want, told.Bytes())
		}
	}
}
