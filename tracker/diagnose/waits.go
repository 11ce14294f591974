package diagnose

import (
	"cmp"
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// waits sums up time that one side lost on connections, or made the other lose.
type waits struct {
	tally
	times    uint64 // episodes
	total    int64  // ns
	longest  int64  // ns on one connection, or at once
	probes   uint64
	unscaled uint64 // connections without window scaling
	bytes    uint64
	unsure   uint64             // connections on which something else looks the same from the capture point
	slowest  fold.First[paceOf] // of transfers whose rate is known
}

// paceOf is how fast a transfer was, and what held it up.
type paceOf struct {
	Rate    uint64 // bits per second
	Conn    uint64 `fold:"packet"`
	Share   uint64 // per cent of the time in which that held it up
	Window  uint64 // the largest window that was used up, bytes; 0 where none was
	Trip    int64  // the shortest round trip, ns; 0 where it is not known
	Ceiling uint64 // one such window in each round trip, bits per second
}

// Before tells that a transfer was slower.
func (p paceOf) Before(o paceOf) bool {
	return cmp.Or(cmp.Compare(p.Rate, o.Rate), cmp.Compare(p.Conn, o.Conn), cmp.Compare(p.Share, o.Share), cmp.Compare(p.Window, o.Window),
		cmp.Compare(p.Trip, o.Trip), cmp.Compare(p.Ceiling, o.Ceiling)) < 0
}

// takePace takes the pace of the data that an end sent, and how much of the time one thing
// held it up, where that is known.
func (x *waits) takePace(r *record.Record, e record.End, limit record.Limit) {
	t, ok := r.Transfer(e)
	rate, ceiling := t.Rate(), t.Ceiling()
	held := [record.NLimits]record.Opt[int64]{record.SenderLimit: t.Sender, record.WindowLimit: t.Window, record.NetworkLimit: t.Network}[limit]
	if !ok || !rate.OK || !held.OK || limit == record.WindowLimit && !ceiling.OK {
		return
	}
	x.slowest.Take(paceOf{rate.V, r.ID, uint64((200*held.V + t.Time.V) / (2 * t.Time.V)), t.Used.V, t.RoundTrip.V, ceiling.V})
}

// slowestWords is a sentence that says what held the slowest transfer up; "" where it is
// not known.
func (x *waits) slowestWords(limit record.Limit) string {
	if !x.slowest.Some {
		return ""
	}
	p := &x.slowest.V
	s := fmt.Sprintf(" The slowest was #%d, %s: %d%% of the time ", p.Conn, say.Rate(p.Rate), p.Share)
	switch limit {
	case record.SenderLimit:
		return s + "its application had nothing to send."
	case record.WindowLimit:
		return s + fmt.Sprintf("a window of %s at a round trip of %s, which allows at most %s.", say.Bytes(p.Window), span(p.Trip), say.Rate(p.Ceiling))
	}
	if p.Trip > 0 {
		return s + fmt.Sprintf("the network, at a round trip of %s.", span(p.Trip))
	}
	return s + "the network."
}

// Fields walks over what is summed up.
func (x *waits) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Sum(w, &x.times, &x.probes, &x.unscaled, &x.bytes, &x.unsure)
	fold.Sum(w, &x.total)
	fold.Max(w, &x.longest)
	x.slowest.Fields(w)
}

func (x *waits) add(r *record.Record, packet uint64, times uint32, total int64) {
	x.hit(r, packet, r.Start, r.End)
	x.times += uint64(times)
	x.total += total
	x.longest = max(x.longest, total)
}

// felt tells that an end kept its window closed long enough to be felt, for how long at
// the longest, and which packet closed it then. Windows closed for some milliseconds are
// how a fast sender is slowed down.
func (l closedLimits) felt(r *record.Record, e record.End) (ns int64, packet uint64, ok bool) {
	x := &r.Ends[e]
	for i := range x.ZeroWindowList {
		z := &x.ZeroWindowList[i]
		end := z.End
		if end == 0 {
			end = r.End
		}
		if d := end - z.Start; d > ns {
			ns, packet = d, z.Packet
		}
	}
	if x.ZeroWindows > 0 {
		ns = max(ns, x.ZeroWindow/int64(x.ZeroWindows)) // not all are in the list
	}
	return ns, packet, x.ZeroWindows > 0 && ns >= l.least
}

// bulkLimits are how much an end must have sent on a connection, and for how much of
// the time, in per cent, one thing must have set its pace.
type bulkLimits struct{ bytes, share uint64 }

// bulkLimits are those of a detector of what a transfer waits for.
func (o *Options) bulkLimits(detector string) bulkLimits {
	return bulkLimits{o.count(detector+"-bytes", 1e6, "bytes that an end must have sent on a connection"),
		o.share(detector, 50, "of the time of such a transfer")}
}

// waited tells that an end sent enough, for long enough, to ask what its pace depended on,
// and that it was one thing for so long.
func (l bulkLimits) waited(x *record.EndRecord, on int64) bool {
	total := paced(x)
	return x.WireBytes >= l.bytes && total >= second && on*100 >= total*int64(l.share)
}

// paced is how long the pace of an end depended on any of the three.
func paced(x *record.EndRecord) int64 { return x.SenderLimited + x.NetworkLimited + x.WindowLimited }

// unscaled tells that a handshake was seen which did not agree on window scaling.
func unscaled(r *record.Record) bool {
	a, b := &r.Ends[record.Orig], &r.Ends[record.Resp]
	return a.SACK.OK && b.SACK.OK && !(a.WScale.OK && b.WScale.OK)
}
