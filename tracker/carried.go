package tracker

import "tcpwatch/tracker/record"

// carried is how much payload both ends sent, as sent, and how many repeats that was.
func (c *conn) carried() (bytes uint64, again uint32) {
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	return a.wireBytes + b.wireBytes, a.retx + b.retx
}

// since is what was carried since it was so much.
func (c *conn) since(bytes uint64, again uint32) (uint32, uint32) {
	b, n := c.carried()
	return uint32(b - bytes), n - again
}
