package diagnose

import (
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// systems are the hosts by the TTL that their packets begin with, a sign of the system that
// every packet has: 128 on Windows, 64 on Linux, macOS and the BSDs, 255 on many routers, 30 or 32 on
// controllers and other small devices; by the
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
	from32, from64, from128, from255 uint64
	linux, bsd, other                uint64        // and SYNs or SYN/ACKs whose options are in the order of each
	there                            int64         // when it was there last: when its last packet came, less the longest round trip to it
	near, far                        uint64        // opened by it, whose data was acknowledged from near or not: see acknowledgedNear
	servers                          fold.Distinct // hosts that the near ones went to
	beside, apart                    uint64        // connections that were captured beside it, or beside their other end
}

// Fields walks over the counts.
func (x *starts) Fields(w *fold.Walk) {
	fold.Sum(w, &x.from32, &x.from64, &x.from128, &x.from255, &x.linux, &x.bsd, &x.other, &x.near, &x.far, &x.beside, &x.apart)
	fold.Max(w, &x.there)
	x.servers.Fields(w)
}

// system is what a host seems to be of.
type system uint8

const (
	linux     system = iota // nothing speaks against it
	windows                 // all its packets began with a TTL of 128, and no SYN is as Linux writes it, or some are not
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
	case x.from128 > 0 && x.from32+x.from64+x.from255 == 0 && (x.linux == 0 || x.other > 0): // the last repeats of a SYN of Windows have few options, in no order of its own
		return windows
	case x.bsd > 0 && x.linux+x.other+x.from32+x.from128+x.from255 == 0:
		return bsd
	case x.bsd+x.other+x.from32+x.from128+x.from255 > 0:
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
		s.hear(r, record.End(e))
		s.stand(r.Capture.Tap, record.End(e))
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
		case (ttl.V <= setTTL || ttl.V > 128) && orderOf(r, record.End(e)) == capture.OrderLinux:
			// A program set it on Linux, as those of BGP do (RFC 5082).
		case ttl.V <= 32:
			s.from32++
		case ttl.V <= 64:
			s.from64++
		case ttl.V <= 128:
			s.from128++
		default:
			s.from255++
		}
	}
}

// stand takes in where the capture point of a connection stood.
func (x *starts) stand(tap record.Tap, e record.End) {
	switch {
	case tap == record.TapOrig && e == record.Orig, tap == record.TapResp && e == record.Resp:
		x.beside++
	case tap == record.TapOrig || tap == record.TapResp:
		x.apart++
	}
}

// capturedBeside tells that a host's packets were captured right beside it, as far as its connections show: what it sends
// passes there, and what passed there had reached it.
func (x *systems) capturedBeside(a capture.Addr) bool {
	s := x.kept.Find(hostKey(a))
	return s != nil && s.beside > 0 && s.apart == 0
}

// setTTL is the greatest of the small TTLs that programs set for neighbours.
const setTTL = 2

// hear takes in when an end sent something last, and was there for sure.
func (x *starts) hear(r *record.Record, e record.End) {
	if at := r.Ends[e].LastSent; r.Close.ResetBy != e || r.Close.ResetTime.V != at { // others send RSTs in its name
		x.there = max(x.there, at-onTheWay(&r.Ends[e.Peer()].RTT))
	}
}

// onTheWay is how long what answers a host's data may have been under way at most, as far as it was
// measured.
func onTheWay(x *record.RTTRecord) int64 {
	if x.N == 0 {
		return underWay
	}
	return x.Max
}

// loopbackMTU is that of lo0 on macOS and FreeBSD.
const loopbackMTU = 16384

// orderOf tells whose order an end's SYN has. One that answers SACK, timestamps and window scale by
// none of them is not as Linux sends it, nor is one without any option; the MSS of a loopback interface is that of its MTU.
func orderOf(r *record.Record, e record.End) capture.OptionOrder {
	x, asked := &r.Ends[e], &r.Ends[record.Orig]
	if mss := x.MSS; mss.OK && withinLoopback(r) && (mss.V == loopbackMTU-40 || mss.V == loopbackMTU-60) {
		return capture.OrderBSD
	}
	if e == record.Resp && asked.SACK.V && asked.Timestamps.V && asked.WScale.OK && x.SACK.OK && !x.SACK.V && !x.Timestamps.V && !x.WScale.OK {
		return capture.OrderOther
	}
	if r.Open.Kind == record.OpenHandshake && x.SACK.OK && !x.MSS.OK && !x.SACK.V && !x.Timestamps.V && !x.WScale.OK && x.Order == capture.OrderUnknown {
		return capture.OrderOther // Linux always names its MSS; a SYN alone may be made on it
	}
	return x.Order
}

// refute takes from a finding the causes that the system of the host that it is about does not know: a process that ends
// closes its connections by a FIN there, but for unread data.
func (x *systems) refute(f *Finding) {
	if s := x.kept.Find(hostKey(f.actor)); s != nil && s.linux+s.bsd > 0 && (s.of() == linux || s.of() == bsd) {
		f.causes = slices.DeleteFunc(slices.Clone(f.causes), func(c Cause) bool { return c == processEnded() })
	}
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
