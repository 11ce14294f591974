package lab

import (
	"bufio"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/host"
)

// edge is one line of the tracepoint: one socket's change of state.
type edge struct {
	time          int64 // nanoseconds since 1970-01-01 UTC
	local, remote netip.AddrPort
	from, to      host.State
}

// tracer reads the tracepoint sock:inet_sock_set_state through a tracefs
// instance of its own, for the whole machine: the tracepoint tells no namespace.
type tracer struct {
	instance string
	mounted  string // where the lab mounted tracefs; "" when it was there
	pipe     *os.File
	marker   *os.File
	offset   int64 // CLOCK_REALTIME - CLOCK_MONOTONIC
	done     chan struct{}

	mu      sync.Mutex
	edges   []edge
	repeats *repeatTrace // nil without its tracepoints
	marks   map[string]bool
	err     error
}

const (
	tracepoint     = "events/sock/inet_sock_set_state"
	instancePrefix = "tcpwatch-lab-"
)

// openTracer enables the tracepoint. The caller holds the machine's lock, so
// that instances left behind by a process that was killed can be removed.
func openTracer() (_ *tracer, err error) {
	t := &tracer{done: make(chan struct{}), marks: map[string]bool{}}
	defer func() {
		if err != nil {
			t.remove()
			err = fmt.Errorf("tracefs: %w", err)
		}
	}()
	root, err := t.tracefs()
	if err != nil {
		return nil, err
	}
	left, err := filepath.Glob(filepath.Join(root, "instances", instancePrefix+"*"))
	if err != nil {
		return nil, err
	}
	for _, instance := range left {
		if err := os.Remove(instance); err != nil {
			return nil, err
		}
	}
	instance := filepath.Join(root, "instances", instancePrefix+strconv.Itoa(os.Getpid()))
	if err := os.Mkdir(instance, 0o700); err != nil {
		return nil, err
	}
	t.instance = instance
	for _, f := range [...]struct{ name, value string }{
		{"trace_clock", "mono"}, {"buffer_size_kb", "4096"}, {tracepoint + "/enable", "1"},
	} {
		if err := os.WriteFile(filepath.Join(instance, f.name), []byte(f.value), 0); err != nil {
			return nil, err
		}
	}
	if enableRepeats(instance) {
		t.repeats = &repeatTrace{pending: map[string]int{}, stack: -1}
	}
	var mono, real unix.Timespec
	if err := errors.Join(unix.ClockGettime(unix.CLOCK_MONOTONIC, &mono), unix.ClockGettime(unix.CLOCK_REALTIME, &real)); err != nil {
		return nil, err
	}
	t.offset = real.Nano() - mono.Nano()
	if t.marker, err = os.OpenFile(filepath.Join(instance, "trace_marker"), os.O_WRONLY, 0); err != nil {
		return nil, err
	}
	// Not blocking, so that Close wakes the reader.
	if t.pipe, err = os.OpenFile(filepath.Join(instance, "trace_pipe"), os.O_RDONLY|unix.O_NONBLOCK, 0); err != nil {
		return nil, err
	}
	go t.read()
	return t, nil
}

// tracefs finds a mounted tracefs, or mounts one on a directory of the lab's,
// where it may be still when the process before was killed.
func (t *tracer) tracefs() (string, error) {
	const usual = "/sys/kernel/tracing"
	if _, err := os.Stat(filepath.Join(usual, tracepoint)); err == nil {
		return usual, nil
	}
	dir := filepath.Join(os.TempDir(), "tcpwatch-lab-tracefs")
	if _, err := os.Stat(filepath.Join(dir, tracepoint)); err == nil {
		t.mounted = dir
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := unix.Mount("tracefs", dir, "tracefs", 0, ""); err != nil {
		return "", errors.Join(err, os.Remove(dir))
	}
	t.mounted = dir
	return dir, nil
}

func (t *tracer) read() {
	defer close(t.done)
	lines := bufio.NewReaderSize(t.pipe, 1<<16)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		t.take(line)
	}
}

func (t *tracer) take(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case strings.Contains(line, "tracing_mark_write: "):
		_, mark, _ := strings.Cut(line, "tracing_mark_write: ")
		t.marks[strings.TrimSpace(mark)] = true
	case strings.Contains(line, " EVENTS]"):
		t.err = fmt.Errorf("the trace lost events: %s", strings.TrimSpace(line))
	default:
		if e, ok := parseEdge(line); ok {
			e.time += t.offset
			t.edges = append(t.edges, e)
		} else if t.repeats != nil {
			t.repeats.take(line, t.offset)
		}
	}
}

// parseEvent reads a line of trace_pipe: the event's name, its time by the
// trace clock, and its fields.
func parseEvent(line string) (name string, at int64, value map[string]string, ok bool) {
	head, rest, _ := strings.Cut(line, ": ")
	name, fields, found := strings.Cut(rest, ": ")
	if !found {
		return "", 0, nil, false
	}
	stamp := head[strings.LastIndexByte(head, ' ')+1:]
	seconds, fraction, _ := strings.Cut(stamp, ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || len(fraction) != 6 {
		return "", 0, nil, false
	}
	us, err := strconv.ParseInt(fraction, 10, 64)
	if err != nil {
		return "", 0, nil, false
	}
	value = map[string]string{}
	for _, f := range strings.Fields(fields) {
		name, v, _ := strings.Cut(f, "=")
		value[name] = v
	}
	return name, s*1e9 + us*1e3, value, true
}

// parseEdge reads a line of trace_pipe; the time is the trace clock's.
func parseEdge(line string) (e edge, ok bool) {
	name, at, value, ok := parseEvent(line)
	if !ok || name != "inet_sock_set_state" || value["protocol"] != "IPPROTO_TCP" {
		return e, false
	}
	e = edge{time: at, from: tracedState(value["oldstate"]), to: tracedState(value["newstate"])}
	var ok1, ok2 bool
	e.local, ok1 = tracedAddress(value["saddrv6"], value["sport"])
	e.remote, ok2 = tracedAddress(value["daddrv6"], value["dport"])
	return e, ok1 && ok2 && e.from != 0 && e.to != 0
}

func tracedAddress(ip, port string) (netip.AddrPort, bool) {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.AddrPort{}, false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return netip.AddrPortFrom(a.Unmap(), uint16(n)), err == nil
}

// tracedState is the state of a name such as TCP_SYN_RECV.
func tracedState(name string) host.State {
	for i, n := range [...]string{"ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
		"CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV"} {
		if name == "TCP_"+n {
			return host.State(i + 1)
		}
	}
	return 0
}

// between waits until everything traced so far has been read, and returns the
// edges of sockets of one of the addresses, in order.
func (t *tracer) between(from, to int64, addresses ...netip.Addr) ([]edge, error) {
	mark := "until " + strconv.FormatInt(time.Now().UnixNano(), 10) + addresses[0].String()
	if _, err := t.marker.WriteString(mark + "\n"); err != nil {
		return nil, err
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		t.mu.Lock()
		seen, err := t.marks[mark], t.err
		t.mu.Unlock()
		if err != nil {
			return nil, err
		}
		if seen {
			break
		}
		if time.Now().After(deadline) {
			return nil, errors.New("the trace does not show its own marker")
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.marks, mark)
	var all []edge
	for _, e := range t.edges {
		if e.time < from || e.time > to || e.remote.Port() == 0 {
			continue // before, after, or a listener
		}
		for _, a := range addresses {
			if e.local.Addr() == a {
				all = append(all, e)
				break
			}
		}
	}
	return withPorts(all), nil
}

// withPorts gives edges to SYN-SENT the port that the kernel chose right after
// them, when nothing had bound the socket: that of the next edge out of SYN-SENT.
// A connect() that found no port made no connection.
func withPorts(edges []edge) []edge {
	for i := range edges {
		e := &edges[i]
		if e.local.Port() != 0 || e.to != host.SynSent {
			continue
		}
		for _, next := range edges[i+1:] {
			if next.from == host.SynSent && next.local.Addr() == e.local.Addr() && next.remote == e.remote {
				e.local = next.local
				break
			}
		}
	}
	return slices.DeleteFunc(edges, func(e edge) bool { return e.local.Port() == 0 })
}

// close switches the tracepoint off and removes the instance.
func (t *tracer) close() error {
	t.pipe.Close()
	<-t.done
	return t.remove()
}

func (t *tracer) remove() (err error) {
	if t.instance != "" {
		err = os.WriteFile(filepath.Join(t.instance, tracepoint, "enable"), []byte("0"), 0)
		disableRepeats(t.instance)
		if t.marker != nil {
			t.marker.Close()
		}
		if t.pipe != nil {
			t.pipe.Close()
		}
		err = errors.Join(err, os.Remove(t.instance))
	}
	if t.mounted != "" {
		err = errors.Join(err, unix.Unmount(t.mounted, 0), os.Remove(t.mounted))
	}
	return err
}
