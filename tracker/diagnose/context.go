package diagnose

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Context is what a run knows besides its connections.
type Context struct {
	Drops      record.Opt[uint64] // packets that the capturing host lost
	Received   uint64             // packets that the capturing program got, as the files tell; 0 where they don't
	Packets    uint64             // in the input
	Undecoded  uint64             // packets that may hold segments and were not decoded
	Fragments  uint64             // of those, fragments of datagrams that were not captured whole
	Conns      uint64
	OneWay     uint64 // connections of which only one direction was captured: see the function
	Start, End int64  // of the input, nanoseconds since 1970-01-01 UTC
	Misstamped uint64 // packets stamped so far off that those around them take it back
	Steps      uint64 // times that the clock was stepped
	ClockAt    uint64 // the first packet that was misstamped or is behind a step; 0 for none
	Live       bool
	Chosen     bool      // some connections are left out by the user's choice
	Files      []string  // names of the input files, by index; nil when they have none
	MSL        int64     // nanoseconds; TIME-WAIT lasts twice as long
	Ports      PortRange // of this host, when live
	TimeWaits  []Holding // who holds TIME-WAIT, in any order; fixed for a call of Findings
	// Local tells which addresses are this host's; nil when that is unknown.
	Local func(a capture.Addr) bool

	recent    bool   // see Set.OnlyRecent
	damaged   uint64 // see Set.Damaged
	census    *census
	tried     *tried
	quality   *quality
	watched   *watched
	contrasts *contrasts
	ended     *endings
	suspects  suspects
	systems   *systems
	sightings *sightings
	lastBegan map[capture.Addr]int64 // see opensUntil
	unseen    map[capture.Addr]bool  // see answersUnseen
}

// toTheEnd says until when something was so: as far as is known.
func (c *Context) toTheEnd() string {
	if c.recent {
		return " so far"
	}
	return " to the end"
}

// never says that something did not happen to the end of the input, or has not so far.
func (c *Context) never(did, hasNot string) string {
	if c.recent {
		return hasNot
	}
	return "never " + did
}

// PortRange are the ports that a host opens connections from; the zero value
// is unknown.
type PortRange struct{ Low, High uint16 }

// Len is the number of ports, 0 when unknown.
func (p PortRange) Len() int64 {
	if p.High == 0 || p.High < p.Low {
		return 0
	}
	return int64(p.High) - int64(p.Low) + 1
}

// oneWayShare is from how many per cent of one-way connections on a capture
// counts as one-way: a few are found in any that began in the middle.
const oneWayShare = 20

// oneWayLeast is how many packets make a connection one-way: one or two are strays.
const oneWayLeast = 3

// oneWayFew is how many connections of which one direction was captured show that
// the capture lacks one, where others have both: fewer may be a hole.
const oneWayFew = 3

// OneWay tells that only one direction was captured of a connection, and enough
// of it to say so: three packets, or data that waited a second for its ACK. What a
// full table dropped may have been captured both ways.
func OneWay(r *record.Record) bool {
	if !r.Capture.OneWayShown || touched(r) {
		return false
	}
	a, b := &r.Ends[record.Orig], &r.Ends[record.Resp]
	return a.Packets+b.Packets >= oneWayLeast || a.WireBytes+b.WireBytes > 0 && r.End+r.Silent-r.Start >= second
}

// unread tells that so many bytes may be in packets that were not decoded.
func (c *Context) unread(bytes uint64) bool {
	const most = 9000 // in one packet: a jumbo frame
	return c.Undecoded > 0 && bytes/most < c.Undecoded
}

// contrast compares the attempts to a listener that failed in one way with those that
// went well; nil when there is nothing to compare.
func (c *Context) contrast(at capture.Endpoint, failed outcome) *verdict {
	return c.contrasts.of(at, failed)
}

// heardOf tells that a host opened connections, or answered attempts, somewhere in the capture.
func (c *Context) heardOf(a capture.Addr) bool { return c.contrasts != nil && c.contrasts.heard[a] }

// silentHost tells that a host sent nothing at all in the capture, as far as is known.
func (c *Context) silentHost(a capture.Addr) bool {
	return c.contrasts != nil && !c.Chosen && !c.contrasts.sampled && !c.contrasts.heard[a]
}

// dropped tells that the capturing host lost packets of the input.
func (c *Context) dropped() bool {
	return c.Drops.OK && c.Drops.V > 0 && !OfMore(c.Packets, c.Received, c.Drops.V)
}

// OfMore tells that an input with so many packets is part of a capture in which the capturing program got more than
// twice as many, as statistics say that were copied with it: what they count as dropped is of all of that.
func OfMore(packets, received, dropped uint64) bool {
	return packets < (received-min(dropped, received))/2
}

// weak tells that the kernel dropped packets, or that one direction only was
// captured of many connections; see Set.Weak.
func (c *Context) weak() bool {
	return c.dropped() || c.Conns > 0 && c.OneWay*100 >= c.Conns*oneWayShare
}

// local tells that an address is this host's own.
func (c *Context) local(a capture.Addr) bool { return c.Local != nil && c.Local(a) }

// suspects are hosts and listeners whose failed connections come from an
// attack: other detectors leave them out, so that a flood is one finding and
// not a thousand.
type suspects struct {
	scanners map[capture.Addr]bool        // hosts that scan
	flooded  map[capture.Endpoint]bool    // listeners that SYNs flood
	checked  map[capture.Endpoint]checked // listeners that are checked, and hosts (with port 0) that check
	deaf     map[capture.Endpoint]deafTo  // listeners that nothing but the SYN reaches
}

// checks tells that nearly all of n attempts of a host are health checks.
func (s *suspects) checks(a capture.Addr, n uint64) bool {
	return s.checked[capture.Endpoint{Addr: a}].half*10 >= n*9
}

// suspecter is a Fold that knows suspects.
type suspecter interface {
	Suspects(c *Context)
}

func newSuspects() suspects {
	return suspects{scanners: make(map[capture.Addr]bool), flooded: make(map[capture.Endpoint]bool),
		checked: make(map[capture.Endpoint]checked), deaf: make(map[capture.Endpoint]deafTo)}
}
