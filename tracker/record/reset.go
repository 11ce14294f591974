package record

// ResetSigns are ways in which a RST differs from what its sender sends otherwise, and what it shows
// of who sent it and why.
type ResetSigns uint16

const (
	OddTTL        ResetSigns = 1 << iota // it came another way
	OddIPID                              // its identification is far from the sender's counter
	OddTimestamps                        // a RST,ACK without timestamps on a connection that has them (RFC 7323 section 3.2)
	OddSigned                            // it is signed (TCP MD5, TCP-AO) and the SYN was not, or the other way round
	OwnStack                             // it goes on from its sender's own timestamps or identification, with its TTL
	OfSubflow                            // it carries an MPTCP option: it ends one path of an MPTCP connection (RFC 8684)
	TookAll                              // its sender had acknowledged all that came, with its window as wide as ever
	Outlived                             // a second or more after it the other end still got newer timestamps of its sender, or that sent them: it knows the connection
	Joined                               // more RSTs in its sender's name came behind it another way
	Damaged                              // it is no RST that its sender sent, but a segment that was damaged: its flags are none that a TCP sends, its checksum is wrong and that of its sender's SYN right, or its bytes were acknowledged as data
)

// Has reports whether all of o are set.
func (s ResetSigns) Has(o ResetSigns) bool { return s&o == o }

// OwnTTL is the TTL of what the end itself sends: of its data, where something else opened
// the connection in its name.
func (e *EndRecord) OwnTTL() Opt[uint8] {
	if e.DataTTL.OK {
		return e.DataTTL
	}
	return e.TTL
}

// OpenedForIt tells that the first RST came the way on which the connection was opened in its
// sender's name, and that this end's data comes another way.
func (c *CloseRecord) OpenedForIt(sender *EndRecord) bool {
	return sender.DataTTL.OK && c.ResetTTL.OK && c.ResetTTL.V == sender.TTL.V
}

// IgnoredRST is the first RST that its receiver had to ignore (RFC 5961 section
// 3.2): a stray or forged one, or one that answers a segment of long ago.
type IgnoredRST struct {
	Packet uint64 // 0 for none
	By     End    // in whose name; valid when Packet is not 0
	Odd    ResetSigns
	Late   bool // its sender had sent its FIN before: it may answer what was under way
	Done   bool // both FINs had been acknowledged: it harms nothing
	GaveUp bool // its sender had repeated data into silence before: with this RST it gave up
	WentOn bool // it stood at the number expected, and both ends went on: what one sent after it the other acknowledged
}

// ResetDetail is what a connection that was reset has to tell besides.
type ResetDetail struct {
	ResetOdd   ResetSigns // how the RST differs from its sender's other segments
	ResetQuiet int64      // from what its sender had sent before to the first RST
	ResetAfter int64      // from the other end's last segment to the first RST: what it answers
	ResetTime  Opt[int64] // time of the first RST
	Unheard    uint64     // bytes that the RST's receiver had sent and that its sender never acknowledged; those that passed half a second or more before its sender's FIN were not under way then, and are left out
	Missed     uint64     // those left out of Unheard: they were lost after the capture point, or held up there, and its sender closed without them
	DataLast   bool       // the last segment of its receiver before it carried data, and its sender sent none after that
	Crossed    bool       // data of its receiver was under way when it was sent: the RST,ACK does not acknowledge it, or it came later
	ResetAlso  bool       // the first RST came with another TTL, and one with the end's own came too: it reset the connection itself as well
	ResetText  string     // what the RST carries, where that can be printed (RFC 9293 section 3.5.3): not escaped; "" for nothing
	Goodbye    bool       // the last data of an end before the first RST was the goodbye of its protocol (QUIT, an LDAP unbind)
	ByNewer    bool       // the opener reset it for a newer connection's sake: it answered the SYN of that one
}
