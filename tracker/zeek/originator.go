package zeek

import "tcpwatch/capture"

// likelyServerPort reports whether servers usually listen on p: the TCP ports
// that Zeek's protocol scripts add to likely_server_ports.
func likelyServerPort(p uint16) bool {
	switch p {
	case 21, 2811, // FTP, GridFTP
		22,      // SSH
		25, 587, // SMTP
		53, 5353, 5355, // DNS
		79,                                  // finger
		80, 81, 631, 3128, 8000, 8080, 8888, // HTTP, IPP, proxies
		88,       // Kerberos
		102,      // ISO on TCP
		110,      // POP3
		135,      // DCE-RPC
		139, 445, // SMB
		143,       // IMAP
		389, 3268, // LDAP
		443, 563, 585, 614, 636, 989, 990, 992, 993, 995, 5223, // TLS
		502,        // Modbus
		1080,       // SOCKS
		1434, 3306, // MySQL
		1883,       // MQTT
		3389,       // RDP
		5222, 5269, // XMPP
		5432,                   // PostgreSQL
		6379,                   // Redis
		6666, 6667, 6668, 6669, // IRC
		20000: // DNP3
		return true
	}
	return false
}

// WellKnown is the end of the ports that only privileged programs may listen
// on (RFC 6335 section 6: 0-1023).
const WellKnown = 1024

// ftpData is the one well-known port that connects and does not listen:
// active FTP opens its data connections from it (RFC 959 section 3.2).
const ftpData = 20

// GuessOrig guesses, from the first segment of a connection whose SYN was not
// seen, whether the sender is the responder: it is when it sent a SYN/ACK;
// else the end with the likelier server port, then with a well-known one, then
// with the lower one.
func GuessOrig(s *capture.Segment) (flip bool) {
	if s.Flags.Has(capture.SYN) {
		return s.Flags.Has(capture.ACK)
	}
	src, dst := s.Src.Port, s.Dst.Port
	if src == ftpData || dst == ftpData {
		return dst == ftpData
	}
	if a, b := likelyServerPort(src), likelyServerPort(dst); a != b {
		return a
	}
	if a, b := src < WellKnown, dst < WellKnown; a != b {
		return a
	}
	return src < dst
}
