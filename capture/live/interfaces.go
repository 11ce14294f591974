//go:build cgo

package live

import (
	"net"
	"net/netip"

	"github.com/google/gopacket/pcap"
)

// libpcap's flags of an interface (pcap_findalldevs(3PCAP)).
const (
	flagLoopback = 1 << iota
	flagUp
	flagRunning
	flagWireless
)

// Interfaces lists what can be captured on, in libpcap's order. What carries
// no TCP (USB, Bluetooth, D-Bus, netfilter's queues) is left out.
func Interfaces() ([]Interface, error) {
	devices, err := pcap.FindAllDevs()
	if err != nil {
		return nil, err
	}
	out := make([]Interface, 0, len(devices))
	for _, d := range devices {
		i := Interface{Name: d.Name, Description: d.Description,
			Up:       d.Flags&flagUp != 0,
			Running:  d.Flags&flagRunning != 0,
			Loopback: d.Flags&flagLoopback != 0,
			Wireless: d.Flags&flagWireless != 0,
		}
		_, err := net.InterfaceByName(d.Name)
		i.Pseudo = err != nil
		if i.Pseudo && i.Name != Any {
			continue
		}
		for _, a := range d.Addresses {
			addr, ok := netip.AddrFromSlice(a.IP)
			if !ok {
				continue
			}
			bits, size := net.IPMask(a.Netmask).Size()
			if size == 0 {
				bits = addr.BitLen()
			}
			i.Addresses = append(i.Addresses, netip.PrefixFrom(addr.Unmap(), bits))
		}
		out = append(out, i)
	}
	return out, nil
}

// Version is libpcap's own version line.
func Version() string { return pcap.Version() }
