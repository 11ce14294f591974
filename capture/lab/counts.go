package lab

import "time"

// Counts is what the kernel says of one end when a transfer was done and
// everything acknowledged, before the close.
type Counts struct {
	End string        `json:"end"`   // "orig" or "resp"
	At  time.Duration `json:"at_ns"` // since Truth.Start
	TCP SocketCounts  `json:"tcp_info"`
	// Namespace holds the counters of /proc/net/netstat and /proc/net/snmp that
	// are not zero, of the namespace the end is alone in: what nstat(8) shows.
	Namespace map[string]int64 `json:"nstat"`
	// Repeats are the kernel's acts of sending again, in order; absent when the
	// tracepoint tcp:tcp_retransmit_skb is.
	Repeats []Repeat `json:"repeats,omitempty"`
}

// SocketCounts is the part of the kernel's struct tcp_info (linux/tcp.h) that a
// capture can be compared with, under the kernel's names. Times are in
// microseconds as the kernel gives them.
type SocketCounts struct {
	Options       uint8  `json:"options"` // TCPI_OPT_*: 1 timestamps, 2 SACK, 4 window scaling
	RTO           uint32 `json:"rto_us"`
	MSS           uint32 `json:"snd_mss"`
	RTT           uint32 `json:"rtt_us"` // smoothed
	RTTVar        uint32 `json:"rttvar_us"`
	MinRTT        uint32 `json:"min_rtt_us"` // windowed: of the last 5 minutes
	TotalRetrans  uint32 `json:"total_retrans"`
	BytesRetrans  uint64 `json:"bytes_retrans"`
	BytesAcked    uint64 `json:"bytes_acked"` // SYN included
	BytesReceived uint64 `json:"bytes_received"`
	BytesSent     uint64 `json:"bytes_sent"` // repeats included
	SegsOut       uint32 `json:"segs_out"`
	SegsIn        uint32 `json:"segs_in"`
	DataSegsOut   uint32 `json:"data_segs_out"`
	DataSegsIn    uint32 `json:"data_segs_in"`
	Delivered     uint32 `json:"delivered"`
	BusyTime      uint64 `json:"busy_time_us"`
	RwndLimited   uint64 `json:"rwnd_limited_us"`
	SndbufLimited uint64 `json:"sndbuf_limited_us"`
	DSACKDups     uint32 `json:"dsack_dups"`
	ReordSeen     uint32 `json:"reord_seen"`
	OutOfOrderIn  uint32 `json:"rcv_ooopack"`
	Backoff       uint8  `json:"backoff"`
	Probes        uint8  `json:"probes"`
	TotalRTO      uint16 `json:"total_rto"`
}

// Causes of a Repeat.
const (
	CauseRTO       = "rto"        // the retransmission timer
	CauseTLP       = "tlp"        // the tail loss probe (RFC 8985 section 7)
	CauseFast      = "fast"       // by acknowledgments, in recovery (TCPFastRetrans)
	CauseSlowStart = "slow-start" // by acknowledgments, after an RTO (TCPSlowStartRetrans)
	CauseUnknown   = "unknown"    // the trace does not say
)

// Repeat is one act of sending again. It may be several segments: as many as
// the kernel holds in one buffer.
type Repeat struct {
	At    time.Duration `json:"at_ns"` // since Truth.Start; right after the segments left
	Cause string        `json:"cause"` // one of Cause*
}
