package live

// DefaultFilter is what a live capture lets through when the user gives no
// filter: TCP, and whatever may carry it or tell about it. It compiles for
// every link type that libpcap can filter.
//
// Tagged frames need no word of their own where the kernel has taken the tag
// off (Linux does, and libpcap puts it back after filtering): the program then
// sees the frame as if it had none. "vlan" would move every offset after it;
// asking for the EtherType lets tags that are still in the frame through whole.
const DefaultFilter = defaultIP4 + " or " + defaultIP6 + " or " + defaultUDP + " or " + defaultLink

// DefaultFilterName says in words what DefaultFilter lets through.
const DefaultFilterName = "TCP, ICMP errors, IP fragments, VLAN, MPLS, PPPoE and tunnels"

const (
	// TCP with its fragments; ICMP errors (RFC 792: 3 unreachable, 4 source
	// quench, 5 redirect, 11 time exceeded, 12 parameter problem); IPIP, 6in4,
	// GRE, AH, L2TP, MPLS; later fragments of the tunnels below.
	defaultIP4 = "ip proto 6 or ip proto 4 or ip proto 41 or ip proto 47 or ip proto 51 or ip proto 115 or ip proto 137" +
		" or (icmp and (icmp[0] = 3 or icmp[0] = 4 or icmp[0] = 5 or icmp[0] = 11 or icmp[0] = 12))" +
		" or (ip proto 17 and ip[6:2] & 0x3fff != 0)"
	// The same, and extension headers (RFC 8200 section 4), behind which libpcap
	// does not look; ICMPv6 errors have types below 128 (RFC 4443 section 2.1).
	defaultIP6 = "ip6 proto 6 or ip6 proto 4 or ip6 proto 41 or ip6 proto 47 or ip6 proto 51 or ip6 proto 115 or ip6 proto 137" +
		" or ip6 proto 0 or ip6 proto 43 or ip6 proto 44 or ip6 proto 60 or ip6 proto 135" +
		" or (ip6 proto 58 and ip6[40] < 128)"
	// VXLAN (and its old port, and GPE), Geneve, GTP-U, L2TP, Teredo.
	defaultUDP = "udp port 4789 or udp port 8472 or udp port 4790 or udp port 6081 or udp port 2152 or udp port 1701 or udp port 3544"
	// 802.1Q, 802.1ad and two older QinQ tags, MPLS, PPPoE sessions.
	defaultLink = "ether proto 0x8100 or ether proto 0x88a8 or ether proto 0x9100 or ether proto 0x9200" +
		" or ether proto 0x8847 or ether proto 0x8848 or ether proto 0x8864"
)
