// Package wire is what carries the lab's traffic: network namespaces, the
// networks that join them, relays that delay and drop, taps that record, and a
// parser of its own, so that what the lab says owes nothing to the decoder that
// it is compared with.
//
// Each namespace is held by a thread only, so that everything disappears with the
// process, however it ends.
package wire
