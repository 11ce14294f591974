package host

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// Namespace is a network namespace (network_namespaces(7)) that a thread of this process is in.
// What Do runs sees its interfaces, addresses and settings; sockets opened there stay in it,
// whoever reads them. The nil Namespace is that of the process.
type Namespace struct {
	name string
	work chan func()
}

// Enter enters a network namespace: that of the process with this number, the one that ip-netns(8)
// calls so, or, where the name has a slash, the one that this file stands for. It takes
// CAP_SYS_ADMIN (setns(2)), which may be given up afterwards. The error is one line that names
// what to do; on systems other than Linux it is ErrUnsupported.
func Enter(name string) (*Namespace, error) {
	n := &Namespace{name: name, work: make(chan func())}
	entered := make(chan error)
	go n.serve(fileOf(name), entered)
	if err := <-entered; err != nil {
		return nil, fmt.Errorf("%s: %w", name, why(name, err))
	}
	return n, nil
}

// Do runs f in the namespace and returns when it is done. It is not to be called by f, nor after Close.
func (n *Namespace) Do(f func()) {
	if n == nil {
		f()
		return
	}
	done := make(chan struct{})
	n.work <- func() {
		defer close(done)
		f()
	}
	<-done
}

// Close ends the thread.
func (n *Namespace) Close() {
	if n != nil {
		close(n.work)
	}
}

// String is the name that the Namespace was entered by, "" for that of the process.
func (n *Namespace) String() string {
	if n == nil {
		return ""
	}
	return n.name
}

// named is where ip-netns(8) keeps the namespaces that have a name.
const named = "/run/netns"

// fileOf is the file that stands for a namespace.
func fileOf(name string) string {
	switch {
	case isNumber(name):
		return filepath.Join("/proc", name, "ns/net")
	case strings.Contains(name, "/"):
		return name
	}
	return filepath.Join(named, name)
}

// isNumber reports whether a namespace is named by the number of a process in it.
func isNumber(name string) bool {
	_, err := strconv.ParseUint(name, 10, 31)
	return err == nil
}
