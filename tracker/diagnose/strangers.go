package diagnose

import (
	"cmp"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// A stranger is a connection, or an answer on one, whose numbers are those of another
// connection that has one host and both ports in common with it: what belongs to that
// one came under another address. Both are known only when all connections are summed
// up, so both are kept, by what they have in common.

// common is what a stranger and the connection whose numbers it has have in common: a
// host, its port and the other end's.
type common struct {
	Host        capture.Addr
	Port, Other uint16
}

// Hash chooses which are kept.
func (k common) Hash() uint64 { return fold.Hash16(k.Host, uint64(k.Port)<<16|uint64(k.Other)) }

// party is a stranger, or a connection that did not close in order.
type party struct {
	Conn, Packet uint64       `fold:"packet"`
	Peer         capture.Addr // the other end's
	Opened       bool         // the host in common opened it
	Start, End   int64
	Host, Far    record.Numbers // of the host in common, and of the other end
	Reset        bool           // a bare RST ended it
}

// maxParties bounds the connections of each kind that are kept of what they have in common.
const maxParties = 4

// parties are those of the connections with the least ids.
type parties []party

// Items are the parties, by connection.
func (x *parties) Items() []party { return *x }

// Take keeps a party when its connection has one of the least ids.
func (x *parties) Take(p party) {
	keepLeast(x, p, maxParties, func(a, b party) int { return cmp.Compare(a.Conn, b.Conn) })
}

// met are the strangers and the connections that have something in common.
type met struct {
	strangers, owners parties
	n                 uint64 // strangers
}

// Fields walks over both.
func (m *met) Fields(w *fold.Walk) {
	fold.Items(w, &m.strangers)
	fold.Items(w, &m.owners)
	fold.Sum(w, &m.n)
}

// strangers is the Fold of what comes under another address.
type strangers struct {
	kept fold.Bounded[common, met, *met]
	// find makes a stranger of a record, as seen by one of its ends.
	find func(r *record.Record, host record.End) (party, bool)
	tell func(c *Context, s Subject, x *mixed) Finding
	// owner makes a party of a connection whose numbers a stranger may have; nil: none is kept,
	// as they are nearly all that are open.
	owner func(r *record.Record, host record.End) (party, bool)
	n     uint64 // strangers
	cited *bool  // see Set.NoteCited; nil where nobody asks
}

func newStrangers(find func(r *record.Record, host record.End) (party, bool), tell func(c *Context, s Subject, x *mixed) Finding) Fold {
	return &strangers{kept: fold.NewBounded[common, met](maxSubjects), find: find, owner: ownerOf, tell: tell}
}

func (f *strangers) narrow(by int) { f.kept.Narrow(by) }

// Add takes in a record.
func (f *strangers) Add(r *record.Record) {
	f.addAwake(r)
	f.addAtRest(r)
}

// addAwake takes in what a record shows of a stranger.
func (f *strangers) addAwake(r *record.Record) {
	for _, e := range sides() {
		if p, ok := f.find(r, e); ok {
			m := f.kept.At(inCommon(r, e))
			m.strangers.Take(p)
			m.n++
			f.n++
			f.note()
		}
	}
}

// addAtRest takes in whose numbers a stranger may have.
func (f *strangers) addAtRest(r *record.Record) {
	for _, e := range sides() {
		if f.owner == nil {
			return
		}
		if p, ok := f.owner(r, e); ok {
			f.kept.At(inCommon(r, e)).owners.Take(p)
		}
	}
}

// takes adds a record, and tells whether it shows a stranger.
func (f *strangers) takes(r *record.Record) bool {
	before := f.n
	f.addAwake(r)
	return f.n != before
}

// Fields walks over what is kept.
func (f *strangers) Fields(w *fold.Walk) {
	f.kept.Fields(w)
	fold.Sum(w, &f.n)
}

// Left is how many strangers found no place.
func (f *strangers) Left() uint64 {
	f.kept.Trim()
	return f.kept.Rest().n
}

// Findings looks for the connection of each stranger.
func (f *strangers) Findings(c *Context) (found []Finding) {
	f.kept.Trim()
	all := make(map[Subject]*mixed)
	for k, m := range f.kept.All() {
		for i := range m.strangers {
			for j := range m.owners {
				if s, o := &m.strangers[i], &m.owners[j]; o.owns(s) {
					to := o.listener(k)
					if all[to] == nil {
						all[to] = new(mixed)
					}
					all[to].add(k, s, o)
				}
			}
		}
	}
	for s, x := range all {
		y := f.tell(c, s, x)
		y.Subject, y.explains = s, x.related
		x.into(&y)
		found = append(found, y)
	}
	return found
}

// mixed sums up the connections to a listener of which something came under another address.
type mixed struct {
	tally          // of the connections
	reset   uint64 // of those, ended by a bare RST
	under   sources
	ports   fold.Range[uint16] // of the listener under the other address
	related explained          // the connections and the strangers
}

func (x *mixed) add(k common, s, o *party) {
	x.hitConn(o.Conn, 0, o.Start, o.End)
	x.examples.Take(Example{s.Conn, s.Packet})
	if o.Reset {
		x.reset++
	}
	x.under.add(s.Peer)
	x.ports.Take(o.listener(k).A.Port)
	x.related.Take(s.Conn)
	x.related.Take(o.Conn)
}

// listener is that of a connection.
func (p *party) listener(k common) Subject {
	if p.Opened {
		return listener(capture.Endpoint{Addr: p.Peer, Port: k.Other})
	}
	return listener(capture.Endpoint{Addr: k.Host, Port: k.Port})
}

// owns tells that a stranger's numbers are those of this connection, which lived then.
func (p *party) owns(s *party) bool {
	return p.Conn != s.Conn && p.Peer != s.Peer && p.Host.Has(s.Host.First) && p.Far.Has(s.Far.First) &&
		s.Start >= p.Start && s.Start <= p.End+finTimeout
}

// inCommon is what a record may have in common with another, seen by one of its ends.
func inCommon(r *record.Record, host record.End) common {
	ends := [...]capture.Endpoint{r.Orig, r.Resp}
	return common{ends[host].Addr, ends[host].Port, ends[host.Peer()].Port}
}

// partyOf is a record, seen by one of its ends.
func partyOf(r *record.Record, host record.End) party {
	peer := r.Resp.Addr
	if host == record.Resp {
		peer = r.Orig.Addr
	}
	return party{Conn: r.ID, Packet: r.FirstPacket, Peer: peer, Opened: host == record.Orig, Start: r.Start, End: r.End,
		Host: r.Ends[host].Numbers.V, Far: r.Ends[host.Peer()].Numbers.V}
}

// ownerOf is a connection that opened and did not close in order, seen by one of its ends.
func ownerOf(r *record.Record, host record.End) (party, bool) {
	if r.Open.Kind != record.OpenHandshake || !unclosed(r) || !numbersKnown(r) {
		return party{}, false
	}
	p := partyOf(r, host)
	p.Reset = r.Close.Kind == record.CloseReset && (r.Close.ResetCause == record.ResetUnknown || r.Close.ResetCause == record.ResetLateData)
	return p, true
}

// unclosed tells that a connection did not close in order.
func unclosed(r *record.Record) bool {
	return r.Close.Kind != record.CloseNormal && r.Close.Kind != record.CloseNeverOpened
}

// numbersKnown tells that both ends' numbers are.
func numbersKnown(r *record.Record) bool {
	return r.Ends[record.Orig].Numbers.OK && r.Ends[record.Resp].Numbers.OK
}
