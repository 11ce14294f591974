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

// maxClients is how many are told apart.
const maxClients = 16384

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
	At       int64 // ns since 1970: its first packet
	ID       uint64
	Packet   uint64 // that shows it
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
	packet := cmp.Or(r.Open.AnswerPacket, r.Open.ACKIgnoredAt, r.Open.SYNAgainAt, r.Open.SYNACKAgainAt, r.Close.ResetPacket, r.LastPacket)
	s.first.Take(hardship{r.Start, r.ID, packet, k, r.Resp.Addr, r.Resp.Port})
	s.last = max(s.last, r.End)
}

// Fields walks over what is summed up.
func (s *suffering) Fields(w *fold.Walk) {
	fold.Sum(w, &s.n, &s.resets, &s.again)
	fold.Sums(w, s.by[:])
	s.first.Fields(w)
	fold.Max(w, &s.last)
}

// bad is how many went wrong.
func (s *suffering) bad() (n uint64) {
	for _, c := range s.by {
		n += c
	}
	return n
}

// clients is the fold of those who open connections.
type clients struct {
	by    fold.Bounded[host, suffering, *suffering]
	wants func(hard bool) bool // which connections count
}

func newClients(o SummaryOptions) sums {
	// Of what is recent only what goes wrong counts: a crowd for whom all goes well costs nothing.
	return &clients{fold.NewBounded[host, suffering](maxClients), func(hard bool) bool { return hard || !o.Recent }}
}

func (c *clients) narrow(by int) { c.by.Narrow(by) }

func (c *clients) add(r *record.Record) {
	if r.Open.Kind == record.OpenUnknown || r.Open.Kind == record.OpenMidstream {
		return
	}
	if k, hard := hardshipOf(r); c.wants(hard) {
		c.by.At(host(r.Orig.Addr)).add(r, k, hard)
	}
}

// Fields walks over the clients.
func (c *clients) Fields(w *fold.Walk) { c.by.Fields(w) }

// Client is how it goes for one who opens connections.
type Client struct {
	capture.Addr
	Tried  uint64 // connections that it opened or tried to; where only what is recent is summed up, Bad
	Bad    uint64 // of those, those with which something went wrong
	Resets uint64 // connections that a RST ended
	Again  uint64 // SYNs and SYN/ACKs that were retransmitted
	Why    string // what went wrong, with counts; "" for nothing
	Since  int64  // when the first of those began, ns since 1970
	Last   int64  // the last packet of the last of those
	// Conn is the first of those, Packet the one that shows it, Server whom it tried.
	Conn, Packet uint64
	Server       capture.Endpoint
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
	c.by.Trim()
	var kinds []*[nHardships]uint64
	for k, v := range c.by.All() {
		bad := v.bad()
		if troubled && bad == 0 {
			continue
		}
		x := Client{Addr: capture.Addr(k), Tried: v.n, Bad: bad, Resets: v.resets, Again: v.again, Last: v.last, kinds: len(kinds)}
		if v.first.Some {
			f := &v.first.V
			x.Since, x.Conn, x.Packet, x.Server = f.At, f.ID, f.Packet, capture.Endpoint{Addr: f.Server, Port: f.ServerAt}
		}
		worst, kinds = append(worst, x), append(kinds, &v.by)
	}
	share := func(x *Client) float64 { return float64(x.Bad) * float64(x.Bad) / float64(max(x.Tried, 1)) }
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
