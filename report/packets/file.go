package packets

import (
	"fmt"
	"io"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// File is the Output of all packets that pass the filter, as a pcap file with times in
// nanoseconds. Its header is written with the first packet, whose link type it takes.
type File struct {
	record.Base
	w       io.Writer
	name    string
	snaplen int
	link    capture.LinkType // used when no packet comes
	pcap    *capture.PcapWriter
	other   uint64 // packets of another link type, left out: a pcap file has one only
}

// NewFile returns a File that writes to w, which has that name. Its header names snaplen, and
// link when no packet comes.
func NewFile(w io.Writer, name string, snaplen int, link capture.LinkType) *File {
	return &File{w: w, name: name, snaplen: snaplen, link: link}
}

// Needs is packets; see record.Output.
func (f *File) Needs() record.Needs { return record.Needs{Packets: true} }

func (f *File) begin(link capture.LinkType) (err error) {
	if f.pcap == nil {
		f.link = link
		f.pcap, err = capture.NewPcapWriter(f.w, link, f.snaplen, true)
	}
	return err
}

// Packet adds a packet; see record.Output.
func (f *File) Packet(p *capture.Packet, _ record.Datagram) error {
	if err := f.begin(p.Link); err != nil {
		return err
	}
	if p.Link != f.link {
		f.other++
		return nil
	}
	return f.pcap.WritePacket(p)
}

// Tick writes what is held back where somebody waits for it; see record.Output.
func (f *File) Tick(t *record.Tick) error {
	if !t.Show {
		return nil
	}
	return f.Finish()
}

// Finish writes what is held back; see record.Output.
func (f *File) Finish() error {
	if err := f.begin(f.link); err != nil {
		return err
	}
	return f.pcap.Flush()
}

// Told says, when the run has ended, how many packets are not in the file, and why.
func (f *File) Told() []string {
	if f.other == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s: %d packets left out: a pcap file has one link type, and they are not %s", f.name, f.other, f.link)}
}
