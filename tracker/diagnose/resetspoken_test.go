package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// A RST between ends that speak different protocols is told as that, and not where one of them is carried by the other.
func TestAbortedStrangers(t *testing.T) {
	ssh := [2]string{record.Resp: "SSH-2.0-example"}
	for _, x := range []struct {
		name  string
		names record.NamesRecord
		says  string
	}{
		{"HTTP to SSH", record.NamesRecord{Proto: "http", HTTPMethod: "GET", SSH: ssh}, "speaks HTTP to a port of SSH"},
		{"TLS to SSH", record.NamesRecord{Proto: "tls", TLSOffered: "1.3", SSH: ssh}, "speaks TLS to a port of SSH"},
		{"SSH to HTTP", record.NamesRecord{Proto: "ssh", HTTPStatus: 400, SSH: [2]string{"SSH-2.0-example"}}, "speaks SSH to a port of HTTP"},
		{"HTTP to SMTP", record.NamesRecord{Proto: "smtp", HTTPMethod: "GET"}, "speaks HTTP to a port of SMTP"},
		{"SSH through a proxy of HTTP", record.NamesRecord{Proto: "http", HTTPMethod: "CONNECT", HTTPStatus: 200, SSH: ssh}, ""},
		{"STARTTLS", record.NamesRecord{Proto: "smtp", TLSOffered: "1.2"}, ""},
		{"TLS", record.NamesRecord{Proto: "tls", TLSOffered: "1.2", TLSVersion: "1.2"}, ""},
		{"HTTP", record.NamesRecord{Proto: "http", HTTPMethod: "GET", HTTPStatus: 200}, ""},
		{"SSH", record.NamesRecord{Proto: "ssh", SSH: [2]string{"SSH-2.0-one", "SSH-2.0-two"}}, ""},
		{"HTTP without an answer", record.NamesRecord{Proto: "http", HTTPMethod: "GET"}, ""},
	} {
		list := findingsOf(t, "reset-abort", nil, made(1, reset(record.Resp, record.ResetAbort), func(r *record.Record) { r.Names = &x.names }))
		if len(list) != 1 {
			t.Errorf("%s: %d findings", x.name, len(list))
			continue
		}
		f := &list[0]
		if says := strings.Contains(f.Causes[0], "to a port of"); says != (x.says != "") || !strings.Contains(f.Causes[0], x.says) || says && len(f.Causes) > 1 {
			t.Errorf("%s: %q", x.name, f.Causes)
		}
	}
}
