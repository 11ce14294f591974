// Tcpwatch shows why TCP connections are slow, failing, leaking or dying. It
// reads packets, live or from capture files, and rebuilds the state of both
// ends of every connection as RFC 9293 defines it.
//
//	tcpwatch [options] FILE... [filter]
//	tcpwatch [options] [-i IFACE] [filter]
//	tcpwatch compare [options] A B
//
// The manual page, docs/tcpwatch.1, tells of every option, and --help names them all.
//
// Files are pcap or pcapng, plain or compressed, and several are read as one stream in
// time order; without any, packets are captured live, which needs privilege. When all inputs
// and outputs are open, and before anything of them is read, the privileges are given up.
// What is printed does not depend on the number of workers, nor on how a capture is split
// into files. Nothing is looked up on the network but the names in a filter.
//
// The report is one screen: what was read and its limits, what is wrong, the likely cause,
// its signs and the first step to take, and the first rows of each table. --report prints
// whole tables, all of them or those that it names:
//
//	findings      what is wrong, how sure that is, and what to do
//	handshakes    how long opening takes, by listener, and why it fails
//	closes        connections that did not close properly, and at which step
//	timewait      who holds TIME-WAIT, how many, until when
//	keepalive     who probes, and whether the other end answers
//	connections   a line for each connection (not by default)
//	transfers     how fast each transfer was, and what limited it (not by default)
//	hosts         what each address opened, accepted, reset, sent and retransmitted (not by default)
//	timeline      opens, failures, resets, retransmissions and bytes over time (not by default)
//
// -o names formats, each of which may go to a file:
//
//	table  the report
//	jsonl  a JSON object for each connection, each finding and the run
//	csv    a line for each connection
//
// # Exit status
//
//	0   done; a file that is damaged part-way is reported up to the damage
//	1   the interface went away, or an output could not be written
//	2   wrong options or filter, an input that cannot be read, no such --why, or
//	    no memory left that a limit (ulimit -v, -d) allows
//	3   there is a finding of --fail-on's severity or worse, or compare found something worse
//	130 ended at once by a second Ctrl-C, without a report
//
// A closed pipe on output ends the program quietly.
package main

import "os"

func main() {
	c := &command{stdout: os.Stdout, stderr: os.Stderr, drop: dropPrivileges}
	os.Exit(c.run(os.Args[1:]))
}
