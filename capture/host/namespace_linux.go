package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// serve enters the namespace of a file, says so, and runs there what comes.
func (n *Namespace) serve(file string, entered chan<- error) {
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	err := enter(file)
	entered <- err
	if err != nil {
		return
	}
	for f := range n.work {
		f()
	}
}

// errNoNamespace is that a file stands for none.
var errNoNamespace = errors.New("not a network namespace")

// enter moves the calling thread into the network namespace of a file.
func enter(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
		if errors.Is(err, unix.EINVAL) {
			return errNoNamespace
		}
		return os.NewSyscallError("setns", err)
	}
	return nil
}

// why says what to do where a namespace can't be entered.
func why(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return errors.New("no privilege to enter its network namespace: use sudo")
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case isNumber(name):
		return errors.New("no process has this number")
	case strings.Contains(name, "/"):
		return errors.New("no such file")
	}
	text := "no network namespace has this name"
	if all, _ := os.ReadDir(named); len(all) > 0 {
		names := make([]string, len(all))
		for i, x := range all {
			names[i] = x.Name()
		}
		return fmt.Errorf("%s; known: %s", text, strings.Join(names, ", "))
	}
	return fmt.Errorf("%s, and none has one (ip netns); the number of a process in it will do", text)
}
