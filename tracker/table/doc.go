// Package table holds the connections of a tracker in little memory.
//
// An [Entry] is what is always there of a connection: its [Key], its [Class], its times.
// An [Index] finds the entry of a key, a [List] keeps those of a class in order, an
// [Arena] holds packed connections, which [Code] makes of numbers and turns back.
//
// Entries, buckets and packed connections hold no pointers, so that millions of them cost
// the garbage collector nothing. Who chooses addresses cannot choose which keys collide:
// the seed of an Index is random, and nothing that is told depends on it.
package table
