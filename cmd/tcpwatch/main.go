// Tcpwatch shows why TCP connections are slow, failing, leaking or dying. It
// reads packets, live or from capture files, and rebuilds the state of both
// ends of every connection as RFC 9293 defines it.
//
//	tcpwatch [options] FILE... [filter]
//	tcpwatch [options] [-i IFACE] [filter]
//	tcpwatch compare [options] A B
//
// # Input
//
// Files are pcap or pcapng, plain or compressed with gzip or zstd; several are
// read as one stream in time order, so a rotated set needs no merging. A
// leading word that is an existing file is read as if -r stood before it; the
// words that follow the files are a filter in the language of pcap-filter(7).
// -r - reads standard input.
//
// Without a file packets are captured live: on -i's interface ("any" is all of
// them), else on the first that is up, which is then named on standard error.
// -D lists what there is. Capturing needs privilege: sudo, or once
//
//	sudo setcap cap_net_raw,cap_net_admin=eip $(which tcpwatch)
//
// When all inputs and outputs are open, and before it reads any packet, the program
// drops its privileges, also when it only reads files: started through sudo it becomes
// the user who called it, started by root -Z's user or nobody. Files with packets or
// payload have mode 0600; their owner is the caller.
//
// A live capture without a filter uses one that lets through TCP, ICMP errors,
// fragments, VLANs and tunnels. Another filter may hide packets that some
// verdicts need, as "port 443" hides the ICMP errors that explain failed
// opens: the headline of the report then says so.
//
// # Output
//
// A live capture prints a line for each connection that opens, fails, closes or
// is reset (-q: none), and the report on Ctrl-C, on SIGTERM, after -c's number
// of packets or --for's time. SIGUSR1 prints the report so far. A second
// Ctrl-C ends at once. Files are read to the end, then reported.
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
// --columns chooses the columns of connections, --sort their order: any field of the
// record, -FIELD from the greatest.
//
// -o names formats: it may be repeated, and FORMAT:FILE sends one to a file. With -o
// nothing else is written.
//
//	table  the report
//	jsonl  a JSON object for each connection, each finding and the run
//	csv    a line for each connection
//
// Only one output goes to standard output: with another format than the report, or with
// -w -, no live lines and no table appear there.
//
// With --report the headline names the three findings that matter most, whatever the
// tables, and JSON Lines has all of them. --detectors chooses the detectors,
// --threshold the values from which they report, --explain prints a detector's rule
// ("list": all detectors), and --fail-on SEVERITY makes the exit status 3 for a finding
// of that severity or a worse one.
//
// --why draws one connection packet by packet: its number is in every report
// and is that of its first packet, or give its two ends. Live, the ends are
// known in advance, the number is not.
//
// --where chooses the connections of all outputs and findings, by an expression
// over the fields of their records: close.kind == "reset" && orig.retx > 3. --extract writes their packets, without
// --where those of connections in trouble and of the examples of findings from
// notice on, as a pcapng file with the ladder's words as comments. For it, and
// for --why with --where, files are read twice.
//
// -w writes packets unchanged, those captured live or those of files that passed
// the filter, as a pcap file with nanosecond times.
//
// Times are those of the local clock on a terminal, UTC elsewhere, or as --tz says; JSON
// Lines, CSV and packet files have UTC. Nothing is looked up on the network; the names in a
// filter are, because the filter asks for it. -n keeps ports from being named by services.
//
// --anonymize gives addresses others, and leaves out names and payload, in every output and
// packet file; --anonymize=KEYFILE gives the same ones in every run with that key.
//
// # Numbers
//
// A packet's number is its position in the input, counted from 1 before filter
// and -c, as Wireshark shows it; live, the order of receipt, which is also the
// position in -w's file. TIME-WAIT is taken to last twice --msl, 60 s as on
// Linux. A connection still open after --interval gives a record each time.
//
// Connections are divided among -j workers, one for each core by default; what
// is printed does not depend on their number, nor on how a capture is split
// into files. --max-conns and --max-memory bound the memory.
//
// # Comparing
//
// compare shows what got worse from one capture, or its JSON Lines, to another: by
// how much, and whether chance alone may explain it.
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
