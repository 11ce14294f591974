package diagnose

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Advice for a host names the tools of its system: Linux where nothing speaks against it, Windows by a TTL of 128,
// macOS and the BSDs by the order of options, and for others what any system has.
func TestAdviceFitsTheSystem(t *testing.T) {
	ttls := func(orig, resp uint8) func(r *record.Record) {
		return func(r *record.Record) {
			r.Ends[record.Orig].TTL, r.Ends[record.Resp].TTL = record.Some(orig), record.Some(resp)
		}
	}
	wrote := func(orig, resp capture.OptionOrder) func(r *record.Record) {
		return func(r *record.Record) { r.Ends[record.Orig].Order, r.Ends[record.Resp].Order = orig, resp }
	}
	onLo0 := func(mss uint16) func(r *record.Record) {
		return func(r *record.Record) {
			r.Orig.Addr, r.Resp.Addr = point("127.0.0.1:1").Addr, point("127.0.0.1:1").Addr
			r.Ends[record.Orig].MSS, r.Ends[record.Resp].MSS = record.Some(mss), record.Some(mss)
		}
	}
	onSix := func(r *record.Record) { r.Orig.Addr, r.Resp.Addr = point("[::1]:1").Addr, point("[::1]:1").Addr }
	oneSided := func(r *record.Record) { r.Capture.OneWay, r.Capture.OneWayShown = true, true }
	optionless := func(r *record.Record) {
		for e := range r.Ends {
			x := &r.Ends[e]
			x.MSS, x.SACK, x.Timestamps, x.WScale = record.Opt[uint16]{}, record.Some(false), record.Some(false), record.Opt[uint8]{}
		}
	}
	for _, c := range []struct {
		name, detector string
		records        []*record.Record
		has, lacks     string
	}{
		{"a server of Windows", "close-wait", clean(20, halfClosed(600*second), ttls(64, 127)), "On 10.0.0.2 (its TTL fits Windows): `Get-NetTCPConnection -State CloseWait -LocalPort 80` lists them", "`ss "},
		{"a server of Linux", "close-wait", clean(20, halfClosed(600*second), ttls(128, 63)), "`ss -tanp state close-wait", "Windows"},
		{"a controller, whose packets begin with a TTL of 30", "close-wait", clean(20, halfClosed(600*second), ttls(128, 30)), "On 10.0.0.2 (its packets are not as Linux sends them): look at its list", "`ss "},
		{"a router", "close-wait", clean(20, halfClosed(600*second), ttls(128, 250)), "On 10.0.0.2 (its packets are not as Linux sends them): look at its list of connections and open ports (`netstat -an`, where it has a shell)", "`ss "},
		{"a program of Linux that sets a TTL of 255", "close-wait", clean(20, halfClosed(600*second), ttls(64, 255), wrote(capture.OrderLinux, capture.OrderLinux)), "`ss -tanp state close-wait", "not as Linux"},
		{"one that sets a TTL of 1", "close-wait", clean(20, halfClosed(600*second), ttls(64, 1), wrote(capture.OrderLinux, capture.OrderLinux)), "`ss -tanp state close-wait", "not as Linux"},
		{"a router that writes no such SYN", "close-wait", clean(20, halfClosed(600*second), ttls(64, 1)), "(its packets are not as Linux sends them)", "`ss "},
		{"now one, now the other, as behind a load balancer", "close-wait", append(clean(20, halfClosed(600*second), ttls(64, 128)), made(900, ttls(64, 64))), "On 10.0.0.2 (its packets are not as Linux sends them): look at its list of connections and open ports (`netstat -an`, where it has a shell)", "Windows"},
		{"a server of Linux, by its SYN/ACKs too", "close-wait", clean(20, halfClosed(600*second), ttls(64, 63), wrote(capture.OrderBSD, capture.OrderLinux)), "`ss -tanp state close-wait", "netstat"},
		{"a server of macOS", "close-wait", clean(20, halfClosed(600*second), ttls(64, 63), wrote(capture.OrderLinux, capture.OrderBSD)), "On 10.0.0.2 (its SYNs fit macOS or a BSD): `netstat -an -p tcp`", "`ss "},
		{"a server whose SYN/ACKs are now of macOS, now of Linux", "close-wait", append(clean(20, halfClosed(600*second), ttls(64, 63), wrote(capture.OrderLinux, capture.OrderBSD)), made(900, ttls(64, 63), wrote(capture.OrderLinux, capture.OrderLinux))), "(its packets are not as Linux sends them): look at its list of connections and open ports (`netstat -an`, where it has a shell)", "macOS"},
		{"a server of Windows that writes timestamps", "close-wait", clean(20, halfClosed(600*second), ttls(64, 127), wrote(capture.OrderLinux, capture.OrderBSD)), "(its TTL fits Windows): `Get-NetTCPConnection", "`ss "},
		{"a TTL of Windows and SYN/ACKs of Linux", "close-wait", clean(20, halfClosed(600*second), ttls(64, 119), wrote(capture.OrderLinux, capture.OrderLinux)), "(its packets are not as Linux sends them): look at its list of connections and open ports (`netstat -an`, where it has a shell)", "Windows"},
		{"a TTL of Windows, and some SYN/ACKs in an order of Linux", "close-wait", append(clean(20, halfClosed(600*second), ttls(64, 128), wrote(capture.OrderLinux, capture.OrderOther)), made(900, ttls(64, 128), wrote(capture.OrderLinux, capture.OrderLinux))), "(its TTL fits Windows): `Get-NetTCPConnection", "`ss "},
		{"a server of Solaris", "close-wait", clean(20, halfClosed(600*second), ttls(64, 64), wrote(capture.OrderLinux, capture.OrderOther)), "(its packets are not as Linux sends them): look at its list of connections and open ports (`netstat -an`, where it has a shell)", "`ss "},
		{"a device that takes no option", "close-wait", clean(20, halfClosed(600*second), ttls(64, 64), func(r *record.Record) {
			x := &r.Ends[record.Resp]
			x.SACK, x.Timestamps, x.WScale = record.Some(false), record.Some(false), record.Opt[uint8]{}
		}), "(its packets are not as Linux sends them): look at its list of connections and open ports (`netstat -an`, where it has a shell)", "`ss "},
		{"a server that takes no SACK", "close-wait", clean(20, halfClosed(600*second), ttls(64, 64), func(r *record.Record) { r.Ends[record.Resp].SACK = record.Some(false) }), "`ss -tanp state close-wait", "netstat"},
		{"several systems, any of which it may be", "reuse-refused", same(3, late(2), old(record.TimeWait, true), ttls(64, 250)), "(where that is Linux)", "netstat"},
		{"nobody named", "reset-abort", same(3, reset(record.Resp, record.ResetAbort), ttls(64, 128)), "On 10.0.0.2 (its TTL fits Windows): Process Monitor", "strace"},
		{"the client sent the RSTs, and is Linux", "reset-abort", same(3, reset(record.Orig, record.ResetAbort), ttls(64, 128)), "On 10.9.0.1: `strace", "Windows"},
		{"the client sent the RSTs, and is Windows", "reset-abort", same(3, reset(record.Orig, record.ResetAbort), ttls(128, 64)), "On 10.9.0.1 (its TTL fits Windows): Process Monitor", "strace"},
		{"a client of a server of Windows", "reuse-refused", same(3, late(2), old(record.TimeWait, true), ttls(64, 128)), "On the client: `sysctl", "Get-NetTCPSetting"},
		{"both of Windows", "reuse-refused", same(3, late(2), old(record.TimeWait, true), ttls(128, 128)), "On the client (its TTL fits Windows): `Get-NetTCPSetting`", "sysctl"},
		{"macOS, within the host", "reset-abort", same(3, reset(record.Orig, record.ResetAbort), onLo0(16344)), "On 127.0.0.1 (its SYNs fit macOS or a BSD): `ktrace -p PID`", "strace"},
		{"Linux, within the host", "reset-abort", same(3, reset(record.Orig, record.ResetAbort), onLo0(65495)), "On 127.0.0.1: `strace", "macOS"},
		{"such an MSS elsewhere", "reset-abort", same(3, reset(record.Orig, record.ResetAbort), func(r *record.Record) {
			r.Ends[record.Orig].MSS = record.Some(uint16(16344))
		}), "On 10.9.0.1: `strace", "macOS"},
		{"macOS, within the host, over IPv6", "reset-abort", same(3, reset(record.Orig, record.ResetAbort), onLo0(16324), onSix), "On ::1 (its SYNs fit macOS or a BSD): `ktrace -p PID`", "strace"},
		{"Linux, within the host, over IPv6", "reset-abort", same(3, reset(record.Orig, record.ResetAbort), onLo0(65476), onSix), "On ::1: `strace", "macOS"},
		{"one direction within a host of macOS", "capture-one-way", same(3, onLo0(16344), oneSided), "On the host itself (its SYNs fit macOS or a BSD): `tcpdump -i lo0 -w FILE`", "-i lo "},
		{"one direction within a host of Linux", "capture-one-way", same(3, onLo0(65495), oneSided), "Capture both directions: `tcpdump -i lo -w FILE`", "lo0"},
		{"SYN/ACKs without any option", "close-wait", clean(20, halfClosed(600*second), optionless), "(its packets are not as Linux sends them): look at its list", "`ss "},
		{"with an MSS alone", "close-wait", clean(20, halfClosed(600*second), optionless, func(r *record.Record) { r.Ends[record.Resp].MSS = record.Some(uint16(1460)) }), "`ss -tanp state close-wait", "netstat"},
		{"a SYN without any option, which a program may make on Linux", "abandoned", same(1, failed(record.OpenAborted, 1), optionless), "On the client: `ss -wp`", "that is Linux"},
		{"a device that sends what no TCP sends", "port-scan", same(1, unheard(1), ttls(128, 128), onSix, func(r *record.Record) { r.Ends[record.Resp].TTL = record.Opt[uint8]{} }), "On ::1 (its TTL fits Windows): look for a program that makes packets itself (raw sockets)", "ss -wp"},
		{"the capture", "capture-drops", same(3, ttls(128, 128), func(r *record.Record) { r.Capture.MissingBytes = 100 }), "`tcpdump -B", "Windows"},
	} {
		found := findingsOf(t, c.detector, nil, c.records...)
		if len(found) != 1 {
			t.Errorf("%s: %v", c.name, titles(found))
			continue
		}
		if all := strings.Join(found[0].Advice, "\n"); !strings.Contains(all, c.has) || strings.Contains(all, c.lacks) {
			t.Errorf("%s: %s", c.name, all)
		}
	}
}

// No advice of any kind of finding names a command of Linux for an end that is known to be of another system; for what lies
// between the ends, and done from anywhere, it may.
func TestNoCommandOfLinuxElsewhere(t *testing.T) {
	onlyLinux := regexp.MustCompile("`(?:ss|nstat|nft|iptables|ip|ethtool|strace|conntrack|mtr|tracepath|vmstat|uptime -s|cat|ls|swapon|traceroute -T|ping -M|sysctl -w|sysctl (?:net\\.ipv4|net\\.core|net\\.netfilter|fs))\\b")
	elsewhere := regexp.MustCompile("^(?:(?:On|At) (?:the host that|the firewalls|the middleboxes|the NAT|a NAT|each|[0-9.]+: look at routes)|On [^:]*: the routers)|on Linux|`(?:ping|mtr|traceroute|tracepath|iptables -t|iptables -A FORWARD)|tcpwatch ")
	found := advised(t)
	for _, c := range []struct {
		name string
		as   starts
	}{{"Windows", starts{from128: 1}}, {"a BSD", starts{bsd: 1, from64: 1}}, {"a device", starts{from32: 1}}, {"a router", starts{from255: 1}}} {
		x := newSystems()
		for i := range found {
			f := &found[i]
			*x.kept.At(hostKey(f.Subject.A.Addr)) = c.as
			for _, text := range f.Advice {
				if m := address.FindString(strings.TrimPrefix(text, "On ")); m != "" {
					*x.kept.At(hostKey(point(netip.AddrPortFrom(netip.MustParseAddr(m), 1).String()).Addr)) = c.as
				}
			}
		}
		told := make(map[string]bool)
		for i := range found {
			f := found[i]
			x.advise(&f)
			for _, text := range f.Advice {
				if f.Group != GroupCapture && onlyLinux.MatchString(text) && !elsewhere.MatchString(text) && !told[text] {
					told[text] = true
					t.Errorf("%s, %s: %s", c.name, f.Detector, text)
				}
			}
		}
	}
}
