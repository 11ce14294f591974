package diagnose

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// systems are the hosts by the TTL that their packets begin with, a sign of the system that
// every packet has: 128 on Windows, 64 on Linux, macOS and the BSDs, 255 on many routers; and by
// the MSS of their loopback interface, whose MTU is 16,384 on macOS and FreeBSD (65,536 on Linux).
// Advice names the tools of Linux; for a host of another system its own take their place, which
// is decided here alone.
type systems struct {
	kept fold.Bounded[port, starts, *starts]
}

// maxHosts bounds the hosts of which that is known.
const maxHosts = 4096

func newSystems() systems { return systems{fold.NewBounded[port, starts](maxHosts)} }

// starts are how many connections of a host had packets of each TTL to begin with.
type starts struct {
	from64, from128, from255 uint64
	small                    uint64        // with the loopback MSS of macOS and FreeBSD
	near, far                uint64        // opened by it, whose data was acknowledged from near or not: see acknowledgedNear
	servers                  fold.Distinct // hosts that the near ones went to
}

// Fields walks over the counts.
func (x *starts) Fields(w *fold.Walk) {
	fold.Sum(w, &x.from64, &x.from128, &x.from255, &x.small, &x.near, &x.far)
	x.servers.Fields(w)
}

// system is what a host seems to be of.
type system uint8

const (
	linux system = iota // or not known
	windows
	bsd // macOS or FreeBSD
)

// of tells of what system a host is: of Windows where all its packets began with a TTL of 128.
func (x *starts) of() system {
	switch {
	case x == nil:
		return linux
	case x.from128 > 0 && x.from64+x.from255 == 0:
		return windows
	case x.small > 0:
		return bsd
	}
	return linux
}

// hostKey is a host as a key.
func hostKey(a capture.Addr) port { return port(capture.Endpoint{Addr: a}) }

func (x *systems) add(r *record.Record) {
	if near, known := acknowledgedNear(r); near {
		s := x.kept.At(hostKey(r.Orig.Addr))
		s.near++
		s.servers.Add(fold.Hash16(r.Resp.Addr, 0))
	} else if known {
		x.kept.At(hostKey(r.Orig.Addr)).far++
	}
	for e, addr := range [...]capture.Addr{r.Orig.Addr, r.Resp.Addr} {
		ttl := r.Ends[e].TTL
		if !ttl.OK {
			continue
		}
		s := x.kept.At(hostKey(addr))
		if mss := r.Ends[e].MSS; mss.OK && withinLoopback(r) && (mss.V == loopbackMTU-40 || mss.V == loopbackMTU-60) {
			s.small++
		}
		switch {
		case ttl.V <= 64:
			s.from64++
		case ttl.V <= 128:
			s.from128++
		default:
			s.from255++
		}
	}
}

// loopbackMTU is that of lo0 on macOS and FreeBSD.
const loopbackMTU = 16384

// of tells of what system a host is; without a host, of what all are.
func (x *systems) of(a *capture.Addr) system {
	if a != nil {
		return x.kept.Find(hostKey(*a)).of()
	}
	all, first := linux, true
	for _, s := range x.kept.All() {
		if one := s.of(); !first && one != all {
			return linux
		}
		all, first = s.of(), false
	}
	return all
}

// advise puts the tools of another system in the place of those of Linux where the advice is for a host of it.
func (x *systems) advise(f *Finding) {
	if f.Group == GroupCapture { // that is for the host that captured
		return
	}
	var all []string
	for _, text := range f.Advice {
		switch on, at := f.adviceFor(text); x.of(at) {
		case windows:
			text = onWindows(on, text)
		case bsd:
			text = onBSD(on, text)
		}
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	f.Advice = all
}

// onWhom is whom an advice names at its beginning.
var onWhom = regexp.MustCompile(`^(?:On|At) (the client|the server|a client|the sender|the receiver|the other end|[0-9a-f]*:[0-9a-f:.]*[0-9a-f]|[0-9]+(?:\.[0-9]+){3})\b`)

// adviceFor is which host an advice is for, in words, and its address where that is known: whom it
// names, else whom the finding is about.
func (f *Finding) adviceFor(text string) (string, *capture.Addr) {
	about := &f.Subject.A.Addr
	m := onWhom.FindStringSubmatch(text)
	switch {
	case m == nil && strings.Contains(text, "on the sender"):
		return "on the sender", nil
	case m == nil && f.Subject.Kind == SubjectCapture:
		return "there", nil
	case m == nil, m[1] == about.String():
		return "on " + about.String(), about
	case m[1] == "the server" && f.Subject.Kind == SubjectListener, m[1] == "the client" && f.Subject.Kind == SubjectPair:
		return "on " + about.String(), about
	}
	if ip, err := netip.ParseAddr(m[1]); err == nil {
		a := capture.AddrFrom(ip)
		return "on " + m[1], &a
	}
	return "on " + m[1], nil // it may be any of the capture
}

// tool is a command in an advice.
var tool = regexp.MustCompile("`([a-z]+) ?([^`]*)`")

// onWindows is an advice with what Windows has for its first command; the same where that is for both.
func onWindows(on, text string) string {
	m := tool.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	var there string
	switch m[1] {
	case "ss":
		there = "`" + connections(m[2]) + "` lists them, with the process (OwningProcess)"
	case "nstat":
		there = "`netstat -s -p tcp` counts failed attempts, resets and retransmissions"
	case "sysctl":
		there = "`Get-NetTCPSetting` shows how TCP is set"
		if strings.Contains(m[2], "tcp_keepalive") {
			there = "the application sets how soon it probes (SO_KEEPALIVE, TCP_KEEPIDLE); the default is KeepAliveTime in the registry, 2 hours"
		}
	case "strace":
		there = "Process Monitor shows what the application does with its sockets"
	case "ls", "ulimit":
		there = "`Get-Process -Id PID` counts the handles of that process"
	case "nft", "iptables":
		there = "`Get-NetFirewallRule -Enabled True` lists the rules of the firewall"
	case "tcpdump":
		there = "`pktmon start --capture` shows what arrives and leaves"
	case "vmstat":
		there = "`Get-Counter` shows whether it is short of processor time"
	default:
		return text
	}
	return fmt.Sprintf("%s (its TTL fits Windows): %s.", sentence(on), there)
}

// connections is how Windows lists what ss lists.
func connections(args string) string {
	command := "Get-NetTCPConnection"
	for _, x := range [...][2]string{{"close-wait", "CloseWait"}, {"established", "Established"}, {"fin-wait-1", "FinWait1"}, {"fin-wait-2", "FinWait2"},
		{"time-wait", "TimeWait"}, {"syn-recv", "SynReceived"}, {"syn-sent", "SynSent"}, {"last-ack", "LastAck"}} {
		if strings.Contains(args, "state "+x[0]) {
			command += " -State " + x[1]
		}
	}
	if strings.HasPrefix(args, "-lt") { // as of ss -ltn, -ltnp
		command += " -State Listen"
	}
	for _, x := range [...][2]string{{"sport = :", " -LocalPort "}, {"dport = :", " -RemotePort "}} {
		if _, after, found := strings.Cut(args, x[0]); found {
			command += x[1] + after[:len(after)-len(strings.TrimLeft(after, "0123456789"))]
		}
	}
	return command
}

// onBSD is an advice with what macOS and FreeBSD have for its first command; the same where that is for all.
func onBSD(on, text string) string {
	m := tool.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	var there string
	switch m[1] {
	case "ss":
		there = "`netstat -an -p tcp` lists connections and open ports, `lsof -nP -iTCP` with the process"
	case "nstat":
		there = "`netstat -s -p tcp` counts resets, retransmissions and dropped connections"
	case "sysctl":
		there = "`sysctl net.inet.tcp` shows how TCP is set"
	case "strace":
		there = "`dtruss -p PID` (macOS) or `truss -p PID` (FreeBSD) shows what the application does with its sockets"
	case "ls", "ulimit":
		there = "`lsof -p PID` lists what that process has open"
	case "nft", "iptables":
		there = "`pfctl -s rules` lists the rules of the firewall"
	default:
		return text
	}
	return fmt.Sprintf("%s (its loopback MSS fits macOS or FreeBSD): %s.", sentence(on), there)
}
