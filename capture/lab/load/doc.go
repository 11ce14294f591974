// Package load is the lab's traffic by the thousand: the clean load, in which
// nothing is wrong, the inputs of packaging/bench, and packets at a set rate for
// comparing what captures live.
//
// Inputs are captures of millions of packets. Those whose connections are as
// many as a machine can make in seconds are real throughout. The others are
// copies of a few real connections, packet by packet, with other addresses,
// ports, sequence numbers and times.
package load
