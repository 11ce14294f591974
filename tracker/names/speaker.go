package names

import "tcpwatch/tracker/record"

// Speaker says which end sends payload that begins so: the originator, where it is a request of
// HTTP/1 or a TLS ClientHello, the responder, where it is a response or a ServerHello (RFC 9112
// sections 3 and 4, RFC 8446 section 4); record.NoEnd for all else. Both ends of SSH begin alike.
func Speaker(payload []byte) record.End {
	hello := len(payload) > 0 && payload[0] == recordHandshake && isHandshake(payload)
	switch {
	case hello && payload[recordHeader] == clientHello, !hello && isRequestLine(payload):
		return record.Orig
	case hello, isStatusLine(payload):
		return record.Resp
	}
	return record.NoEnd
}
