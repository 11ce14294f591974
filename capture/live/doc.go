// Package live is what needs libpcap: capturing from interfaces, listing them, and
// compiling filter expressions.
//
// A [Handle] is a capture.Source; its Next returns capture.ErrTimeout when no packet
// came for a while, so that whoever reads can look after other things. [Compile] turns
// an expression into a program for one link type, [Weakens] says what a filter hides
// that verdicts rest on (ICMP errors, fragments, one direction, ...). [DefaultFilter]
// lets through TCP and what can carry or explain it.
//
// It is the only user of cgo and of gopacket/pcap. Built with CGO_ENABLED=0 it still
// compiles, and its functions return ErrNoLibpcap. It decodes nothing and keeps no
// packet: data are borrowed from libpcap until the next call.
package live
