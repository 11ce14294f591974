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
// every packet has: 128 on Windows, 64 on Linux, macOS and the BSDs, 255 on many routers; by the
// order of their SYNs' options, which each system writes in its own way; and by the MSS of their
// loopback interface, whose MTU is 16,384 on macOS and FreeBSD (65,536 on Linux). Advice names the
// tools of Linux where nothing speaks against that; else those of the system take their place, or
// words that hold for any. That is decided here alone.
type systems struct {
	kept fold.Bounded[port, starts, *starts]
}

// maxHosts bounds the hosts of which that is known.
const maxHosts = 4096

func newSystems() systems { return systems{fold.NewBounded[port, starts](maxHosts)} }

// starts are how many connections of a host had packets of each TTL to begin with.
type starts struct {
	from64, from128, from255 uint64
	linux, bsd, other        uint64        // and SYNs or SYN/ACKs whose options are in the order of each
	heard                    int64         // when it was heard last
	near, far                uint64        // opened by it, whose data was acknowledged from near or not: see acknowledgedNear
	servers                  fold.Distinct // hosts that the near ones went to
}

// Fields walks over the counts.
func (x *starts) Fields(w *fold.Walk) {
	fold.Sum(w, &x.from64, &x.from128, &x.from255, &x.linux, &x.bsd, &x.other, &x.near, &x.far)
	fold.Max(w, &x.heard)
	x.servers.Fields(w)
}

// system is what a host seems to be of.
type system uint8

const (
	linux     system = iota // nothing speaks against it
	windows                 // all its packets began with a TTL of 128, and no SYN is as Linux writes it
	bsd                     // macOS or a BSD, by its SYNs
	unlike                  // not Linux, and no other that is known
	undecided               // of several hosts: some are Linux, others are not
	nSystems
)

// of tells of what system a host is.
func (x *starts) of() system {
	switch {
	case x == nil:
		return linux
	case x.from128 > 0 && x.from64+x.from255+x.linux == 0:
		return windows
	case x.bsd > 0 && x.linux+x.other+x.from128+x.from255 == 0:
		return bsd
	case x.bsd+x.other+x.from128+x.from255 > 0:
		return unlike
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
		end := &r.Ends[e]
		if !end.TTL.OK && end.LastSent == 0 {
			continue
		}
		s := x.kept.At(hostKey(addr))
		if r.Close.ResetBy != record.End(e) || r.Close.ResetTime.V != end.LastSent { // others send RSTs in its name
			s.heard = max(s.heard, end.LastSent)
		}
		switch orderOf(r, record.End(e)) {
		case capture.OrderLinux:
			s.linux++
		case capture.OrderBSD:
			s.bsd++
		case capture.OrderOther:
			s.other++
		}
		switch ttl := end.TTL; {
		case !ttl.OK:
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

// orderOf tells whose order an end's SYN has. One that answers SACK, timestamps and window scale by
// none of them is not as Linux sends it; the MSS of a loopback interface is that of its MTU.
func orderOf(r *record.Record, e record.End) capture.OptionOrder {
	x, asked := &r.Ends[e], &r.Ends[record.Orig]
	if mss := x.MSS; mss.OK && withinLoopback(r) && (mss.V == loopbackMTU-40 || mss.V == loopbackMTU-60) {
		return capture.OrderBSD
	}
	if e == record.Resp && asked.SACK.V && asked.Timestamps.V && asked.WScale.OK && x.SACK.OK && !x.SACK.V && !x.Timestamps.V && !x.WScale.OK {
		return capture.OrderOther
	}
	return x.Order
}

// of tells of what system a host is; without a host, of what all are.
func (x *systems) of(a *capture.Addr) system {
	if a != nil {
		return x.kept.Find(hostKey(*a)).of()
	}
	var seen [nSystems]bool
	n := 0
	for _, s := range x.kept.All() {
		if one := s.of(); !seen[one] {
			seen[one], n = true, n+1
		}
	}
	for one := range seen {
		switch {
		case !seen[one]:
		case n == 1:
			return system(one)
		case seen[linux]:
			return undecided
		default:
			return unlike
		}
	}
	return linux
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
			text = instead(on, text, "its TTL fits Windows", onWindows)
		case bsd:
			text = instead(on, text, "its SYNs fit macOS or a BSD", onBSD)
		case unlike:
			text = instead(on, text, "its packets are not as Linux sends them", onAny)
		case undecided:
			text = ifLinux(text)
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

// instead is an advice with what another system has for its first command, told by there of its name and
// arguments; the same where there is "": the command is for all.
func instead(on, text, why string, there func(name, args string) string) string {
	m := tool.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	if other := there(m[1], m[2]); other != "" {
		return fmt.Sprintf("%s (%s): %s.", sentence(on), why, other)
	}
	return text
}

// onWindows is what Windows has for a command.
func onWindows(name, args string) string {
	switch name {
	case "ss":
		return "`" + connections(args) + "` lists them, with the process (OwningProcess)"
	case "nstat":
		return "`netstat -s -p tcp` counts failed attempts, resets and retransmissions"
	case "sysctl":
		if strings.Contains(args, "tcp_keepalive") {
			return "the application sets how soon it probes (SO_KEEPALIVE, TCP_KEEPIDLE); the default is KeepAliveTime in the registry, 2 hours"
		}
		return "`Get-NetTCPSetting` shows how TCP is set"
	case "strace":
		return "Process Monitor shows what the application does with its sockets"
	case "ls", "ulimit":
		return "`Get-Process -Id PID` counts the handles of that process"
	case "nft", "iptables":
		return "`Get-NetFirewallRule -Enabled True` lists the rules of the firewall"
	case "tcpdump":
		return "`pktmon start --capture` shows what arrives and leaves"
	case "vmstat":
		return "`Get-Counter` shows whether it is short of processor time"
	}
	return ""
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

// onBSD is what macOS and FreeBSD have for a command.
func onBSD(name, _ string) string {
	switch name {
	case "ss":
		return "`netstat -an -p tcp` lists connections and open ports"
	case "nstat":
		return "`netstat -s -p tcp` counts resets, retransmissions and dropped connections"
	case "sysctl":
		return "`sysctl net.inet.tcp` shows how TCP is set"
	case "strace":
		return "`ktrace -p PID` (on macOS `dtruss -p PID`) shows what the application does with its sockets"
	case "ls", "ulimit":
		return "`fstat -p PID` (on macOS `lsof -p PID`) lists what that process has open"
	case "nft", "iptables":
		return "`pfctl -s rules` lists the rules of the firewall"
	}
	return ""
}

// onAny is, in words, what a system that is not known may have for a command of Linux.
func onAny(name, _ string) string {
	switch name {
	case "ss":
		return "`netstat -an`, or what its system has for it, lists connections and open ports"
	case "nstat":
		return "`netstat -s`, or what its system has for it, counts resets, retransmissions and dropped connections"
	case "sysctl":
		return "look how its system's TCP is set"
	case "strace":
		return "a trace of its system calls, or its log, shows what the application does with its sockets"
	case "ls", "ulimit", "vmstat", "cat", "swapon":
		return "look whether it is short of processor time, memory or open files"
	case "nft", "iptables":
		return "look at the rules of its own firewall"
	case "ip", "ethtool":
		return "look at the settings and error counts of its interfaces"
	case "tcpdump":
		return "capture there, or at the switch before it, to see what arrives and what leaves"
	}
	return ""
}

// ofLinux are commands that only Linux has.
var ofLinux = regexp.MustCompile("`(?:ss|nstat|nft|iptables|ip|ethtool|strace|conntrack|sysctl net\\.ipv4)\\b")

// ifLinux is an advice for whichever host it may be, where some are not of Linux.
func ifLinux(text string) string {
	if !ofLinux.MatchString(text) {
		return text
	}
	return strings.TrimSuffix(text, ".") + " (where that is Linux)."
}
