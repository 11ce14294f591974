package record

// Placement tells where in its stream the payload of a segment lies: what a
// reader of payload needs to know of the connection it belongs to.
type Placement struct {
	Conn   uint64  // Record.ID
	Shard  uint8   // that the connection is in, of 256
	Over   bool    // nothing but stragglers can come
	Copied bool    // a copy that the capture made, as a mirror port does
	From   End     // who sent it
	New    bool    // it holds bytes that were not seen before
	Offset int64   // of its first byte from the first of the stream, or from the first seen; negative below that. Only with New
	Bytes  uint32  // of payload, by which EndRecord.WireBytes grew; only with the tracker's Options.Count, as the next
	Again  uint32  // by which EndRecord.Retx grew
	Trip   int64   // ns: the smoothed round trip (RFC 6298) of the end whose data it acknowledges, where it told one; 0 where not. Likewise
	Answer int64   // ns: the turn-around that it completes, see ExchangesRecord, with its first byte; 0 where it completes none
	Kept   *uint32 // for the reader to say how many bytes it keeps of the connection: they count to Options.MaxBytes. nil without that
	Mark   *uint32 // a word of the connection that the tracker only keeps: 0 at first. Valid until the next Observe or Tick
}
