package pair

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// File is where a Place writes packets for which there is no room in memory.
type File interface {
	io.Writer
	io.ReaderAt
	io.Closer
}

// PlaceOptions choose what a Place keeps.
type PlaceOptions struct {
	Name     string // as tables call the place
	Role     bool   // the name says where it stands, as the user thinks, and goes to the other place if that is wrong
	Captures string // the files, for people
	// MaxBytes is how much connections and their packets may take in memory, in bytes, before they
	// are written to files that Spill makes; 0 for no limit.
	MaxBytes int64
	Stored   bool // the input is records, which hold no segments
	Spill    func() (File, error)
	Watched  bool // the user says that it captured all the while
}

// Place is the Output that keeps what one capture point saw.
type Place struct {
	record.Base
	opt      PlaceOptions
	held     // the connections
	Headline *report.Headline
	Found    []diagnose.Finding // of the place alone

	open    map[uint64]*sprout // by ID: those whose record did not come yet
	bytes   int64              // of packets and connections in memory
	packed  uint64             // packets kept
	packets File               // those that are not in memory; nil while all are
	written int64              // bytes of it
	buf     []byte             // to read them into
	ids     []uint64           // of those in open that are written
	first   int64              // time of the first and of the last packet kept
	last    int64
	keyed   bool // a connection can be known by more than its addresses
}

// NewPlace returns a Place.
func NewPlace(o PlaceOptions) *Place {
	return &Place{opt: o, open: map[uint64]*sprout{}}
}

// Name is what tables call the place.
func (p *Place) Name() string { return p.opt.Name }

// Stored reports whether its input is records.
func (p *Place) Stored() bool { return p.opt.Stored }

// Needs is records with digests and all segments; see record.Output.
func (p *Place) Needs() record.Needs {
	return record.Needs{Conns: true, Segments: !p.opt.Stored, Digests: !p.opt.Stored}
}

// perPacket is what a packet takes in memory, in bytes.
const perPacket = 48

// Segment keeps a segment; see record.Output.
func (p *Place) Segment(at *record.Placement, s *capture.Segment, _ []byte) error {
	if at.Conn == 0 {
		return nil
	}
	c := p.open[at.Conn]
	if c == nil {
		c = &sprout{src: s.Src, dst: s.Dst}
		p.open[at.Conn] = c
		p.bytes += perSprout
	}
	end := record.Orig
	if s.Src != c.src {
		end = record.Resp
	}
	if s.Flags.Has(capture.SYN) && !c.offers[end].Seen {
		c.offers[end] = offer(s)
	}
	x := packetOf(s, end)
	if x.marks&untimed == 0 {
		if p.first == 0 || x.time < p.first {
			p.first = x.time
		}
		p.last = max(p.last, x.time)
	}
	if at.Copied {
		x.marks |= copied
	} else {
		p.packed++
	}
	before := cap(c.packets)
	c.packets = append(c.packets, x)
	p.bytes += int64(cap(c.packets)-before) * perPacket
	return p.fit()
}

// fit makes room in memory where there is too little.
func (p *Place) fit() error {
	// Those that are open stay: they must not have each packet written alone.
	if open := int64(len(p.open)) * perSprout; p.opt.MaxBytes == 0 || p.bytes <= max(p.opt.MaxBytes, open+p.opt.MaxBytes/2) {
		return nil
	}
	if p.opt.Spill == nil {
		return errors.New("the packets need more memory than --max-memory allows")
	}
	return p.spill()
}

// Conn keeps a record; see record.Output.
func (p *Place) Conn(r *record.Record) error {
	if r.Interim {
		return nil
	}
	var c *Conn
	if s := p.open[r.ID]; s != nil {
		c = s.conn(r.ID)
		delete(p.open, r.ID)
		p.bytes -= perSprout
	} else {
		c = &Conn{src: r.Orig} // of records: its segments are not known
		c.takeOffers(r)
		p.spans(r)
	}
	p.bytes += perConn
	c.take(r)
	p.keyed = p.keyed || c.hasKey()
	p.add(c)
	return p.fit()
}

// spans notes when the place captured, by its connections.
func (p *Place) spans(r *record.Record) {
	if r.Capture.Startless {
		return
	}
	if p.first == 0 || r.Start < p.first {
		p.first = r.Start
	}
	p.last = max(p.last, r.End)
}

// Findings keeps what the place alone shows; see diagnose.Judged.
func (p *Place) Findings(found []diagnose.Finding) error {
	p.Found = found
	return nil
}

// Report keeps what the run says of its input; see report.Reporter.
func (p *Place) Report(h *report.Headline, _ *report.Summary) error {
	p.Headline = h
	return nil
}

// watch is from when until when the place is known to have captured: its first and last packet of any kind, and what
// its files say.
func (p *Place) watch() (from, until int64) {
	if p.opt.Watched {
		return math.MinInt64, math.MaxInt64
	}
	from, until = p.first, p.last
	if h := p.Headline; h != nil {
		for _, at := range [...]record.Opt[int64]{{V: h.Start, OK: h.Start != 0}, h.RanFrom} {
			if at.OK && at.V < from {
				from = at.V
			}
		}
		for _, at := range [...]record.Opt[int64]{{V: h.End, OK: h.End != 0}, h.RanUntil} {
			if at.OK {
				until = max(until, at.V)
			}
		}
	}
	return from, until
}

// Close gives up the files.
func (p *Place) Close() error {
	err := p.held.close()
	if p.packets != nil {
		err = cmp.Or(err, p.packets.Close())
	}
	return err
}

// pieceHead is how many bytes stand before the packets of a piece: where the one before it begins, and their number.
const pieceHead = 8 + 4

// spill writes all packets to a file, each connection's in pieces that name the one before, and to another
// the connections whose record came.
func (p *Place) spill() (err error) {
	defer func() {
		p.bytes = int64(len(p.open)) * perSprout
		if err != nil {
			err = fmt.Errorf("packets that memory has no room for: %w", err)
		}
	}()
	if p.packets == nil {
		f, err := p.opt.Spill()
		if err != nil {
			return err
		}
		p.packets = &paged{File: f}
	}
	b := make([]byte, 0, atOneTime)
	write := func() error {
		n, err := p.packets.Write(b)
		p.written += int64(n)
		b = b[:0]
		return err
	}
	one := func(c *kept) error {
		if len(c.packets) == 0 {
			return nil
		}
		at := p.written + int64(len(b))
		b = binary.LittleEndian.AppendUint64(b, uint64(c.pieces))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(c.packets)))
		for i := range c.packets {
			b = c.packets[i].append(b)
		}
		c.pieces, c.filed, c.packets = at+1, c.filed+uint32(len(c.packets)), nil
		if len(b) > atOneTime/2 {
			return write()
		}
		return nil
	}
	p.ids = p.ids[:0]
	for id, s := range p.open {
		if len(s.packets) > 0 {
			p.ids = append(p.ids, id)
		}
	}
	slices.Sort(p.ids) // neighbours are read one after the other
	for _, id := range p.ids {
		if err := one(&p.open[id].kept); err != nil {
			return err
		}
	}
	for _, c := range p.conns {
		if err := one(&c.kept); err != nil {
			return err
		}
	}
	if err := write(); err != nil {
		return err
	}
	return p.held.spill(p.opt.Spill)
}

// Rest writes what is in memory to the files, where there are any: for as long as another place is read.
func (p *Place) Rest() error {
	if p.packets == nil {
		return nil
	}
	return p.spill()
}

// load gives the packets of a connection in the order of the input, each with the end that sent it, in to.
func (p *Place) load(c *Conn, to []packet) ([]packet, error) {
	to = to[:0]
	if c.pieces != 0 {
		to = append(to, make([]packet, int(c.filed))...)
		if err := p.unpack(c, to); err != nil {
			return to[:0], fmt.Errorf("packets that memory had no room for: %w", err)
		}
	}
	to = append(to, c.packets...)
	if c.adopted {
		sortPackets(to)
	}
	if c.turned {
		for i := range to {
			to[i].end ^= 1
		}
	}
	return to, nil
}

// sortPackets puts packets in the order of the input.
func sortPackets(all []packet) {
	slices.SortFunc(all, func(x, y packet) int { return cmp.Compare(x.number, y.number) })
}

// unpack reads the packets of a connection that lie in the file.
func (p *Place) unpack(c *Conn, to []packet) error {
	end := len(to)
	for at := c.pieces; at != 0; {
		// A piece holds at most what is left: that, and what stands before it, is read at once.
		most := pieceHead + end*packetSize
		if cap(p.buf) < most {
			p.buf = make([]byte, most)
		}
		b := p.buf[:most]
		read, err := p.packets.ReadAt(b, at-1)
		n := int(binary.LittleEndian.Uint32(b[8:]))
		if size := pieceHead + n*packetSize; read < size || n > end {
			return cmp.Or(err, io.ErrUnexpectedEOF)
		}
		end -= n
		for i := range n {
			to[end+i].read(b[pieceHead+i*packetSize:])
		}
		at = int64(binary.LittleEndian.Uint64(b))
	}
	return nil
}
