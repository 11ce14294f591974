package load

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

// dump is a tcpdump at work: captures that do not fit into memory.
type dump struct {
	cmd  *exec.Cmd
	file string
	said chan string // what tcpdump said at its end
}

// dumpSnaplen keeps every header and little of the data.
const dumpSnaplen = 128

// dumpTCP begins to write the TCP packets of the client's interface into a file.
// buffer is the bytes that the kernel keeps for it.
func dumpTCP(net *wire.Network, file string, buffer int) (*dump, error) {
	// Microseconds, which every reader knows.
	d := &dump{file: file, said: make(chan string, 1), cmd: exec.Command("tcpdump", "-n", "-i", wire.ClientIf,
		"-s", strconv.Itoa(dumpSnaplen), "-B", strconv.Itoa(buffer>>10), "-Z", "root", "-w", file, "tcp")}
	// It ends with the namespace's thread at the latest.
	d.cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	stderr, err := d.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := net.Client.Do(d.cmd.Start); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(stderr)
	var begun strings.Builder
	for {
		line, err := lines.ReadString('\n')
		begun.WriteString(line)
		if err != nil {
			return nil, fmt.Errorf("tcpdump: %w: %s", errors.Join(err, d.cmd.Wait()), begun.String())
		}
		if strings.Contains(line, "listening on") {
			break
		}
	}
	go func() {
		rest, _ := io.ReadAll(lines)
		d.said <- string(rest)
	}()
	return d, nil
}

// end waits until tcpdump has written all that it was given and returns how
// many packets that is. A packet lost is an error.
func (d *dump) end() (int, error) {
	size, since := int64(-1), time.Now()
	for time.Since(since) < 2*time.Second {
		now, err := os.Stat(d.file)
		if err != nil {
			return 0, errors.Join(err, d.kill())
		}
		if now.Size() != size {
			size, since = now.Size(), time.Now()
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err := d.cmd.Process.Signal(unix.SIGINT); err != nil {
		return 0, err
	}
	text := <-d.said
	if err := d.cmd.Wait(); err != nil {
		return 0, fmt.Errorf("tcpdump: %w: %s", err, text)
	}
	captured, received, dropped := said(text, "packets? captured"), said(text, "packets? received by filter"), said(text, "packets? dropped by kernel")
	if captured <= 0 || captured != received || dropped != 0 {
		return 0, fmt.Errorf("the capture has gaps: %s", text)
	}
	return captured, nil
}

// kill ends tcpdump when what it captures is of no use any more.
func (d *dump) kill() error {
	err := d.cmd.Process.Kill()
	<-d.said
	d.cmd.Wait()
	return err
}

// said is the number before some words, -1 without one.
func said(text, words string) int {
	m := regexp.MustCompile(`(\d+) ` + words).FindStringSubmatch(text)
	if m == nil {
		return -1
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return -1
	}
	return n
}
