package main

import (
	"io"

	"tcpwatch/capture"
)

// packetFile is the file of -w. Its header is written with the first packet,
// whose link type it takes.
type packetFile struct {
	name    string
	w       io.Writer
	snaplen int
	link    capture.LinkType // used when no packet comes
	pcap    *capture.PcapWriter
	other   uint64 // packets of another link type, left out: a pcap file has one only
}

func (f *packetFile) begin(link capture.LinkType) (err error) {
	if f.pcap == nil {
		f.link = link
		f.pcap, err = capture.NewPcapWriter(f.w, link, f.snaplen, true)
	}
	return err
}

// write adds a packet.
func (f *packetFile) write(p *capture.Packet) error {
	if err := f.begin(p.Link); err != nil {
		return err
	}
	if p.Link != f.link {
		f.other++
		return nil
	}
	return f.pcap.WritePacket(p)
}

// flush writes what is held back.
func (f *packetFile) flush() error {
	if err := f.begin(f.link); err != nil {
		return err
	}
	return f.pcap.Flush()
}
