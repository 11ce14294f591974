package report

import (
	"bytes"
	"cmp"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// maxClients is how many are told apart, and maxTriers of how many it is counted, where only what goes
// wrong is summed up, how many connections they opened.
const maxClients, maxTriers = 16384, 4096

// hardship is what goes wrong with a connection for the client that opens it: a cause of failure,
// or one of these.
const (
	hardWaiting  = int(nFailures) + iota // no answer so far, and it was asked for again
	hardOneSided                         // completed for the client only
	hardUnheard                          // no data of it was ever acknowledged, though it came again
	hardTimedOut                         // what was sent got no answer any more
	hardUnclosed                         // the client closed, the server did not
	nHardships
)

// hardshipWords are those of each.
func hardshipWords(k int) string {
	switch k {
	case hardWaiting:
		return "no answer so far"
	case hardOneSided:
		return "open for the client only"
	case hardUnheard:
		return "no data acknowledged"
	case hardTimedOut:
		return "timed out"
	case hardUnclosed:
		return "not closed by the server"
	}
	return causeWords[k]
}

// hardshipOf is that of a connection; false for none.
func hardshipOf(r *record.Record) (int, bool) {
	c, failed := causeOf(r)
	switch {
	case failed && c != stillOpening:
		return int(c), true
	case failed:
		return hardWaiting, r.Open.SYNs > 1 || r.Open.SYNACKs > 1
	case sentence.OneSided(r):
		return hardOneSided, true
	case diagnose.Unheard(r, record.Resp):
		return hardUnheard, true
	case r.Close.Kind == record.CloseTimedOut:
		return hardTimedOut, true
	}
	return hardUnclosed, diagnose.LeftOpen(r, record.Resp)
}

// suffering sums up what became of the connections that one client opened.
type suffering struct {
	n      uint64 // all that it opened or tried to
	by     [nHardships]uint64
	resets uint64 // ended by a RST of either end
	again  uint64 // SYNs and SYN/ACKs that were retransmitted
	first  fold.First[hardship]
	last   int64 // ns since 1970: the last packet of the last of those with which something went wrong
}

// hardship is one of a connection.
type hardship struct {
	At       int64  // ns since 1970: its first packet
	ID       uint64 `fold:"packet"`
	Packet   uint64 `fold:"packet"` // that shows it, the first that does
	PacketAt int64  // when that came, ns since 1970; 0 where it is not known
	Kind     int
	Server   capture.Addr
	ServerAt uint16
}

// Before tells that it began earlier.
func (x hardship) Before(o hardship) bool { return x.At < o.At || x.At == o.At && x.ID < o.ID }

// add takes in a connection that the client opened; hard: the hardship k is its.
func (s *suffering) add(r *record.Record, k int, hard bool) {
	s.n++
	s.again += sentAgain(r.Open.SYNs) + sentAgain(r.Open.SYNACKs)
	if r.Close.Kind == record.CloseReset {
		s.resets++
	}
	if !hard {
		return
	}
	s.by[k]++
	packet, at := shows(r, k)
	s.first.Take(hardship{r.Start, r.ID, packet, at, k, r.Resp.Addr, r.Resp.Port})
	s.last = max(s.last, r.End)
}

// shows is the first packet that shows what went wrong with a connection, and when it came; 0 where that
// is not known. What comes later shows it as well: the first stays, whatever comes.
func shows(r *record.Record, k int) (packet uint64, at int64) {
	o := &r.Open
	for e := range r.Ends {
		if k != hardTimedOut && (k != hardUnheard || record.End(e) != record.Orig) {
			continue
		}
		if x := &r.Path[e].Stuck; x.Packet != 0 {
			return x.Packet, x.Since
		}
		if x := &r.Evidence.Ends[e]; x.Repeat != 0 {
			return x.Repeat, x.RepeatTime
		}
	}
	switch fin := r.Close.FINPacket[record.Orig]; {
	case k == hardUnclosed && fin != 0:
		return fin, r.Close.FINTime[record.Orig].V
	case o.AnswerPacket != 0:
		return o.AnswerPacket, r.Start + o.Waited.V
	case o.ACKIgnoredAt != 0:
		if o.ThirdACK.OK && o.ACKIgnored.OK {
			at = o.ThirdACK.V + o.ACKIgnored.V
		}
		return o.ACKIgnoredAt, at
	case o.SYNAgainAt != 0:
		if o.NSYNsAgain > 0 {
			at = r.Start + int64(o.SYNsAgain[0])*1e6
		}
		return o.SYNAgainAt, at
	case o.SYNACKAgainAt != 0:
		return o.SYNACKAgainAt, 0
	case r.Close.ResetPacket != 0:
		return r.Close.ResetPacket, r.Close.ResetTime.V
	}
	return r.LastPacket, r.End
}

// count is a number of connections.
type count struct{ n uint64 }

// Fields walks over it.
func (x *count) Fields(w *fold.Walk) { fold.Sum(w, &x.n) }

// Fields walks over what is summed up.
func (s *suffering) Fields(w *fold.Walk) {
	fold.Sum(w, &s.n, &s.resets, &s.again)
	fold.Sums(w, s.by[:])
	s.first.Fields(w)
	fold.Max(w, &s.last)
}

// Weight is how many went wrong.
func (s *suffering) Weight() (n uint64) {
	for _, c := range s.by {
		n += c
	}
	return n
}

// clients is the fold of those who open connections.
type clients struct {
	by fold.Worst[host, suffering, *suffering]
	// Of what is recent only what goes wrong counts, and how many there were in all: a crowd for whom all
	// goes well costs little.
	recent bool
	tried  fold.Bounded[host, count, *count]
}

func newClients(o SummaryOptions) sums {
	return &clients{by: fold.NewWorst[host, suffering](maxClients), recent: o.Recent, tried: fold.NewBounded[host, count](maxTriers)}
}

func (c *clients) narrow(by int) {
	c.by.Narrow(by)
	c.tried.Narrow(by)
}

func (c *clients) add(r *record.Record) {
	if r.Open.Kind == record.OpenUnknown || r.Open.Kind == record.OpenMidstream {
		return
	}
	k, hard := hardshipOf(r)
	if c.recent {
		c.tried.At(host(r.Orig.Addr)).n++
	}
	switch {
	case hard:
		c.by.Bad(host(r.Orig.Addr), diagnose.Sample(r)).add(r, k, hard)
	case !c.recent:
		c.by.At(host(r.Orig.Addr)).add(r, k, hard)
	}
}

// Fields walks over the clients.
func (c *clients) Fields(w *fold.Walk) {
	c.by.Fields(w)
	c.tried.Fields(w)
}

// Client is how it goes for one who opens connections.
type Client struct {
	capture.Addr
	Tried  uint64 // connections that it opened or tried to; 0 where that is not known, of one of many clients of late
	Bad    uint64 // of those, those with which something went wrong
	Resets uint64 // connections that a RST ended
	Again  uint64 // SYNs and SYN/ACKs that were retransmitted
	Why    string // what went wrong, with counts; "" for nothing
	Since  int64  // when the first of those began, ns since 1970
	Last   int64  // the last packet of the last of those
	// Conn is the first of those, Packet the first that shows it, which came at PacketAt, 0 where that is not
	// known, and Server whom it tried.
	Conn, Packet uint64
	PacketAt     int64
	Server       capture.Endpoint
	AtLeast      bool // the table is full: numbers are at least these
	lack         fold.Lack
	kinds        int // while they are put in order: where what went wrong is counted
}

// WorstClients are the clients for which it goes worst, n at most, and how many there are: by the
// number that went wrong times their share, so that one for whom all fails stands before a busy
// one for whom few do.
func (s *Summary) WorstClients(n int) (worst []Client, of uint64) { return s.clients(n, false) }

// TroubledClients are those of them for whom something goes wrong, and how many those are.
func (s *Summary) TroubledClients(n int) (worst []Client, of uint64) { return s.clients(n, true) }

// clients are all, or those in trouble.
func (s *Summary) clients(n int, troubled bool) (worst []Client, of uint64) {
	c := sumsOf[*clients](s)
	if c == nil {
		return nil, 0
	}
	c.tried.Trim()
	var kinds []*[nHardships]uint64
	for k, v := range c.by.All() {
		bad := v.Weight()
		if troubled && bad == 0 {
			continue
		}
		tried := v.n
		if c.recent {
			tried = 0
			if n := c.tried.Find(k); n != nil {
				tried = n.n
			}
		}
		x := Client{Addr: capture.Addr(k), lack: c.by.Lacks(k), Tried: tried, Bad: bad, Resets: v.resets, Again: v.again, Last: v.last, kinds: len(kinds)}
		x.AtLeast = x.lack.Any()
		if v.first.Some {
			f := &v.first.V
			x.Since, x.Conn, x.Packet, x.PacketAt, x.Server = f.At, f.ID, f.Packet, f.PacketAt, capture.Endpoint{Addr: f.Server, Port: f.ServerAt}
		}
		worst, kinds = append(worst, x), append(kinds, &v.by)
	}
	share := func(x *Client) float64 { return float64(x.Bad) * float64(x.Bad) / float64(max(x.Tried, x.Bad, 1)) }
	slices.SortFunc(worst, func(a, b Client) int {
		return cmp.Or(cmp.Compare(share(&b), share(&a)), cmp.Compare(b.Tried, a.Tried), bytes.Compare(a.Addr[:], b.Addr[:]))
	})
	of, worst = uint64(len(worst)), worst[:min(len(worst), n)]
	for i := range worst { // words for those alone that are told
		var all counted
		for k, n := range kinds[worst[i].kinds] {
			all.add(n, hardshipWords(k))
		}
		worst[i].Why, worst[i].kinds = all.String(), 0
	}
	return worst, of
}

// Hardship tells what went wrong with a connection for its client; "" for nothing.
func Hardship(r *record.Record) string {
	if k, hard := hardshipOf(r); hard {
		return hardshipWords(k)
	}
	return ""
}
