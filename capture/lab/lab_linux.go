package lab

import (
	"errors"
	"os"
	"path/filepath"

	"tcpwatch/capture/lab/wire"
)

// Where a tap is.
type Where int

// Taps.
const (
	AtClient   Where = iota // the client's interface
	AtServer                // the server's interface
	AtTrunk                 // between the relays of a Trunk
	AtLoopback              // the loopback of an Alone network
	AnyClient               // all interfaces of the client, without link headers
	AnyRouter               // all interfaces of the router: every packet twice
)

var whereWords = [...]string{"the client's interface", "the server's interface", "the trunk between two switches",
	"the loopback", "all interfaces of the client", "all interfaces of the router"}

// TapSpec says what to capture.
type TapSpec struct {
	Where   Where
	Suffix  string // added to the scenario's name
	Link    uint32 // 0 is Ethernet
	Snaplen int    // 0 is 262144
	OneWay  string // "orig" or "resp": only what that end sent
	Lose    int    // every so many-th segment with data is not captured; 0 captures all
	// Unseen names the end ("orig" or "resp") whose last edge has no segment on
	// this tap, though it is not silent.
	Unseen string
}

// Scenario is one piece of traffic with what is known about it beforehand.
type Scenario struct {
	Name  string
	Doc   string     // what it shows
	Shape wire.Shape // Relayed when there is a Relay
	V6    bool
	Taps  []TapSpec // nil is one at the client
	// Relay is what the path does with each segment. It may remember what it saw:
	// to play a scenario again take a new one.
	Relay func(*wire.Segment) wire.Verdict
	Tag   uint16 // VLAN of a Trunk
	Late  bool   // a step starts the taps
	Large bool   // thousands of connections: stored compressed
	Slow  bool   // takes a minute: recorded, but not played in tests
	// Offload leaves segmentation and checksum offloads on: captures hold
	// segments longer than the MSS and checksums that are not filled in.
	Offload bool
	// Deaf names the end ("orig" or "resp") that nothing reaches any more when
	// the scenario ends: what its peer sent last is on the tap, and no capture
	// can tell that it never arrived.
	Deaf string
	// Forged is set when a SYN is forged: an attempt that the taps see and no
	// kernel knows of.
	Forged bool
	// Translated is set when the router translates addresses: each end knows the other
	// by another address, and a tap may see segments of neither's connections.
	Translated bool
	Play       steps   // what happens, in order
	Wants      Outcome // what must be seen; nil is one connection that the client closes first
	Shows      string  // "orig" or "resp" and a counter of its kernel that must not stay 0; "" is none
}

// shape is how the ends are joined.
func (sc *Scenario) shape() wire.Shape {
	if sc.Relay != nil {
		return wire.Relayed
	}
	return sc.Shape
}

// Lab makes recordings. Only one Lab exists on a machine at a time.
type Lab struct {
	tracer *tracer
	lock   *os.File
	Why    string // why there is no tracepoint, "" when there is
}

// Open prepares the machine; the error says what is missing. It waits a while
// for a Lab of another process to end.
func Open() (*Lab, error) {
	lock, err := wire.Claim("ip", "nft")
	if err != nil {
		return nil, err
	}
	l := &Lab{lock: lock}
	if l.tracer, err = openTracer(); err != nil {
		l.Why = err.Error()
	}
	return l, nil
}

// Close gives the machine back.
func (l *Lab) Close() error {
	var err error
	if l.tracer != nil {
		err = l.tracer.close()
	}
	return errors.Join(err, l.lock.Close())
}

// Capture is one capture file in memory.
type Capture struct {
	Name  string
	Bytes []byte
}

// Recording is what a scenario gave.
type Recording struct {
	Truth    *Truth
	Captures []Capture
	large    bool
}

// Save writes captures and truth to dir.
func (r *Recording) Save(dir string) error {
	for i, c := range r.Captures {
		if err := writeFile(filepath.Join(dir, c.Name), c.Bytes, r.large); err != nil {
			return err
		}
		if r.large {
			r.Truth.Taps[i].File = c.Name + ".gz"
		}
	}
	return r.Truth.Save(dir)
}
