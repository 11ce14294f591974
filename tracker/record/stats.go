package record

// NShards is how many parts the connections are in, whatever the number of
// workers: a worker owns some of them. A cap is the table's, not a shard's: who
// chooses addresses would fill one.
const NShards = 256

// Stats counts what a Tracker saw.
type Stats struct {
	Segments  uint64            // TCP segments observed
	Conns     uint64            // connections begun
	Emitted   uint64            // records handed out (interim ones not counted)
	Open      int               // connections held now, those that are over included
	TimeWait  int               // of those, in TIME-WAIT
	Over      int               // of those, over: kept for what may still come late
	Evicted   uint64            // dropped because the table was full
	EvictedBy map[string]uint64 // of those, by what they were
	Quotes    uint64            // ICMP errors observed
	Unmatched uint64            // ICMP errors that fit no connection
	Anomalies map[string]uint64 // segments that no path explains, by kind
	Limits    map[string]uint64 // what was forgotten because a limit was reached, by kind
}

// DefaultMSL is the maximum segment lifetime, in nanoseconds, so that TIME-WAIT
// lasts Linux's 60 s; RFC 9293 section 3.4.2 says 2 min.
const DefaultMSL = 30 * 1e9

// ShardOf is the shard, of 256, of the connection with a hash. Trackers whose
// segments are divided by shards give, taken together, what one gives.
func ShardOf(hash uint64) uint8 { return uint8(hash >> 56) }
