package names

import "testing"

func TestGoodbye(t *testing.T) {
	smb2 := func(command byte) string {
		return "\x00\x00\x00\x44\xfeSMB\x40\x00\x00\x00\x00\x00\x00\x00" + string([]byte{command, 0}) + string(make([]byte, 54))
	}
	for _, x := range []struct {
		name, payload string
		want          bool
	}{
		{"QUIT", "QUIT\r\n", true},
		{"quit, bare newline", "quit\n", true},
		{"LOGOUT behind its tag", "a003 LOGOUT\r\n", true},
		{"LOGOUT without a tag", " LOGOUT\r\n", false},
		{"QUIT and more", "QUIT\r\nMAIL FROM:<a@b>\r\n", false},
		{"QUIT without its end", "QUIT", false},
		{"a word that begins so", "QUITE\r\n", false},
		{"LDAP unbind", "\x30\x05\x02\x01\x03\x42\x00", true},
		{"LDAP unbind, long lengths", "\x30\x84\x00\x00\x00\x05\x02\x01\x0b\x42\x00", true},
		{"LDAP unbind, a large number", "\x30\x06\x02\x02\x01\x0b\x42\x00", true},
		{"LDAP unbind, signed by SASL", "\x00\x00\x00\x27\x05\x04\x04\xff\x00\x0c\x00\x0c\x00\x00\x00\x00\x62\xe5\x58\x6e" + "checksum1234" + "\x30\x84\x00\x00\x00\x05\x02\x01\x09\x42\x00", true},
		{"LDAP, encrypted by SASL", "\x00\x00\x00\x27\x05\x04\x06\xff\x00\x0c\x00\x0c\x00\x00\x00\x00\x62\xe5\x58\x6e" + "checksum1234" + "\x30\x84\x00\x00\x00\x05\x02\x01\x09\x42\x00", false},
		{"SASL, a checksum longer than all", "\x00\x00\x00\x10\x05\x04\x04\xff\xff\xff\xff\xff\x00\x00\x00\x00\x62\xe5\x58\x6e", false},
		{"LDAP abandon", "\x30\x06\x02\x01\x05\x50\x01\x04", false},
		{"LDAP, cut", "\x30\x05\x02\x01\x03\x42", false},
		{"LDAP, an endless length", "\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff", false},
		{"SMB2 logoff", smb2(2), true},
		{"SMB2 tree disconnect", smb2(4), true},
		{"SMB2 echo", smb2(13), false},
		{"SMB logoff", "\x00\x00\x00\x27\xffSMB\x74" + string(make([]byte, 34)), true},
		{"SMB echo", "\x00\x00\x00\x27\xffSMB\x2b" + string(make([]byte, 34)), false},
		{"SMB2, a part of a message", smb2(2)[:60], false},
		{"PostgreSQL terminate", "X\x00\x00\x00\x04", true},
		{"MySQL COM_QUIT", "\x01\x00\x00\x00\x01", true},
		{"MySQL COM_PING", "\x01\x00\x00\x00\x0e", false},
		{"MQTT disconnect", "\xe0\x00", true},
		{"MQTT ping", "\xc0\x00", false},
		{"close_notify", "\x15\x03\x03\x00\x02\x01\x00", true},
		{"bad_certificate", "\x15\x03\x03\x00\x02\x02\x2a", false},
		{"an encrypted alert", "\x15\x03\x03\x00\x1a" + string(make([]byte, 26)), false},
		{"WebSocket close, of a server", "\x88\x02\x03\xe8", true},
		{"WebSocket close, of a client", "\x88\x82\x01\x02\x03\x04\x02\xea", true},
		{"WebSocket close without a code", "\x88\x00", true},
		{"WebSocket close with no such code", "\x88\x02\x00\x01", false},
		{"WebSocket close, cut", "\x88\x82\x01\x02\x03", false},
		{"WebSocket ping", "\x89\x02\x03\xe8", false},
		{"WebSocket close, and more", "\x88\x02\x03\xe8\x00", false},
		{"nothing", "", false},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", false},
	} {
		if got := Goodbye([]byte(x.payload)); got != x.want {
			t.Errorf("%s: %v", x.name, got)
		}
	}
}
