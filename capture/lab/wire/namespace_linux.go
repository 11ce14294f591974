package wire

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Namespace is a network namespace of its own, held by a locked thread and a
// file descriptor. Sockets made by Do stay in it, whoever uses them.
type Namespace struct {
	Name string
	fd   int
	work chan func()
	gone chan struct{}
}

// NewNamespace makes a network namespace whose TCP sockets have a hash table of
// their own with so many entries: reading the sockets of one namespace then
// does not walk the whole machine's table.
func NewNamespace(name string, entries int) (*Namespace, error) {
	n := &Namespace{Name: name, fd: -1, work: make(chan func()), gone: make(chan struct{})}
	made := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine.
		runtime.LockOSThread()
		defer close(n.gone)
		err := n.enter(entries)
		made <- err
		if err != nil {
			return
		}
		for f := range n.work {
			f()
		}
	}()
	if err := <-made; err != nil {
		return nil, fmt.Errorf("network namespace %s: %w", name, err)
	}
	return n, nil
}

// enter moves the calling thread into a new namespace. tcp_child_ehash_entries
// counts for the children of the namespace it is set in: hence two of them.
func (n *Namespace) enter(entries int) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	const table = "/proc/sys/net/ipv4/tcp_child_ehash_entries"
	if err := os.WriteFile(table, []byte(strconv.Itoa(entries)), 0o644); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	fd, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	n.fd = fd
	return err
}

// Do runs f on a thread inside the namespace and returns its error.
func (n *Namespace) Do(f func() error) error {
	var err error
	done := make(chan struct{})
	n.work <- func() { defer close(done); err = f() }
	<-done
	return err
}

// Join moves the calling thread into the namespace; it must be the caller's alone.
func (n *Namespace) Join() error { return unix.Setns(n.fd, unix.CLONE_NEWNET) }

// FD is a file descriptor of the namespace, which keeps it.
func (n *Namespace) FD() int { return n.fd }

// Path names the namespace for commands that take a file.
func (n *Namespace) Path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), n.fd) }

// Close lets the namespace go: with its last socket it disappears.
func (n *Namespace) Close() {
	close(n.work)
	<-n.gone
	unix.Close(n.fd)
}

// awaitLinks waits until every interface that is up carries packets: a while after
// its peer came up, and until then the kernel drops what it is given to send.
func (n *Namespace) awaitLinks() error {
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		var all []net.Interface
		err := n.Do(func() (err error) {
			all, err = net.Interfaces()
			return err
		})
		waits := func(i net.Interface) bool { return i.Flags&net.FlagUp != 0 && i.Flags&net.FlagRunning == 0 }
		if err != nil || !slices.ContainsFunc(all, waits) {
			return err
		}
	}
	return fmt.Errorf("an interface of %s does not come up", n.Name)
}

// Command runs a command inside the namespace with input as its standard input.
func (n *Namespace) Command(input, name string, args ...string) error {
	return n.Do(func() error {
		c := exec.Command(name, args...)
		c.Stdin = strings.NewReader(input)
		var out bytes.Buffer
		c.Stdout, c.Stderr = &out, &out
		if err := c.Run(); err != nil {
			return fmt.Errorf("%s in %s: %w: %s%s", name, n.Name, err, input, out.Bytes())
		}
		return nil
	})
}

// IP runs lines of ip(8) commands.
func (n *Namespace) IP(lines ...string) error {
	return n.Command(strings.Join(lines, "\n")+"\n", "ip", "-batch", "-")
}

// NFT runs lines of nft(8) commands.
func (n *Namespace) NFT(lines ...string) error {
	return n.Command(strings.Join(lines, "\n")+"\n", "nft", "-f", "-")
}

// Sysctl sets a file under /proc/sys/net, such as "ipv4/tcp_fin_timeout".
func (n *Namespace) Sysctl(name string, value int) error {
	return n.SysctlText(name, strconv.Itoa(value))
}

// SysctlText sets one that is no single number.
func (n *Namespace) SysctlText(name, value string) error {
	return n.Do(func() error {
		return os.WriteFile(filepath.Join("/proc/sys/net", name), []byte(value), 0o644)
	})
}
