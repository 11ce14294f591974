package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// A capture that sees both sides of a NAT or load balancer holds the same connection twice,
// under two addresses of the listener. What is told of the view that shows less of it is told
// of the other one already, or rests on what only the other one shows: its close, for one.

// view is one of them: a connection with trouble, by its numbers and times.
type view struct {
	Conn    uint64 `fold:"packet"`
	Peer    capture.Endpoint
	First   [2]uint32 // initial sequence numbers
	Start   int64
	Packets uint64
}

// views are those of an opener's address and port.
type views struct{ all []view }

// maxViews bounds the views of one connection that are kept.
const maxViews = 4

// Items are the views, by connection.
func (v *views) Items() []view { return v.all }

// Take keeps a view when its connection has one of the least ids.
func (v *views) Take(x view) {
	at, found := slices.BinarySearchFunc(v.all, x, func(a, b view) int { return cmp.Compare(a.Conn, b.Conn) })
	if found || at == maxViews {
		return
	}
	v.all = slices.Insert(v.all, at, x)
	v.all = v.all[:min(len(v.all), maxViews)]
}

// Fields walks over the views.
func (v *views) Fields(w *fold.Walk) { fold.Items(w, v) }

// twins are the views of connections with trouble, by their opener.
type twins struct {
	kept fold.Bounded[port, views, *views]
}

// maxTwins bounds the openers, address and port, of which views are kept.
const maxTwins = 4096

func newTwins() twins { return twins{fold.NewBounded[port, views](maxTwins)} }

// add takes in a connection with trouble whose numbers are known.
func (t *twins) add(r *record.Record) {
	a, b := &r.Ends[record.Orig], &r.Ends[record.Resp]
	if r.Open.SYNs == 0 || r.Open.SYNACKs == 0 || !numbersKnown(r) || r.Close.Kind == record.CloseNormal {
		return
	}
	t.kept.At(port(r.Orig)).Take(view{r.ID, r.Resp, [2]uint32{a.Numbers.V.First, b.Numbers.V.First}, r.Start, a.Packets + b.Packets})
}

// sameTime is within what time of each other both views of a connection begin: what stands
// between hands a SYN on at once.
const sameTime = second

// lesser are the connections of which another view shows more, and the listener there.
func (t *twins) lesser() map[uint64]capture.Endpoint {
	t.kept.Trim()
	found := make(map[uint64]capture.Endpoint)
	for _, v := range t.kept.All() {
		for i := range v.all {
			for j := range v.all {
				if x, y := &v.all[i], &v.all[j]; x.First == y.First && x.Peer != y.Peer && x.Peer.Port == y.Peer.Port && x.less(y) &&
					max(x.Start, y.Start)-min(x.Start, y.Start) <= sameTime {
					found[x.Conn] = y.Peer
				}
			}
		}
	}
	return found
}

// less tells that a view shows less of the connection than another: fewer packets, or as many and begins later.
func (x *view) less(y *view) bool {
	return x.Packets < y.Packets || x.Packets == y.Packets && x.Conn > y.Conn
}

// lower makes a finding about nothing but lesser views one that is worth knowing only.
func lower(f *Finding, lesser map[uint64]capture.Endpoint) {
	if f.Group == GroupCapture || len(f.Conns) == 0 || uint64(len(f.Conns)) < f.Count {
		return
	}
	for _, id := range f.Conns {
		if _, ok := lesser[id]; !ok {
			return
		}
	}
	f.atMost(Info, Possible)
	f.Explanation += fmt.Sprintf(" The capture holds the same connections, by their sequence numbers, with %s as well, beyond a NAT or load balancer, and shows more of them there.", lesser[f.Conns[0]])
}
