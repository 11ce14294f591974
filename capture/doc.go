// Package capture turns capture files and packets into TCP segments.
//
// A [Source] yields packets: a [File] (pcap or pcapng, plain or compressed), several of
// them in time order ([Merge]), or a live handle of package capture/live. A [Filter]
// leaves packets out. A [Decoder] finds the innermost TCP segment of a packet
// ([Segment] and its payload), or the TCP header that an ICMP error quotes ([Quote]),
// through link layers, tunnels and IP fragments. Writers for pcap and pcapng are here
// too.
//
// Invariants: a length comes from the IP header, not from what was captured. The number
// of a packet is its position in the input. What a Source or a Decoder hands out is
// borrowed until the next call. Nothing is allocated for a packet but room for IP
// fragments, which is bounded. Whatever bytes come, nothing is read past their end; a
// damaged file yields its packets up to the damage, then a [Damage].
//
// The package is pure Go. It knows no connection, no state and no clock, and opens
// nothing but the files that it is asked for.
package capture
