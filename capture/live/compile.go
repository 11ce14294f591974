//go:build cgo

package live

import (
	"fmt"
	"os"

	"github.com/google/gopacket/pcap"
	"golang.org/x/net/bpf"

	"tcpwatch/capture"
)

// Compile compiles a libpcap filter expression for packets of a link type; the
// program looks at nothing but a packet's bytes. The error is libpcap's own.
//
// gopacket's CompileBPFFilter takes a link type of 8 bits and a DLT_ number.
// libpcap takes any, and translates, when it reads it from the header of a
// capture file: so it is given one that has no packets.
func Compile(link capture.LinkType, expr string) ([]bpf.RawInstruction, error) {
	h, err := emptyCapture(link)
	if err != nil {
		return nil, fmt.Errorf("filter: %w", err)
	}
	defer h.Close()
	program, err := h.CompileBPFFilter(expr)
	if err != nil {
		return nil, filterError(expr, err)
	}
	raw := make([]bpf.RawInstruction, len(program))
	for i, p := range program {
		raw[i] = bpf.RawInstruction{Op: p.Code, Jt: p.Jt, Jf: p.Jf, K: p.K}
	}
	return raw, nil
}

// emptyCapture opens a capture file without packets, through a pipe.
func emptyCapture(link capture.LinkType) (*pcap.Handle, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	file, err := capture.NewPcapWriter(w, link, DefaultSnaplen, false)
	if err == nil {
		err = file.Flush()
	}
	w.Close()
	if err != nil {
		return nil, err
	}
	// By name, not OpenOfflineFile: that one closes the descriptor of an
	// os.File behind its back.
	return pcap.OpenOffline(fmt.Sprintf("/dev/fd/%d", r.Fd()))
}

func filterError(expr string, err error) error {
	return fmt.Errorf("filter %q: %w", expr, err)
}
