package pair

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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
	// MaxBytes is how much packets may take in memory, in bytes, before they are written to a
	// file that Spill makes; 0 for no limit.
	MaxBytes int64
	Stored   bool // the input is records, which hold no segments
	Spill    func() (File, error)
}

// Place is the Output that keeps what one capture point saw.
type Place struct {
	record.Base
	opt      PlaceOptions
	Conns    []*Conn
	Headline *report.Headline
	Found    []diagnose.Finding // of the place alone

	open    map[uint64]*Conn // by ID: those whose record did not come yet
	held    int64            // bytes of packets in memory
	packed  uint64           // packets kept
	file    File             // nil while all are in memory
	written int64            // bytes of it
	first   int64            // time of the first and of the last packet kept
	last    int64
}

// NewPlace returns a Place.
func NewPlace(o PlaceOptions) *Place { return &Place{opt: o, open: map[uint64]*Conn{}} }

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
		c = &Conn{ID: at.Conn, Orig: s.Src, Resp: s.Dst, src: s.Src}
		p.open[at.Conn] = c
	}
	end := record.Orig
	if s.Src != c.src {
		end = record.Resp
	}
	if s.Flags.Has(capture.SYN) && !c.Offers[end].Seen {
		c.Offers[end] = offer(s)
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
	p.held += int64(cap(c.packets)-before) * perPacket
	if p.opt.MaxBytes > 0 && p.held > p.opt.MaxBytes {
		return p.spill()
	}
	return nil
}

// Conn keeps a record; see record.Output.
func (p *Place) Conn(r *record.Record) error {
	if r.Interim {
		return nil
	}
	c := p.open[r.ID]
	if c == nil {
		c = &Conn{src: r.Orig} // of records: its segments are not known
		c.takeOffers(r)
		p.spans(r)
	}
	delete(p.open, r.ID)
	c.take(r)
	p.Conns = append(p.Conns, c)
	return nil
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

// Close gives up the file.
func (p *Place) Close() error {
	if p.file == nil {
		return nil
	}
	return p.file.Close()
}

// pieceHead is how many bytes stand before the packets of a piece: where the one before it begins, and their number.
const pieceHead = 8 + 4

// spill writes all packets to the file. Each connection's lie in pieces that name the one before.
func (p *Place) spill() error {
	if p.file == nil {
		if p.opt.Spill == nil {
			return errors.New("the packets need more memory than --max-memory allows")
		}
		f, err := p.opt.Spill()
		if err != nil {
			return fmt.Errorf("packets that memory has no room for: %w", err)
		}
		p.file = f
	}
	b := make([]byte, 0, 1<<20)
	write := func() error {
		n, err := p.file.Write(b)
		p.written += int64(n)
		b = b[:0]
		if err != nil {
			return fmt.Errorf("packets that memory has no room for: %w", err)
		}
		return nil
	}
	for _, c := range p.all() {
		if len(c.packets) == 0 {
			continue
		}
		at := p.written + int64(len(b))
		b = binary.LittleEndian.AppendUint64(b, uint64(c.pieces))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(c.packets)))
		for i := range c.packets {
			b = c.packets[i].append(b)
		}
		c.pieces, c.filed, c.packets = at+1, c.filed+uint32(len(c.packets)), nil
		if len(b) > 1<<20-1<<16 {
			if err := write(); err != nil {
				return err
			}
		}
	}
	p.held = 0
	return write()
}

// all are the connections of which packets may be in memory.
func (p *Place) all() []*Conn {
	all := make([]*Conn, 0, len(p.open)+len(p.Conns))
	for _, c := range p.open {
		all = append(all, c)
	}
	return append(all, p.Conns...)
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
	var b []byte
	for at := c.pieces; at != 0; {
		var head [pieceHead]byte
		if _, err := p.file.ReadAt(head[:], at-1); err != nil {
			return err
		}
		n := int(binary.LittleEndian.Uint32(head[8:]))
		b = append(b[:0], make([]byte, n*packetSize)...)
		if _, err := p.file.ReadAt(b, at-1+pieceHead); err != nil {
			return err
		}
		end -= n
		for i := range n {
			to[end+i].read(b[i*packetSize:])
		}
		at = int64(binary.LittleEndian.Uint64(head[:]))
	}
	return nil
}
