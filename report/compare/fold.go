package compare

import (
	"cmp"
	"math"
	"net/netip"
	"slices"

	"tcpwatch/internal/fold"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// Limits of what a Fold holds.
const (
	maxListeners = 4096
	maxFindings  = 65536
)

// Fold sums up the connections of one of the two inputs. It is a
// schema.ReadSink.
type Fold struct {
	name      string
	conn      conn // that being read
	all       sums
	listeners map[netip.AddrPort]*sums
	elsewhere uint64 // connections to listeners past maxListeners
	findings  map[string]*schema.ReadFinding
	timeWaits uint64
	first     int64 // ns
	last      int64
	stats     *schema.ReadStats // nil until it came
}

// sums are the measures of all connections, or of one listener's.
type sums struct {
	connections uint64
	failed      share // of all attempts
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
	return &Fold{name: name, listeners: map[netip.AddrPort]*sums{}, findings: map[string]*schema.ReadFinding{},
		first: math.MaxInt64, last: math.MinInt64}
}

// conn is what a Fold takes of a connection.
type conn struct {
	respIP, openKind, closeKind, holder, keepalive string
	respPort                                       uint64
	start, end, felt                               record.Opt[int64]
	ends                                           [2]connEnd
}

// connEnd is what one end sent.
type connEnd struct {
	packets, retx, zeroWindows uint64
	rtt                        record.Opt[int64]
}

// columns are the fields of a record that fill in a conn.
func (c *conn) columns() []schema.Column {
	all := []schema.Column{
		{Name: "resp_ip", Take: func(v schema.Value) { c.respIP = v.Text() }},
		{Name: "resp_port", Take: func(v schema.Value) { c.respPort = v.Count() }},
		{Name: "start", Take: func(v schema.Value) { c.start = v.Nanoseconds() }},
		{Name: "end", Take: func(v schema.Value) { c.end = v.Nanoseconds() }},
		{Name: "open.kind", Take: func(v schema.Value) { c.openKind = v.Text() }},
		{Name: "open.felt_s", Take: func(v schema.Value) { c.felt = v.Nanoseconds() }},
		{Name: "close.kind", Take: func(v schema.Value) { c.closeKind = v.Text() }},
		{Name: "time_wait.holder", Take: func(v schema.Value) { c.holder = v.Text() }},
		{Name: "keepalive.outcome", Take: func(v schema.Value) { c.keepalive = v.Text() }},
	}
	for i := range c.ends {
		e, name := &c.ends[i], record.End(i).String()
		all = append(all,
			schema.Column{Name: name + ".packets", Take: func(v schema.Value) { e.packets = v.Count() }},
			schema.Column{Name: name + ".retx", Take: func(v schema.Value) { e.retx = v.Count() }},
			schema.Column{Name: name + ".zero_windows", Take: func(v schema.Value) { e.zeroWindows = v.Count() }},
			schema.Column{Name: name + ".rtt_p50_s", Take: func(v schema.Value) { e.rtt = v.Nanoseconds() }})
	}
	return all
}

// Columns are the fields of a connection that a Fold takes.
func (f *Fold) Columns() []schema.Column { return f.conn.columns() }

// Conn takes the connection whose fields were handed over.
func (f *Fold) Conn() { f.add(&f.conn) }

func (f *Fold) add(c *conn) {
	f.all.add(c)
	if c.start.OK {
		f.first, f.last = min(f.first, c.start.V), max(f.last, c.start.V, c.end.V)
	}
	switch c.holder {
	case "":
	case record.Both.String():
		f.timeWaits += 2
	default:
		f.timeWaits++
	}
	addr, err := netip.ParseAddr(c.respIP)
	if err != nil || c.respPort > math.MaxUint16 {
		return
	}
	at := netip.AddrPortFrom(addr, uint16(c.respPort))
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
func (f *Fold) Finding(x *schema.ReadFinding) {
	if len(f.findings) < maxFindings {
		f.findings[x.ID] = x
	}
}

// Stats takes what is known of the whole input.
func (f *Fold) Stats(s *schema.ReadStats) { f.stats = s }

func (s *sums) add(c *conn) {
	s.connections++
	cause := slices.IndexFunc(causes[:], func(k record.OpenKind) bool { return k.String() == c.openKind })
	if c.openKind != record.OpenMidstream.String() && c.openKind != "" {
		s.failed.hit(cause >= 0)
		for i := range s.causes {
			s.causes[i].hit(i == cause)
		}
	}
	if c.felt.OK {
		s.felt.Add(max(0, c.felt.V))
	}
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	s.retx.add(float64(a.retx)+float64(b.retx), float64(a.packets)+float64(b.packets))
	if cause < 0 {
		s.resets.hit(c.closeKind == record.CloseReset.String())
		switch c.closeKind {
		case record.CloseHalfClosed.String(), record.CloseUnackedFIN.String(), record.CloseTimedOut.String():
			s.incomplete.hit(true)
		default:
			s.incomplete.hit(false)
		}
	}
	s.closedWins.hit(a.zeroWindows > 0 || b.zeroWindows > 0)
	s.dead.hit(c.keepalive == record.KeepaliveDead.String())
	for _, e := range c.ends {
		if e.rtt.OK {
			s.rtt.Add(max(0, e.rtt.V))
		}
	}
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
