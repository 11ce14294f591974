// Package lab is test support: real kernel sockets in network namespaces of
// their own make TCP traffic step by step. It is recorded as a capture, and what
// the kernel says both ends went through is recorded beside it.
//
// A Scenario is a row of a table: what happens at each end, what the path does,
// and what must be seen. Record plays it and returns the captures of its taps and
// the Truth. What carries the traffic is in package wire, traffic by the thousand
// in package load.
//
// # How the truth is obtained
//
// The tracepoint sock:inet_sock_set_state tells every edge of a full socket.
// It is silent about three things, which sock_diag polling adds:
//
//   - a request socket (SYN-RECEIVED before the third ACK): the tracepoint tells
//     LISTEN to SYN-RECEIVED only when the third ACK was accepted, so a passive
//     open that got so far always passes SYN-RECEIVED, and one that did not is
//     known from polling alone;
//   - the small socket that replaces an orphan in FIN-WAIT-2;
//   - the small socket that holds TIME-WAIT: the tracepoint says FIN-WAIT-2 (or
//     CLOSING) to CLOSED when the full socket goes.
//
// So the tracepoint's last edge from FIN-WAIT-2 or CLOSING to CLOSED is dropped
// when polling saw the small socket within a second of it: the states polled
// then follow, and CLOSED when it is gone. States that last for no time need no
// polling: FIN-WAIT-2 in a close of three segments is an edge of the tracepoint,
// and an active closer that got the peer's FIN passed TIME-WAIT even when a RST
// ended that before the next poll.
//
// An edge to CLOSED is silent when the taps saw no segment of the connection
// around it: a timeout or a close() that nothing on the wire tells.
//
// Where the router translates addresses the ends know each other by others: each end is
// then told alone, and compared where a tap sees the addresses that it knows.
//
// Of a transfer the truth holds counts as well: TCP_INFO of both ends and the
// counters of their namespaces, taken when everything was acknowledged and all
// was quiet, and, by the tracepoint tcp:tcp_retransmit_skb with its stack and
// tcp:tcp_cong_state_set, why the kernel sent again each time it did.
//
// # Detectors
//
// For each detector there is a scenario that must raise it and one that looks
// alike and must not, with what the kernel says to both: a table in the tests. A detector
// of many causes has a row for each cause that it must name as well.
// In the clean load nothing is wrong. Scenarios of age take
// a minute: they are recorded, and tests do not play them again.
package lab
