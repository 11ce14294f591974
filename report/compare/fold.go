package compare

import (
	"cmp"
	"math"
	"net/netip"
	"slices"

	"tcpwatch/internal/fold"
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// Limits of what a Fold holds.
const (
	maxListeners = 4096
	maxFindings  = 65536
)

// Fold sums up the connections of one of the two inputs. It is a
// report.ReadSink.
type Fold struct {
	name      string
	all       sums
	listeners map[netip.AddrPort]*sums
	elsewhere uint64 // connections to listeners past maxListeners
	findings  map[string]*report.ReadFinding
	timeWaits uint64
	first     int64 // ns
	last      int64
	stats     *report.ReadStats // nil until it came
}

// sums are the measures of all connections, or of one listener's.
type sums struct {
	connections uint64
	attempts    uint64
	failed      share // of attempts
	causes      [len(causes)]share
	felt        fold.Histogram
	retx        share // of packets
	resets      share // of connections that opened
	incomplete  share
	closedWins  share // of all connections
	dead        share
	rtt         fold.Histogram
}

// causes are the kinds of opens that failed.
var causes = [...]record.OpenKind{record.OpenRefused, record.OpenUnreachable, record.OpenNoAnswer, record.OpenHalfOpen, record.OpenAborted}

// NewFold returns an empty Fold for the input of that name.
func NewFold(name string) *Fold {
	return &Fold{name: name, listeners: map[netip.AddrPort]*sums{}, findings: map[string]*report.ReadFinding{},
		first: math.MaxInt64, last: math.MinInt64}
}

// Conn takes a connection; interim records are left out.
func (f *Fold) Conn(c *report.ReadConn) {
	if c.Final != nil && !*c.Final {
		return
	}
	f.all.add(c)
	if !c.Start.IsZero() {
		f.first, f.last = min(f.first, c.Start.UnixNano()), max(f.last, c.Start.UnixNano(), c.End.UnixNano())
	}
	switch c.TimeWait.Holder {
	case "":
	case record.Both.String():
		f.timeWaits += 2
	default:
		f.timeWaits++
	}
	addr, err := netip.ParseAddr(c.RespIP)
	if err != nil {
		return
	}
	at := netip.AddrPortFrom(addr, c.RespPort)
	l := f.listeners[at]
	if l == nil {
		if len(f.listeners) == maxListeners {
			f.elsewhere++
			return
		}
		l = &sums{}
		f.listeners[at] = l
	}
	l.add(c)
}

// Finding takes a finding.
func (f *Fold) Finding(x *report.ReadFinding) {
	if len(f.findings) < maxFindings {
		f.findings[x.ID] = x
	}
}

// Stats takes what is known of the whole input.
func (f *Fold) Stats(s *report.ReadStats) { f.stats = s }

func (s *sums) add(c *report.ReadConn) {
	s.connections++
	cause := slices.IndexFunc(causes[:], func(k record.OpenKind) bool { return k.String() == c.Open.Kind })
	if c.Open.Kind != record.OpenMidstream.String() && c.Open.Kind != "" {
		s.attempts++
		s.failed.hit(cause >= 0)
		for i := range s.causes {
			s.causes[i].hit(i == cause)
		}
	}
	if c.Open.Felt != nil {
		s.felt.Add(nanoseconds(*c.Open.Felt))
	}
	s.retx.add(float64(c.Orig.Retx)+float64(c.Resp.Retx), float64(c.Orig.Packets)+float64(c.Resp.Packets))
	if cause < 0 {
		s.resets.hit(c.Close.Kind == record.CloseReset.String())
		switch c.Close.Kind {
		case record.CloseHalfClosed.String(), record.CloseUnackedFIN.String(), record.CloseTimedOut.String():
			s.incomplete.hit(true)
		default:
			s.incomplete.hit(false)
		}
	}
	s.closedWins.hit(c.Orig.ZeroWindows > 0 || c.Resp.ZeroWindows > 0)
	s.dead.hit(c.Keepalive.Outcome == record.KeepaliveDead.String())
	for _, e := range [...]*report.ReadEnd{&c.Orig, &c.Resp} {
		if e.RTT != nil {
			s.rtt.Add(nanoseconds(*e.RTT))
		}
	}
}

// nanoseconds bounds what a file may say: a century is longer than any connection.
func nanoseconds(s float64) int64 {
	const century = 3.2e18
	return int64(max(0, min(s*1e9, century)))
}

// span is the packet time of the input in seconds, 0 when there is none.
func (f *Fold) span() float64 {
	if f.stats != nil {
		return max(0, f.stats.Span)
	}
	if f.last <= f.first {
		return 0
	}
	return float64(f.last-f.first) / 1e9
}

// peak is the most TIME-WAITs that one host held.
func (f *Fold) peak() (n uint64, known bool) {
	if f.stats == nil {
		return 0, false
	}
	for _, p := range f.stats.TimeWaitPeaks {
		n = max(n, p.Peak)
	}
	return n, true
}

// sorted are the listeners, by address.
func (f *Fold) sorted() []netip.AddrPort {
	all := make([]netip.AddrPort, 0, len(f.listeners))
	for l := range f.listeners {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b netip.AddrPort) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Port(), b.Port()))
	})
	return all
}
