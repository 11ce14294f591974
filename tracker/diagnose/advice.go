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
		return instead(on, text, "its TTL fits Windows", windows)
	case bsd:
		return instead(on, text, "its SYNs fit macOS or a BSD", bsd)
	case unlike:
		return instead(on, text, "its packets are not as Linux sends them", unlike)
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
		if a := address.FindString(text[len(m[0])-len(m[1]):]); a != "" { // of IPv6 it goes on behind a colon
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

// asOnLinux stands where a system has the same command.
const asOnLinux = "="

// aProgram is what to look for where packets are made by none of the systems' own TCP.
const aProgram = "look for a program that makes packets itself (raw sockets)"

// tools are commands of Linux, by their names and a part of their arguments, and what other systems have in the place of
// each, the first that fits; %s is what Windows lists connections with. What is not known of a system is as on any, which may
// be a device without a shell.
var tools = [...]struct{ names, args, onWindows, onBSD, onAny string }{
	{"ss", "-wp", aProgram, aProgram, aProgram},
	{"ss", "", "`%s` lists them, with the process (OwningProcess)", "`netstat -an -p tcp` lists connections and open ports",
		"look at its list of connections and open ports (`netstat -an`, where it has a shell)"},
	{"nstat", "", "`netstat -s -p tcp` counts failed attempts, resets and retransmissions", "`netstat -s -p tcp` counts resets, retransmissions and dropped connections",
		"look at its counts of resets, retransmissions and dropped connections (`netstat -s`, where it has a shell)"},
	{"sysctl", "fs.", "`Get-Process -Id PID` counts the handles of the process", "`fstat -p PID` (on macOS `lsof -p PID`) lists what the process has open",
		"look whether it is short of processor time, memory or open files"},
	{"sysctl", "tcp_keepalive", "the application sets how soon it probes (SO_KEEPALIVE, TCP_KEEPIDLE); the default is KeepAliveTime in the registry, 2 hours",
		"`sysctl net.inet.tcp` shows how TCP is set", "look how its system's TCP is set"},
	{"sysctl", "", "`Get-NetTCPSetting` shows how TCP is set", "`sysctl net.inet.tcp` shows how TCP is set", "look how its system's TCP is set"},
	{"strace", "", "Process Monitor shows what the application does with its sockets", "`ktrace -p PID` (on macOS `dtruss -p PID`) shows what the application does with its sockets",
		"a trace of its system calls, or its log, shows what the application does with its sockets"},
	{"ls ulimit", "", "`Get-Process -Id PID` counts the handles of that process", "`fstat -p PID` (on macOS `lsof -p PID`) lists what that process has open",
		"look whether it is short of processor time, memory or open files"},
	{"nft iptables", "", "`Get-NetFirewallRule -Enabled True` lists the rules of the firewall", "`pfctl -s rules` lists the rules of the firewall", "look at the rules of its own firewall"},
	{"tcpdump", "-i lo ", "capture its loopback interface, in both directions", "`tcpdump -i lo0 -w FILE` captures both directions", "capture its loopback interface, in both directions"},
	{"tcpdump", "", "`pktmon start --capture` shows what arrives and leaves", asOnLinux, "capture there, or at the switch before it, to see what arrives and what leaves"},
	{"vmstat cat", "", "`Get-Counter` shows whether it is short of processor time", "`top` shows whether it is short of processor time",
		"look whether it is short of processor time, memory or open files"},
	{"ip", "route", "`Get-NetRoute` lists which way packets go", "`netstat -rn` lists which way packets go", "look which way it sends packets: its address, mask and router"},
	{"ip ethtool", "", "`Get-NetAdapterStatistics` counts errors and drops of its interfaces", "`netstat -i -d` counts errors and drops of its interfaces",
		"look at the settings and error counts of its interfaces"},
	{"mtr traceroute tracepath", "", "`tracert -d` shows the hops", "`traceroute -n`, with -P tcp, shows the hops", "trace the path that its packets take, from there or from beside it"},
	{"ping", "-M do", "`ping -f -l 1472` towards the other end, with less until it passes, finds the MTU", "`ping -D -s 1472` towards the other end, with less until it passes, finds the MTU",
		"look for the MTU of its interface, and send packets of that size that may not be fragmented towards the other end"},
	{"uptime", "", "`Get-Uptime`, and the event log, show when it was started", "`uptime` shows since when it runs", "look when it was started: its log, or its diagnostic buffer"},
	{"conntrack", "", "", "", "look at its table of connections, and at what it counts as invalid"},
}

// instead is an advice with what another system has for its first command that is of Linux; the same where it has none.
func instead(on, text, why string, as system) string {
	for _, m := range tool.FindAllStringSubmatch(text, -1) {
		for i := range tools {
			t := &tools[i]
			if !slices.Contains(strings.Fields(t.names), m[1]) || !strings.Contains(m[2], t.args) {
				continue
			}
			other := t.onAny
			switch {
			case as == windows && t.onWindows != "":
				other = strings.ReplaceAll(t.onWindows, "%s", connections(m[2]))
			case as == bsd && t.onBSD != "":
				other = t.onBSD
			}
			if other == asOnLinux {
				break
			}
			return fmt.Sprintf("%s (%s): %s.", sentence(on), why, other)
		}
	}
	return text
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

// ofLinux are commands that only Linux has.
var ofLinux = regexp.MustCompile("`(?:ss|nstat|nft|iptables|ip|ethtool|strace|conntrack|tracepath|vmstat|traceroute -T|uptime -s|cat /proc|ls /proc|sysctl (?:-w )?(?:net\\.ipv4|net\\.core|net\\.netfilter|fs))\\b")

// ifLinux is an advice for whichever host it may be, where some are not of Linux.
func ifLinux(text string) string {
	if !ofLinux.MatchString(text) {
		return text
	}
	return strings.TrimSuffix(text, ".") + " (where that is Linux)."
}
