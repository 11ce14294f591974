package wire

import (
	"fmt"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Shape is how the client and the server are joined.
type Shape int

const (
	Pair    Shape = iota // one veth pair
	Routed               // a namespace between them that forwards, and may drop
	Relayed              // a relay in user space between them, that may delay, drop and double
	Trunk                // two relays between them; frames between the relays carry a VLAN tag
	Alone                // one namespace: both ends on its loopback
)

// Names of the interfaces inside the namespaces.
const (
	ClientIf = "eth0"
	ServerIf = "eth0"
	RouterA  = "west" // towards the client
	RouterB  = "east" // towards the server
	TrunkA   = "trunk0"
	TrunkB   = "trunk1"
)

// Network is the namespaces of one run. Addresses are unique on the machine
// while it runs, so that the tracepoint, which tells no namespace, tells whose
// socket it speaks of.
type Network struct {
	Client, Server, Router *Namespace // server is client when Alone; router is nil in a Pair
	ClientIP, ServerIP     netip.Addr
	relays                 []*relay
}

// New builds the network number n (0 to 255) of a shape. offload leaves
// the offloads of its interfaces on.
func New(shape Shape, n int, v6, offload bool, entries int) (_ *Network, err error) {
	net := &Network{}
	defer func() {
		if err != nil {
			net.Close()
		}
	}()
	if net.Client, err = NewNamespace("client", entries); err != nil {
		return nil, err
	}
	net.Server = net.Client
	if shape != Alone {
		if net.Server, err = NewNamespace("server", entries); err != nil {
			return nil, err
		}
	}
	if shape == Routed || shape == Relayed || shape == Trunk {
		if net.Router, err = NewNamespace("router", entries); err != nil {
			return nil, err
		}
	}
	for _, ns := range net.Namespaces() {
		if err := ns.prepare(v6); err != nil {
			return nil, err
		}
	}
	if err := net.join(shape, n, v6, offload); err != nil {
		return nil, err
	}
	for _, ns := range net.Namespaces() {
		if err := ns.awaitLinks(); err != nil {
			return nil, err
		}
	}
	return net, nil
}

// prepare brings up the loopback and silences IPv6 where it is not wanted.
func (n *Namespace) prepare(v6 bool) error {
	off := 1
	if v6 {
		off = 0
	}
	for _, s := range [...]string{"default", "all", "lo"} {
		if err := n.Sysctl("ipv6/conf/"+s+"/disable_ipv6", off); err != nil {
			return err
		}
	}
	for name, value := range map[string]int{"accept_dad": 0, "router_solicitations": 0} {
		if err := n.Sysctl("ipv6/conf/default/"+name, value); err != nil {
			return err
		}
	}
	return n.IP("link set lo up")
}

// join makes the links, gives them addresses and, unless told otherwise,
// switches their offloads off, so that segments and checksums are what a wire
// would carry.
func (net *Network) join(shape Shape, n int, v6, offload bool) error {
	prefix := fmt.Sprintf("10.77.%d.", n)
	low, high, narrow, wide, flags := prefix+"1", prefix+"129", "/25", "/24", ""
	gateway, gatewayB := prefix+"2", prefix+"130"
	if v6 {
		prefix = fmt.Sprintf("fd77:%d:", n)
		low, high, narrow, wide, flags = prefix+"1::1", prefix+"2::1", "/64", "/32", " nodad"
		gateway, gatewayB = prefix+"1::2", prefix+"2::2"
	}
	net.ClientIP, net.ServerIP = netip.MustParseAddr(low), netip.MustParseAddr(high)
	pair := func(a *Namespace, aName string, b *Namespace, bName string) error {
		return a.IP(fmt.Sprintf("link add %s type veth peer name %s netns %s", aName, bName, b.Path()))
	}
	up := func(ns *Namespace, name, address string) error {
		lines := []string{"link set " + name + " up"}
		if address != "" {
			lines = append([]string{"addr add " + address + " dev " + name + flags}, lines...)
		}
		if !offload {
			if err := ns.Do(func() error { return offloadsOff(name) }); err != nil {
				return err
			}
		}
		return ns.IP(lines...)
	}
	type step func() error
	var steps []step
	switch shape {
	case Alone:
		steps = []step{func() error {
			return net.Client.IP("addr add "+low+wide+" dev lo"+flags, "addr add "+high+wide+" dev lo"+flags)
		}}
	case Pair:
		steps = []step{
			func() error { return pair(net.Client, ClientIf, net.Server, ServerIf) },
			func() error { return up(net.Client, ClientIf, low+wide) },
			func() error { return up(net.Server, ServerIf, high+wide) },
		}
	case Routed:
		family, all := "-4", "ipv4/conf/all/forwarding"
		if v6 {
			family, all = "-6", "ipv6/conf/all/forwarding"
		}
		steps = []step{
			func() error { return pair(net.Client, ClientIf, net.Router, RouterA) },
			func() error { return pair(net.Router, RouterB, net.Server, ServerIf) },
			func() error { return up(net.Client, ClientIf, low+narrow) },
			func() error { return up(net.Router, RouterA, gateway+narrow) },
			func() error { return up(net.Router, RouterB, gatewayB+narrow) },
			func() error { return up(net.Server, ServerIf, high+narrow) },
			func() error { return net.Client.Command("", "ip", family, "route", "add", "default", "via", gateway) },
			func() error { return net.Server.Command("", "ip", family, "route", "add", "default", "via", gatewayB) },
			func() error { return net.Router.Sysctl(all, 1) },
		}
	case Relayed:
		steps = []step{
			func() error { return pair(net.Client, ClientIf, net.Router, RouterA) },
			func() error { return pair(net.Router, RouterB, net.Server, ServerIf) },
			func() error { return up(net.Client, ClientIf, low+wide) },
			func() error { return up(net.Server, ServerIf, high+wide) },
			func() error { return up(net.Router, RouterA, "") },
			func() error { return up(net.Router, RouterB, "") },
		}
	case Trunk:
		steps = []step{
			func() error { return pair(net.Client, ClientIf, net.Router, RouterA) },
			func() error { return pair(net.Router, TrunkA, net.Router, TrunkB) },
			func() error { return pair(net.Router, RouterB, net.Server, ServerIf) },
			func() error { return up(net.Client, ClientIf, low+wide) },
			func() error { return up(net.Server, ServerIf, high+wide) },
			func() error { return up(net.Router, RouterA, "") },
			func() error { return up(net.Router, TrunkA, "") },
			func() error { return up(net.Router, TrunkB, "") },
			func() error { return up(net.Router, RouterB, "") },
		}
	}
	for _, s := range steps {
		if err := s(); err != nil {
			return err
		}
	}
	return nil
}

// Namespaces are those that the network has, each once.
func (net *Network) Namespaces() []*Namespace {
	var all []*Namespace
	for _, ns := range [...]*Namespace{net.Client, net.Server, net.Router} {
		if ns != nil && (len(all) == 0 || ns != all[0]) {
			all = append(all, ns)
		}
	}
	return all
}

// Relay lets a relay carry frames between two interfaces of the router.
func (net *Network) Relay(a, b string, tag uint16, rule func(*Segment) Verdict) error {
	r, err := newRelay(net.Router, a, b, tag, rule)
	if err == nil {
		net.relays = append(net.relays, r)
	}
	return err
}

// Close ends relays and namespaces.
func (net *Network) Close() {
	for _, r := range net.relays {
		r.stop()
	}
	for _, ns := range net.Namespaces() {
		ns.Close()
	}
}

// Requests of SIOCETHTOOL (linux/ethtool.h).
const (
	setRxChecksum = 0x15
	setTxChecksum = 0x17
	setScatter    = 0x19
	setTSO        = 0x1f
	setGSO        = 0x24
	setGRO        = 0x2c
)

// offloadsOff switches checksum and segmentation offloads of an interface of
// the calling thread's namespace off. A driver without one of them is as good.
func offloadsOff(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for _, command := range [...]uint32{setTSO, setGSO, setGRO, setScatter, setTxChecksum, setRxChecksum} {
		value := struct{ command, data uint32 }{command, 0}
		request := struct {
			name [unix.IFNAMSIZ]byte
			data unsafe.Pointer
			_    [16]byte
		}{data: unsafe.Pointer(&value)}
		copy(request.name[:unix.IFNAMSIZ-1], name)
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
		if errno != 0 && errno != unix.EOPNOTSUPP {
			return fmt.Errorf("offload %#x of %s: %w", command, name, errno)
		}
	}
	return nil
}
