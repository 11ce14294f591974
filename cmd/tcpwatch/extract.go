package main

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// extractFile is the file of --extract: the packets of the connections that
// the first pass found, with what the ladder says of them as comments. The only
// worker writes it; the reader of the input tells which interfaces there are.
type extractFile struct {
	name     string
	found    *found // set before the first packet
	w        *capture.PcapngWriter
	comments *sentence.Comments
	waiting  fragments
	packet   uint64 // the number of the packet that was stepped last
	comment  string // of that packet
	conns    uint64
	begun    uint64 // the number of the last of them
	packets  uint64

	files      []*capture.File
	described  []int // interfaces known of each file: of the reader
	mu         sync.Mutex
	interfaces [][]capture.Interface // by file
}

func newExtractFile(w io.Writer, o *options, in *input) (*extractFile, error) {
	png, err := capture.NewPcapngWriter(w, "tcpwatch")
	return &extractFile{name: o.extract, w: png, files: in.files,
		comments:   sentence.NewComments(sentence.Phrases{MSL: o.track.MSL}),
		described:  make([]int, len(in.files)),
		interfaces: make([][]capture.Interface, len(in.files))}, err
}

// learn notes the interfaces that were described before a packet, for the
// worker, which must not ask the files while they are read.
func (x *extractFile) learn(p *capture.Packet) {
	if p.Interface < x.described[p.File] {
		return
	}
	all := x.files[p.File].Interfaces()
	x.mu.Lock()
	x.interfaces[p.File] = append(x.interfaces[p.File], all[x.described[p.File]:]...)
	x.mu.Unlock()
	x.described[p.File] = len(all)
}

// step takes what the tracker made of a packet of a marked connection.
func (x *extractFile) step(s *record.Step) {
	comment := x.comments.Step(s)
	switch {
	case s.Segment != nil:
		x.take(s.Segment.Packet, comment)
		if s.Segment.Packet == s.Conn && x.begun != s.Conn { // a connection's number is that of its first packet
			x.conns, x.begun = x.conns+1, s.Conn
		}
	case s.Quote != nil:
		x.take(s.Quote.Packet, comment)
	}
}

// take joins the comments of a packet that is about two connections, as a SYN
// that ends one and begins another is.
func (x *extractFile) take(packet uint64, comment string) {
	if x.packet == packet && x.comment != "" {
		comment = strings.TrimSuffix(x.comment+"; "+comment, "; ")
	}
	x.packet, x.comment = packet, comment
}

// decoded writes a packet that the tracker has been through, when it is of a
// connection that was found.
func (x *extractFile) decoded(p *capture.Packet, d *capture.Decoder, outcome capture.Outcome) error {
	switch {
	case outcome == capture.OutcomeSkipped && d.Skip == capture.SkipFragment:
		x.waiting.hold(d.Datagram, p)
		return nil
	case x.packet != p.Number:
		x.waiting.drop(d.Datagram)
		return nil
	}
	if err := x.pieces(d.Datagram); err != nil {
		return err
	}
	return x.write(p, x.comment)
}

// pieces writes the fragments before the one that completed a datagram, or all
// that came of one that the end of the input left incomplete.
func (x *extractFile) pieces(datagram uint64) error {
	for _, p := range x.waiting.take(datagram) {
		comment := fmt.Sprintf("tcpwatch: fragment, put together with packet %d", x.packet)
		if x.packet == p.Number {
			comment = x.comment
		}
		if err := x.write(&p, comment); err != nil {
			return err
		}
	}
	return nil
}

func (x *extractFile) write(p *capture.Packet, comment string) error {
	x.packets++
	x.mu.Lock()
	on := x.interfaces[p.File][p.Interface]
	x.mu.Unlock()
	return x.w.WritePacket(p, on, comment)
}

// told says what the file holds.
func (x *extractFile) told() string {
	name := x.name
	if name == "-" {
		name = "extract"
	}
	if x.packets == 0 {
		return fmt.Sprintf("%s: no packets, no connection is to be extracted", name)
	}
	line := fmt.Sprintf("%s: %s of %s", name, say.Plural(x.packets, "packet"), say.Plural(x.conns, "connection"))
	if x.found.n > maxFound {
		line += fmt.Sprintf("; %s more are left out, only %s can be remembered", say.Thousands(x.found.n-maxFound), say.Thousands(maxFound))
	}
	if x.waiting.lost > 0 {
		line += fmt.Sprintf("; %s fragments may be missing, too many waited", say.Thousands(x.waiting.lost))
	}
	return line
}
