package live

import "net"

// Trouble tells why nothing may come from an interface: "is down", "is gone", "has no link". It
// is "" where nothing is wrong, and for Any. A capture goes on while its interface is down.
func Trouble(name string) string {
	if name == Any {
		return ""
	}
	x, err := net.InterfaceByName(name)
	switch {
	case err != nil:
		return "is gone"
	case x.Flags&net.FlagUp == 0:
		return "is down"
	case x.Flags&net.FlagRunning == 0:
		return "has no link"
	}
	return ""
}
