package live

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
)

// ErrNoLibpcap is returned by everything here when the program was built
// without cgo.
var ErrNoLibpcap = errors.New("built without libpcap: no live capture, no filters")

// Defaults of Options.
const (
	DefaultSnaplen     = 262144 // bytes, tcpdump's
	DefaultBuffer      = 65536  // KiB; see Options.Buffer
	DefaultReadTimeout = 100 * time.Millisecond
)

// Any is the pseudo-interface that captures on all of them.
const Any = "any"

// Options of a live capture. The zero value of each is usable.
type Options struct {
	Interface   string        // "" for the first that is up, see FirstUp
	Snaplen     int           // most bytes of a packet; 0 means DefaultSnaplen
	NoPromisc   bool          // leave the interface as it is; never promiscuous on Any
	Buffer      int           // KiB that the kernel may hold, if it has them to spare; 0 means DefaultBuffer
	ReadTimeout time.Duration // how long Next waits, and how late a packet may come; 0 means DefaultReadTimeout
	Filter      string        // libpcap expression; "" lets everything through
}

func (o Options) withDefaults() Options {
	if o.Snaplen <= 0 {
		o.Snaplen = DefaultSnaplen
	}
	if o.Buffer <= 0 {
		o.Buffer = DefaultBuffer
	}
	if o.ReadTimeout <= 0 {
		o.ReadTimeout = DefaultReadTimeout
	}
	return o
}

// Interface is something that can be captured on.
type Interface struct {
	Name        string
	Description string // "" for most
	Addresses   []netip.Prefix
	Up          bool
	Running     bool
	Loopback    bool
	Wireless    bool
	Pseudo      bool // no network interface of the host: any
}

// String is the line that -D prints: name, description, flags, addresses.
func (i Interface) String() string {
	var b strings.Builder
	b.WriteString(i.Name)
	if i.Description != "" {
		fmt.Fprintf(&b, " (%s)", i.Description)
	}
	var flags []string
	if !i.Up {
		flags = append(flags, "down")
	}
	for _, f := range []struct {
		on   bool
		name string
	}{{i.Up, "up"}, {i.Running, "running"}, {i.Loopback, "loopback"}, {i.Wireless, "wireless"}} {
		if f.on {
			flags = append(flags, f.name)
		}
	}
	if len(flags) > 0 {
		fmt.Fprintf(&b, " [%s]", strings.Join(flags, ", "))
	}
	for _, a := range i.Addresses {
		b.WriteString(" " + a.String())
	}
	return b.String()
}

// FirstUp returns the interface to capture on when the user named none: the
// first that is up and running and has an address, loopback last.
func FirstUp(all []Interface) (Interface, error) {
	best, rank := -1, 0
	for i, f := range all {
		r := 0
		switch {
		case f.Pseudo || !f.Up:
		case f.Loopback:
			r = 1
		case !f.Running:
			r = 2
		case len(f.Addresses) == 0:
			r = 3
		default:
			r = 4
		}
		if r > rank {
			best, rank = i, r
		}
	}
	if best < 0 {
		return Interface{}, errors.New("no interface is up; -D lists them")
	}
	return all[best], nil
}

// fullLink undoes the loss of a link type's upper bits: gopacket reads it as
// uint8, so LINUX_SLL2 (276) arrives as 20. known are all link types that the
// handle offers.
func fullLink(low uint8, known []int) int {
	for _, k := range known {
		if k == int(low) {
			return k
		}
	}
	for _, k := range known {
		if k&0xff == int(low) {
			return k
		}
	}
	return int(low)
}

// fileLink turns the DLT_ number that libpcap works with into the LINKTYPE_
// number that files and decoders use; they differ where the DLT_ numbers
// differ by system (www.tcpdump.org/linktypes.html).
func fileLink(dlt int) int {
	switch dlt {
	case 11: // ATM_RFC1483
		return 100
	case 12: // RAW
		return 101
	case 15: // SLIP_BSDOS
		return 102
	case 16: // PPP_BSDOS
		return 103
	}
	return dlt
}

// explain turns what libpcap says when a handle can't be had into one line
// that says what to do.
func explain(device string, err error, known []Interface) error {
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	low := strings.ToLower(text)
	var names []string
	for _, i := range known {
		names = append(names, i.Name)
	}
	denied := strings.Contains(low, "permission") || strings.Contains(low, "not permitted")
	switch {
	// Without privilege libpcap does not get as far as looking for the name.
	case strings.Contains(low, "no such device"), denied && len(names) > 0 && !slices.Contains(names, device):
		return fmt.Errorf("%s: no such interface; known: %s", device, strings.Join(names, ", "))
	case denied:
		return fmt.Errorf("%s: no privilege to capture: use sudo, or sudo setcap cap_net_raw,cap_net_admin=eip %s", device, program())
	case strings.Contains(low, "not up"):
		return fmt.Errorf("%s: the interface is down", device)
	}
	return fmt.Errorf("%s: %s", device, text)
}

// program is the path of this program, for a command that the user may copy.
func program() string {
	path, err := os.Executable()
	if err != nil {
		return "tcpwatch"
	}
	if strings.ContainsAny(path, " '\"$`\\") {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}
