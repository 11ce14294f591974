// Tcpwatch shows why TCP connections are slow, failing, leaking or dying. It
// reads packets, live or from capture files, and rebuilds the state of both
// ends of every connection as RFC 9293 defines it.
//
//	tcpwatch [options] FILE... [filter]
//	tcpwatch [options] [-i IFACE] [filter]
//	tcpwatch compare [options] A B
//	tcpwatch pair [options] A... -- B...
//
// The manual page, docs/tcpwatch.1, tells of every option, and --help names them all.
//
// Files are pcap or pcapng, plain or compressed, and several are read as one stream in
// time order; without any, packets are captured live, which needs privilege. When all inputs
// and outputs are open, and before anything of them is read, the privileges are given up.
// What is printed does not depend on the number of workers, nor on how a capture is split
// into files. Nothing is looked up on the network but the names in a filter.
//
// The report is short: what was read and its limits, what is wrong, the likely cause,
// its signs and the first step to take, and the first rows of each table.
//
// A closed pipe on output ends the program quietly.
package main

import "os"

func main() {
	c := &command{stdout: os.Stdout, stderr: os.Stderr, drop: dropPrivileges}
	os.Exit(c.run(os.Args[1:]))
}
