package diagnose

import (
	"fmt"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
)

// A timer and a quota are told from chance by their size: nobody limits connections to
// less than these.
const (
	leastLifetime = 10 * second
	leastQuota    = 1 << 20 // bytes
)

// endsDoc is what detectors say that compare ends.
const endsDoc = `Where both ends closed other connections to the server, the two kinds are compared
(Fisher's exact test, corrected for the signs tried): how long they had lived, how many
bytes they had carried and whether they asked for ECN may be why; host, TTL, VLAN,
tunnel, interface and moment say where and when.`

// signsOfEnds are the signs of connections that ended badly: of why first, then of where
// and when.
func signsOfEnds() []sign[ended] {
	return []sign[ended]{
		{mark: mark{cause: causeLifetime, advice: adviseLifetime}, oneSided: true, from: true, tight: true, of: lived, say: sayLived},
		{mark: mark{cause: causeQuota, advice: adviseQuota}, oneSided: true, from: true, tight: true, of: carried, say: sayCarried},
		{mark: mark{cause: causeEndECN, advice: adviseECN}, oneSided: true, of: agreedECN, say: yesNo("asked for ECN on the SYN", "")},
		{mark: mark{where: true}, of: endedFromHost, say: constant("came from one host")},
		{mark: mark{where: true}, of: endedWithTTL, say: sayTTL},
		{mark: mark{where: true}, of: endedOnVLAN, say: sayVLAN},
		{mark: mark{where: true}, of: endedInTunnel, say: constant("came in one tunnel, or in none")},
		{mark: mark{where: true}, of: endedOnInterface, say: constant("came over one interface")},
		{mark: mark{where: true, moments: true}, oneSided: true, of: endedTogether, say: yesNo("ended within the same 5 s", "")},
	}
}

func lived(e *ended) (uint64, bool) {
	return uint64(e.Age), e.Age > 0 && (e.Age >= leastLifetime || e.Result == endedWell)
}

func carried(e *ended) (uint64, bool) {
	return e.Bytes, e.Bytes >= leastQuota || e.Result == endedWell
}

func agreedECN(e *ended) (uint64, bool)        { return asNumber(e.ECN), e.Optioned }
func endedWithTTL(e *ended) (uint64, bool)     { return uint64(e.TTL), e.TTL != 0 }
func endedOnVLAN(e *ended) (uint64, bool)      { return uint64(e.VLAN), true }
func endedInTunnel(e *ended) (uint64, bool)    { return e.Tunnel, true }
func endedOnInterface(e *ended) (uint64, bool) { return uint64(e.Interface), true }
func endedTogether(e *ended) (uint64, bool)    { return asNumber(e.together), true }

// endedFromHost is the address by its hash: only which are equal matters.
func endedFromHost(e *ended) (uint64, bool) { return port{Addr: e.Orig.Addr}.Hash(), true }

func sayLived(v uint64) string { return "had lived for " + span(int64(v)) + " or more" }

func sayCarried(v uint64) string { return "had carried " + say.Bytes(v) + " or more" }

func causeLifetime(t *found) Cause {
	return hostOrPath("a limit on how long a connection may last, of the application, a proxy, a load balancer or a NAT: those that ended so " + t.text)
}

func adviseLifetime(at capture.Endpoint) []string {
	return []string{fmt.Sprintf("Look for that time in the settings of %s and of what stands before it (maximum connection age, session limit), and let clients renew connections sooner.", at.Addr)}
}

func causeQuota(t *found) Cause {
	return hostOrPath("a limit on how many bytes a connection may carry, of a proxy, a filter or the application: those that ended so " + t.text)
}

func adviseQuota(at capture.Endpoint) []string {
	return []string{fmt.Sprintf("Look for that size in the settings of %s and of what stands before it (largest body or upload, inspection buffer).", at.Addr)}
}

func causeEndECN(*found) Cause {
	return onPath("something on the path does not bear connections that use ECN (RFC 3168)")
}
