package diagnose

import (
	"fmt"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// sign is something by which attempts, or connections, differ. Its value is a number; of
// most it is 0 for no and 1 for yes.
type sign[T any] struct {
	mark
	oneSided bool    // only to have it can be why, not to lack it
	from     bool    // the value is a size: to have reached it counts
	tight    bool    // and it is a limit: those that failed differ by a tenth at most
	only     outcome // it can be why only of attempts that went so; wentUnknown: of any whose SYN was not taken
	of       func(a *T) (value uint64, known bool)
	tries    func(value uint64) int    // at how many places it was looked for; nil for one
	say      func(value uint64) string // what they did: "asked for ECN"
	detail   func(bad []*T) string     // what is told besides of those that failed; nil for nothing
}

// mark is what a sign tells where it separates.
type mark struct {
	moments bool // it tells that others fared no better at the moment
	where   bool // it tells where or when, never why
	yields  bool // where another separates equally well, that one is why
	cause   func(t *found) Cause
	advice  func(at capture.Endpoint) []string
}

// signs are the signs of attempts: of why first, then of where and when.
func signs() []sign[joined] {
	return append(signsOfWhy(), signsOfWhere()...)
}

func signsOfWhy() []sign[joined] {
	return []sign[joined]{
		{mark: mark{cause: causeECN, advice: adviseECN}, oneSided: true, of: asksECN, say: yesNo("asked for ECN (ECE and CWR on the SYN)", "")},
		{mark: mark{cause: causeBehind, advice: adviseBehind}, oneSided: true, of: comesBehind, say: yesNo("came with a TSval behind the newest accepted from their address", "")},
		{mark: mark{cause: causeHeld, advice: adviseHeld}, oneSided: true, of: findsHeld, say: yesNo("reused a port on which the server still held the previous connection", ""), detail: statesHeld},
		{mark: mark{cause: causeCrowded, advice: adviseCrowded}, oneSided: true, of: comesCrowded, say: yesNo("came within 2 ms of another host's SYN to the same server", "")},
		{mark: mark{cause: causeTurn, advice: adviseTurn, yields: true}, oneSided: true, only: wentRefused, of: inTurn, tries: placesOf, say: sayTurn},
		{mark: mark{cause: causeLimit, advice: adviseLimit}, from: true, tight: true, of: holdsOpen, say: sayHeld},
		{mark: mark{cause: causeFastOpen, advice: adviseFastOpen}, oneSided: true, of: asksFastOpen, say: yesNo("asked for fast open (RFC 7413)", "")},
		{mark: mark{cause: causeSYNData, advice: adviseFastOpen}, oneSided: true, of: carriesData, say: yesNo("carried data on the SYN (fast open, RFC 7413)", "")},
		{mark: mark{cause: causeSigned, advice: adviseSigned}, oneSided: true, of: isSigned, say: yesNo("signed their SYN (TCP MD5 or TCP-AO)", "")},
		{mark: mark{cause: causeNoData, advice: adviseNoData}, oneSided: true, only: wentIgnored, of: sendsNothing, say: yesNo("sent no data at once", "")},
		{mark: mark{cause: causeOption, advice: adviseOption}, of: offersSACK, say: yesNo("offered SACK", "did not offer SACK")},
		{mark: mark{cause: causeOption, advice: adviseOption}, of: offersWScale, say: yesNo("offered window scaling", "did not offer window scaling")},
		{mark: mark{cause: causeOption, advice: adviseOption}, of: offersStamps, say: yesNo("offered timestamps", "did not offer timestamps")},
		{mark: mark{cause: causeOption, advice: adviseOption}, of: offersMSS, say: sayMSS},
	}
}

func signsOfWhere() []sign[joined] {
	return []sign[joined]{
		{mark: mark{where: true}, of: fromHost, say: constant("came from one host")},
		{mark: mark{where: true}, of: fromSubnet, say: constant("came from one subnet (/24 or /64)")},
		{mark: mark{where: true}, of: withTTL, say: sayTTL},
		{mark: mark{where: true}, of: onVLAN, say: sayVLAN},
		{mark: mark{where: true}, of: inTunnel, say: constant("came in one tunnel, or in none")},
		{mark: mark{where: true}, of: onInterface, say: constant("came over one interface")},
		{mark: mark{where: true, moments: true}, oneSided: true, of: amidNone, say: yesNo("came in seconds in which no other was answered", "")},
	}
}

func yesNo(yes, no string) func(uint64) string {
	return func(v uint64) string {
		if v == 0 {
			return no
		}
		return yes
	}
}

func constant(text string) func(uint64) string { return func(uint64) string { return text } }

func asNumber(yes bool) uint64 {
	if yes {
		return 1
	}
	return 0
}

func asksECN(a *joined) (uint64, bool)      { return asNumber(a.ECN), a.Optioned }
func comesBehind(a *joined) (uint64, bool)  { return asNumber(a.behind), a.stamps }
func findsHeld(a *joined) (uint64, bool)    { return asNumber(a.HeldState != 0), true }
func comesCrowded(a *joined) (uint64, bool) { return asNumber(a.crowded), a.neighbour }
func asksFastOpen(a *joined) (uint64, bool) { return asNumber(a.FastOpen), a.Optioned }
func carriesData(a *joined) (uint64, bool)  { return asNumber(a.SYNData), a.Optioned }
func isSigned(a *joined) (uint64, bool)     { return asNumber(a.Signed), a.Optioned }
func sendsNothing(a *joined) (uint64, bool) { return asNumber(!a.Prompt), true }
func offersSACK(a *joined) (uint64, bool)   { return asNumber(a.SACK), a.Optioned }
func offersWScale(a *joined) (uint64, bool) { return asNumber(a.WScale), a.Optioned }
func offersStamps(a *joined) (uint64, bool) { return asNumber(a.Stamped), a.Optioned }
func offersMSS(a *joined) (uint64, bool)    { return uint64(a.MSS), a.Optioned }

// heldLeast is from how many connections on that a client holds a limit of them is thought of.
const heldLeast = 2

// holdsOpen is how many connections its client held; 0 for too few to be a limit.
func holdsOpen(a *joined) (uint64, bool) {
	if a.held < heldLeast {
		return 0, a.counted
	}
	return uint64(a.held), a.counted
}

func withTTL(a *joined) (uint64, bool)     { return uint64(a.TTL), a.TTL != 0 }
func onVLAN(a *joined) (uint64, bool)      { return uint64(a.VLAN), true }
func inTunnel(a *joined) (uint64, bool)    { return a.Tunnel, true }
func onInterface(a *joined) (uint64, bool) { return uint64(a.Interface), true }
func amidNone(a *joined) (uint64, bool)    { return asNumber(!a.amid), a.neighbour }

// fromHost is the address by its hash: only which are equal matters.
func fromHost(a *joined) (uint64, bool) { return port{Addr: a.Orig.Addr}.Hash(), true }

// fromSubnet is the first 24 bits of an IPv4 address, 64 of an IPv6 one.
func fromSubnet(a *joined) (uint64, bool) {
	x := a.Orig.Addr
	if x.Is4() {
		x[15] = 0
	} else {
		clear(x[8:])
	}
	return port{Addr: x}.Hash(), true
}

// statesHeld are the states in which the listener held the older connections.
func statesHeld(bad []*joined) string {
	var in [record.NStates]bool
	for _, a := range bad {
		in[a.HeldState%uint8(record.NStates)] = true
	}
	var names []string
	for s := record.SynReceived; s < record.NStates; s++ {
		if in[s] {
			names = append(names, s.String())
		}
	}
	return " in " + strings.Join(names, " or ")
}

func sayMSS(v uint64) string {
	if v == 0 {
		return "offered no MSS"
	}
	return fmt.Sprintf("offered an MSS of %d", v)
}

func sayHeld(v uint64) string {
	return fmt.Sprintf("came while their client held %d or more connections to it open", v)
}

func sayTTL(v uint64) string { return fmt.Sprintf("came with TTL %d", v) }

func sayVLAN(v uint64) string {
	if v == 0 {
		return "came without a VLAN tag"
	}
	return fmt.Sprintf("came on VLAN %d", v)
}

func causeECN(*found) Cause {
	return hostOrPath("something on the path, or a firewall at the server, drops SYNs that ask for ECN (RFC 3168 section 6.1.1.1)")
}

func adviseECN(capture.Endpoint) []string {
	return []string{"On a client: `sysctl net.ipv4.tcp_ecn`; with 0 or 2 it does not ask for ECN, and the SYNs must get through.",
		"Look for the device that drops SYNs with ECE and CWR: `nft list ruleset`, and a capture on each side of it."}
}

func causeBehind(*found) Cause {
	return onHost("timestamps are checked by address: hosts that share an address (NAT, a load balancer) have clocks of their own, and a SYN whose TSval is behind the newest accepted from that address " +
		"is dropped (tcp_tw_recycle of Linux before 4.12, or a firewall's timestamp check)")
}

func adviseBehind(at capture.Endpoint) []string {
	return []string{fmt.Sprintf("On %s: with a kernel before 4.12 the setting net.ipv4.tcp_tw_recycle must be 0; netstat -s lists what it dropped as rejected because of time stamp.", at.Addr),
		"Else look at firewalls and load balancers on the path: switch off their check of timestamps. Clients without timestamps (`sysctl net.ipv4.tcp_timestamps`) get through meanwhile."}
}

func causeHeld(t *found) Cause {
	return onHost("they " + t.text + ": the client, or a NAT, gave it up and came back to the same port too early; the server is up and did not close its end")
}

func adviseHeld(at capture.Endpoint) []string {
	return []string{fmt.Sprintf("On %s: `ss -tanp state connected '( sport = :%d )'` lists the older connections and the process that has not closed them.", at.Addr, at.Port),
		"Mend the program that holds them (it must close when it reads the end), and let the client not come back to the port so soon: `sysctl net.ipv4.ip_local_port_range net.ipv4.tcp_tw_reuse`."}
}

func causeCrowded(*found) Cause {
	return onPath("two SYNs at one moment collide where addresses are translated: both get the same port, and one is dropped (SNAT port race; conntrack counts insert_failed)")
}

func adviseCrowded(capture.Endpoint) []string {
	return []string{"On the host that translates: `conntrack -S` shows whether insert_failed grows.",
		"If it does, let the rule choose ports at random (`iptables -S`: MASQUERADE --random-fully)."}
}

func causeLimit(t *found) Cause {
	return hostOrPath("a limit of connections for each client drops further SYNs: they " + t.text)
}

func adviseLimit(at capture.Endpoint) []string {
	return []string{fmt.Sprintf("On %s and what stands before it: `nft list ruleset` (ct count), `iptables -S` (connlimit), limits of the load balancer, proxy or cloud for each address.", at.Addr),
		"Else let the client hold fewer connections: a smaller pool, or connections that are reused."}
}

func causeFastOpen(*found) Cause {
	return hostOrPath("something on the path, or the server, drops SYNs with a fast-open cookie or data (RFC 7413)")
}

func adviseFastOpen(capture.Endpoint) []string {
	return []string{"On a client: `sysctl net.ipv4.tcp_fastopen`; without bit 1 it does not ask, and the SYNs must get through."}
}

func causeSYNData(*found) Cause {
	return hostOrPath("something on the path, or the server, drops SYNs that carry data (RFC 7413 section 7.3); their repeats, without, get through")
}

func causeSigned(*found) Cause {
	return onHost("the server has another key for them, or none, and drops what it cannot verify in silence (RFC 2385, RFC 5925)")
}

func adviseSigned(at capture.Endpoint) []string {
	return []string{fmt.Sprintf("On %s: `nstat -az TcpExtTCPMD5Unexpected TcpExtTCPMD5NotFound TcpExtTCPMD5Failure` counts them; compare the keys of both ends.", at.Addr)}
}

func causeNoData(*found) Cause {
	return onHost("TCP_DEFER_ACCEPT: the server waits for data (tcp(7)); those that send none wait for its time to pass")
}

func adviseNoData(at capture.Endpoint) []string {
	return []string{fmt.Sprintf("On %s: look for TCP_DEFER_ACCEPT in the service's settings (nginx: deferred; Apache: AcceptFilter).", at.Addr)}
}

func causeOption(t *found) Cause {
	return hostOrPath("something on the path, or the server, drops or refuses the SYNs that " + t.text)
}

func adviseOption(capture.Endpoint) []string {
	return []string{"Send a SYN with and without that option to check: `sysctl net.ipv4.tcp_sack net.ipv4.tcp_window_scaling net.ipv4.tcp_timestamps` on a client."}
}
