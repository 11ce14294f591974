package names

import (
	"testing"

	"tcpwatch/tracker/record"
)

func TestSpeaker(t *testing.T) {
	for _, x := range []struct {
		name, payload string
		want          record.End
	}{
		{"a request", "GET /index.html HTTP/1.1\r\nHost: a.test\r\n\r\n", orig},
		{"a request, its header cut", "POST /form HTTP/1.0\r\nHo", orig},
		{"a response", "HTTP/1.1 200 OK\r\n", resp},
		{"a ClientHello", string(hello13), orig},
		{"a ServerHello", string(server13), resp},
		{"data of TLS", "\x17\x03\x03\x00\x10" + "0123456789abcdef", record.NoEnd},
		{"SSH: both ends begin so", "SSH-2.0-OpenSSH_9.6\r\n", record.NoEnd},
		{"a request line that is not whole", "GET /index.html", record.NoEnd},
		{"a line of text", "GET the book from the shelf\r\n", record.NoEnd},
		{"a greeting, or a line of text", "220 mx.test ESMTP\r\n", record.NoEnd},
		{"nothing", "", record.NoEnd},
	} {
		if got := Speaker([]byte(x.payload)); got != x.want {
			t.Errorf("%s: %v, want %v", x.name, got, x.want)
		}
	}
}
