package diagnose

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"tcpwatch/capture"
)

// Advice names the tools of Linux. Here, and nowhere else, what it says to do on a host of another system is put
// in the tools of that, or in words where it may be a device without a shell.

// advise puts the tools of another system in the place of those of Linux where the advice is for a host of it.
func (x *systems) advise(f *Finding) {
	if f.Group == GroupCapture { // that is for the host that captured
		return
	}
	var all []string
	for _, text := range f.Advice {
		if on, at, known := f.adviceFor(text); known {
			text = x.adviceOn(on, at, text)
		}
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	f.Advice = all
}

// adviceOn is an advice as it is for a host, which is named by some words; for any of the capture's without an address.
func (x *systems) adviceOn(on string, at *capture.Addr, text string) string {
	switch x.of(at) {
	case windows:
		return instead(on, text, "its TTL fits Windows", onWindows)
	case bsd:
		return instead(on, text, "its SYNs fit macOS or a BSD", onBSD)
	case unlike:
		return instead(on, text, "its packets are not as Linux sends them", onAny)
	case undecided:
		return ifLinux(text)
	}
	return text
}

var (
	// place is where an advice says at its beginning that it is done; namedEnd are words there that name an end.
	place    = regexp.MustCompile(`^(?:On|At|From) ([^:,;]*)`)
	namedEnd = regexp.MustCompile(`^(the client|the server|a client|the sender|the receiver|the other end|its clients)\b`)
	// placeLater is such a place behind what is to be done.
	placeLater = regexp.MustCompile(`\b(?:on (the sender|the client|the server|the receiver|a client)|at (both ends|one end))\b`)
	// address is one at the beginning.
	address = regexp.MustCompile(`^(?:[0-9a-f]*:[0-9a-f:.]*[0-9a-f]|[0-9]+(?:\.[0-9]+){3})\b`)
	// between is what is done from elsewhere, or on what lies between the ends: a tool that asks the path, a rule for what
	// is forwarded, a thing that is of Linux as such.
	between = regexp.MustCompile("`(?:ping|mtr|traceroute|tracepath|iptables -t|iptables -A FORWARD)\\b|on Linux")
)

// adviceFor is which host an advice is for, in words, and its address where that is known: whom it names, else whom
// the finding is about. That is not known where it is for what lies between the ends, or done from anywhere.
func (f *Finding) adviceFor(text string) (on string, at *capture.Addr, known bool) {
	about := &f.Subject.A.Addr
	where := ""
	if m := place.FindStringSubmatch(text); m != nil {
		if a := address.FindString(m[1]); a != "" {
			ip, err := netip.ParseAddr(a)
			host := capture.AddrFrom(ip)
			return "on " + a, &host, err == nil
		}
		if where = namedEnd.FindString(m[1]); where == "" {
			return "", nil, false
		}
	} else if between.MatchString(text) {
		return "", nil, false
	} else if m := placeLater.FindStringSubmatch(text); m != nil {
		where = m[1]
		if where == "" {
			return "at " + m[2], nil, true
		}
	}
	switch {
	case where == "" && f.Subject.Kind == SubjectCapture:
		return "there", nil, true
	case where == "", where == "the server" && f.Subject.Kind == SubjectListener, where == "the client" && f.Subject.Kind == SubjectPair:
		return "on " + about.String(), about, true
	}
	return "on " + where, nil, true // it may be any of the capture
}

// tool is a command in an advice.
var tool = regexp.MustCompile("`([a-z]+) ?([^`]*)`")

// instead is an advice with what another system has for its first command that is of Linux, told by there of its name
// and arguments; the same where it has none.
func instead(on, text, why string, there func(name, args string) string) string {
	for _, m := range tool.FindAllStringSubmatch(text, -1) {
		if other := there(m[1], m[2]); other != "" {
			return fmt.Sprintf("%s (%s): %s.", sentence(on), why, other)
		}
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
		switch {
		case strings.HasPrefix(args, "fs."):
			return "`Get-Process -Id PID` counts the handles of the process"
		case strings.Contains(args, "tcp_keepalive"):
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
	case "vmstat", "cat":
		return "`Get-Counter` shows whether it is short of processor time"
	case "ip":
		if strings.HasPrefix(args, "route") {
			return "`Get-NetRoute` lists which way packets go"
		}
		return "`Get-NetAdapterStatistics` counts errors and drops of its interfaces"
	case "ethtool":
		return "`Get-NetAdapterStatistics` counts errors and drops of its interfaces"
	case "mtr", "traceroute", "tracepath":
		return "`tracert -d` shows the hops"
	case "ping":
		if strings.HasPrefix(args, "-M do") {
			return "`ping -f -l 1472` towards the other end, with less until it passes, finds the MTU"
		}
		return ""
	case "uptime":
		return "`Get-Uptime`, and the event log, show when it was started"
	}
	return onAny(name, args)
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
func onBSD(name, args string) string {
	switch name {
	case "ss":
		return "`netstat -an -p tcp` lists connections and open ports"
	case "nstat":
		return "`netstat -s -p tcp` counts resets, retransmissions and dropped connections"
	case "sysctl":
		if strings.HasPrefix(args, "fs.") {
			return "`fstat -p PID` (on macOS `lsof -p PID`) lists what the process has open"
		}
		return "`sysctl net.inet.tcp` shows how TCP is set"
	case "strace":
		return "`ktrace -p PID` (on macOS `dtruss -p PID`) shows what the application does with its sockets"
	case "ls", "ulimit":
		return "`fstat -p PID` (on macOS `lsof -p PID`) lists what that process has open"
	case "nft", "iptables":
		return "`pfctl -s rules` lists the rules of the firewall"
	case "vmstat", "cat":
		return "`top` shows whether it is short of processor time"
	case "ip":
		if strings.HasPrefix(args, "route") {
			return "`netstat -rn` lists which way packets go"
		}
		return "`netstat -i -d` counts errors and drops of its interfaces"
	case "ethtool":
		return "`netstat -i -d` counts errors and drops of its interfaces"
	case "mtr", "tracepath", "traceroute":
		return "`traceroute -n`, with -P tcp, shows the hops"
	case "ping":
		if strings.HasPrefix(args, "-M do") {
			return "`ping -D -s 1472` towards the other end, with less until it passes, finds the MTU"
		}
		return ""
	case "uptime":
		return "`uptime` shows since when it runs"
	case "tcpdump":
		return "" // is the same there
	}
	return onAny(name, args)
}

// onAny is, in words, what a system that is not known may have for a command of Linux; it may be a device
// without a shell.
func onAny(name, args string) string {
	const shell = ", where it has a shell)"
	switch name {
	case "ss":
		return "look at its list of connections and open ports (`netstat -an`" + shell
	case "nstat":
		return "look at its counts of resets, retransmissions and dropped connections (`netstat -s`" + shell
	case "sysctl":
		if strings.HasPrefix(args, "fs.") {
			return "look whether it is short of processor time, memory or open files"
		}
		return "look how its system's TCP is set"
	case "strace":
		return "a trace of its system calls, or its log, shows what the application does with its sockets"
	case "ls", "ulimit", "vmstat", "cat":
		return "look whether it is short of processor time, memory or open files"
	case "nft", "iptables":
		return "look at the rules of its own firewall"
	case "ip", "ethtool":
		if strings.HasPrefix(args, "route") {
			return "look which way it sends packets: its address, mask and router"
		}
		return "look at the settings and error counts of its interfaces"
	case "tcpdump":
		return "capture there, or at the switch before it, to see what arrives and what leaves"
	case "mtr", "traceroute", "tracepath":
		return "trace the path to the other end from there, or from beside it"
	case "uptime":
		return "look when it was started: its log, or its diagnostic buffer"
	case "ping":
		if strings.HasPrefix(args, "-M do") {
			return "look for the MTU of its interface, and send packets of that size that may not be fragmented towards the other end"
		}
	case "conntrack":
		return "look at its table of connections, and at what it counts as invalid"
	}
	return ""
}

// ofLinux are commands that only Linux has.
var ofLinux = regexp.MustCompile("`(?:ss|nstat|nft|iptables|ip|ethtool|strace|conntrack|tracepath|vmstat|traceroute -T|uptime -s|cat /proc|ls /proc|sysctl (?:-w )?(?:net\\.ipv4|net\\.core|net\\.netfilter|fs))\\b")

// ifLinux is an advice for whichever host it may be, where some are not of Linux.
func ifLinux(text string) string {
	if !ofLinux.MatchString(text) {
		return text
	}
	return strings.TrimSuffix(text, ".") + " (where that is Linux)."
}
