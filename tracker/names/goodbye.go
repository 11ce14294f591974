package names

import (
	"bytes"
	"encoding/binary"
)

// Goodbye reports whether payload is the message by which an end says in its protocol that it is
// done: what ends the connection after it, be it a RST, takes nothing from anybody.
func Goodbye(payload []byte) bool {
	return quits(payload) || unbinds(payload) || unbinds(unwrapped(payload)) || logsOff(payload) || terminates(payload) || closes(payload)
}

// quits: QUIT of SMTP, POP3, FTP, NNTP and others (RFC 5321 section 4.1.1.10, RFC 1939 section 5,
// RFC 959 section 4.1.1, RFC 3977 section 5.4), LOGOUT of IMAP behind its tag (RFC 9051 section 6.1.3).
func quits(b []byte) bool {
	line, rest, ended := bytes.Cut(b, []byte("\n"))
	if !ended || len(rest) > 0 {
		return false
	}
	line = bytes.TrimSuffix(line, []byte("\r"))
	tag, verb, tagged := bytes.Cut(line, []byte(" "))
	return bytes.EqualFold(line, []byte("QUIT")) || tagged && len(tag) > 0 && bytes.EqualFold(verb, []byte("LOGOUT"))
}

// unbinds: UnbindRequest of LDAP, [APPLICATION 2] NULL behind the message's number, and nothing more
// (RFC 4511 section 4.3).
func unbinds(b []byte) bool {
	const sequence, integer, unbind = 0x30, 0x02, 0x42
	body, ok := element(b, sequence)
	if !ok {
		return false
	}
	id, ok := element(body, integer)
	if !ok || len(id) == 0 || len(id) > 4 {
		return false
	}
	at := 2 + len(id)
	if len(body) < at+2 || body[1]&0x80 != 0 {
		return false
	}
	return body[at] == unbind && body[at+1] == 0
}

// unwrapped is what an LDAP message has in it that SASL signs and does not encrypt: behind its length
// (RFC 4422 section 3.7) a token of Kerberos, whose checksum was rotated before the message (RFC 4121
// section 4.2.5); nil for anything else.
func unwrapped(b []byte) []byte {
	const length, header, sealed = 4, 16, 2
	if len(b) < length+header || int(binary.BigEndian.Uint32(b)) != len(b)-length || b[length] != 5 || b[length+1] != 4 || b[length+2]&sealed != 0 {
		return nil
	}
	checksum, rotated := int(binary.BigEndian.Uint16(b[length+4:])), int(binary.BigEndian.Uint16(b[length+6:]))
	if checksum != rotated || length+header+checksum > len(b) {
		return nil
	}
	return b[length+header+checksum:]
}

// element is what the first element of BER has in it, where that has the tag and is whole.
func element(b []byte, tag byte) ([]byte, bool) {
	if len(b) < 2 || b[0] != tag {
		return nil, false
	}
	n, at := int(b[1]), 2
	if n >= 0x80 {
		size := n & 0x7f
		if size == 0 || size > 4 || len(b) < 2+size {
			return nil, false
		}
		n, at = 0, 2+size
		for _, x := range b[2:at] {
			n = n<<8 | int(x)
		}
	}
	if n > len(b)-at {
		return nil, false
	}
	return b[at : at+n], true
}

// logsOff: LOGOFF and TREE_DISCONNECT of SMB2, LOGOFF_ANDX and TREE_DISCONNECT of SMB (MS-SMB2
// sections 2.2.7 and 2.2.11, MS-CIFS sections 2.2.4.51 and 2.2.4.54), request or answer.
func logsOff(b []byte) bool {
	const frame, command2 = 4, 12
	if len(b) < frame+5 || b[0] != 0 || int(binary.BigEndian.Uint32(b)) != len(b)-frame || string(b[frame+1:frame+4]) != "SMB" {
		return false
	}
	switch b[frame] {
	case 0xff:
		return b[frame+4] == 0x74 || b[frame+4] == 0x71
	case 0xfe:
		if len(b) < frame+command2+2 {
			return false
		}
		command := binary.LittleEndian.Uint16(b[frame+command2:])
		return command == 2 || command == 4
	}
	return false
}

// terminates: Terminate of PostgreSQL, COM_QUIT of MySQL, DISCONNECT of MQTT, close_notify of TLS where
// that is not encrypted.
func terminates(b []byte) bool {
	switch string(b) {
	case "X\x00\x00\x00\x04", "\x01\x00\x00\x00\x01", "\xe0\x00":
		return true
	}
	return len(b) == 7 && b[0] == 21 && b[1] == 3 && b[3] == 0 && b[4] == 2 && b[5] == 1 && b[6] == 0
}

// closes: a Close frame of WebSocket that is whole, and alone (RFC 6455 sections 5.2, 5.5.1 and 7.4).
func closes(b []byte) bool {
	const head, mask = 2, 4
	if len(b) < head || b[0] != 0x88 {
		return false
	}
	at, n := head, int(b[1]&0x7f)
	var key [mask]byte
	if b[1]&0x80 != 0 {
		at += copy(key[:], b[head:])
	}
	if len(b) != at+n {
		return false
	}
	if n < 2 {
		return n == 0
	}
	code := binary.BigEndian.Uint16([]byte{b[at] ^ key[0], b[at+1] ^ key[1]})
	return code >= 1000 && code < 5000
}
