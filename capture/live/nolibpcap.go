//go:build !cgo

package live

import (
	"golang.org/x/net/bpf"

	"tcpwatch/capture"
)

// Handle captures live; without libpcap there is none.
type Handle struct{}

// Open returns ErrNoLibpcap.
func Open(Options) (*Handle, error) { return nil, ErrNoLibpcap }

// Link is never called.
func (*Handle) Link() capture.LinkType { return 0 }

// Interface is never called.
func (*Handle) Interface() string { return "" }

// Next returns ErrNoLibpcap.
func (*Handle) Next(*capture.Packet) error { return ErrNoLibpcap }

// Stats returns ErrNoLibpcap.
func (*Handle) Stats() (capture.Counters, error) { return capture.Counters{}, ErrNoLibpcap }

// Close does nothing.
func (*Handle) Close() error { return nil }

// Interfaces returns ErrNoLibpcap.
func Interfaces() ([]Interface, error) { return nil, ErrNoLibpcap }

// Compile returns ErrNoLibpcap.
func Compile(capture.LinkType, string) ([]bpf.RawInstruction, error) { return nil, ErrNoLibpcap }

// Version says that there is no libpcap.
func Version() string { return "without libpcap" }
