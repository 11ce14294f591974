package host

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Sizes of struct inet_diag_req_v2 and struct inet_diag_msg (linux/inet_diag.h).
const (
	diagRequestSize = 56
	diagMessageSize = 72
)

// Address families as sock_diag numbers them.
const (
	familyIPv4 = 2
	familyIPv6 = 10
)

// parseSocket reads a struct inet_diag_msg: family, state, timer and retransmits
// in a byte each, ports and addresses in network order, the rest in the host's.
func parseSocket(b []byte, s *Socket) bool {
	if len(b) < diagMessageSize {
		return false
	}
	address := func(at int) netip.Addr {
		if b[0] == familyIPv4 {
			return netip.AddrFrom4([4]byte(b[at : at+4]))
		}
		return netip.AddrFrom16([16]byte(b[at : at+16])).Unmap()
	}
	n := binary.NativeEndian
	*s = Socket{
		Local:       netip.AddrPortFrom(address(8), binary.BigEndian.Uint16(b[4:])),
		Remote:      netip.AddrPortFrom(address(24), binary.BigEndian.Uint16(b[6:])),
		State:       State(b[1]),
		Timer:       Timer(b[2]),
		Retransmits: b[3],
		Interface:   n.Uint32(b[40:]),
		Cookie:      n.Uint64(b[44:]),
		Expires:     time.Duration(n.Uint32(b[52:])) * time.Millisecond,
		RecvQueue:   n.Uint32(b[56:]),
		SendQueue:   n.Uint32(b[60:]),
		UID:         n.Uint32(b[64:]),
		Inode:       n.Uint32(b[68:]),
	}
	return true
}

// parseCounts reads the text of /proc/net/sockstat or sockstat6 into c.
func parseCounts(text string, c *Counts) {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || (words[0] != "TCP:" && words[0] != "TCP6:") {
			continue
		}
		for i := 1; i+1 < len(words); i += 2 {
			n, err := strconv.Atoi(words[i+1])
			if err != nil {
				continue
			}
			switch {
			case words[i] == "inuse" && words[0] == "TCP6:":
				c.InUse6 = n
			case words[i] == "inuse":
				c.InUse = n
			case words[i] == "orphan":
				c.Orphans = n
			case words[i] == "tw":
				c.TimeWait = n
			}
		}
	}
}

// parseLimits asks read for the text of each file under /proc/sys/net.
func parseLimits(read func(name string) string) Limits {
	number := func(name string, i int) int {
		words := strings.Fields(read(name))
		if i >= len(words) {
			return 0
		}
		n, err := strconv.Atoi(words[i])
		if err != nil {
			return 0
		}
		return n
	}
	tcp := func(name string) int { return number("ipv4/tcp_"+name, 0) }
	seconds := func(name string) time.Duration { return time.Duration(tcp(name)) * time.Second }
	return Limits{
		PortLow:           uint16(number("ipv4/ip_local_port_range", 0)),
		PortHigh:          uint16(number("ipv4/ip_local_port_range", 1)),
		FinTimeout:        seconds("fin_timeout"),
		MaxTimeWait:       tcp("max_tw_buckets"),
		TimeWaitReuse:     tcp("tw_reuse"),
		MaxOrphans:        tcp("max_orphans"),
		SynBacklog:        tcp("max_syn_backlog"),
		AcceptBacklog:     number("core/somaxconn", 0),
		AbortOnOverflow:   tcp("abort_on_overflow") != 0,
		SynCookies:        tcp("syncookies"),
		SynRetries:        tcp("syn_retries"),
		SynAckRetries:     tcp("synack_retries"),
		Retries2:          tcp("retries2"),
		KeepaliveIdle:     seconds("keepalive_time"),
		KeepaliveInterval: seconds("keepalive_intvl"),
		KeepaliveProbes:   tcp("keepalive_probes"),
		FastOpen:          tcp("fastopen"),
		Timestamps:        tcp("timestamps"),
	}
}
