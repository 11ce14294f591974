package diagnose

import (
	"fmt"

	"tcpwatch/tracker/record"
)

// spoken are the protocols of both ends' first data, where they differ, on the connection with the least id.
type spoken struct {
	Conn         uint64 `fold:"packet"`
	Opener, Port tongue
}

// Before tells that it is of a connection with a lesser id.
func (x spoken) Before(o spoken) bool { return x.Conn < o.Conn }

// tongue is a protocol by which an end begins.
type tongue uint8

const (
	tongueNone tongue = iota
	tongueHTTP
	tongueTLS
	tongueSSH
	tongueSMTP
	tongueFTP
	tonguePOP3
	tongueIMAP
	tongueVNC
)

// String is the protocol's name.
func (t tongue) String() string {
	return [...]string{"nothing known", "HTTP", "TLS", "SSH", "SMTP", "FTP", "POP3", "IMAP", "VNC"}[t]
}

// greets is the protocol in which a server spoke first, of those that do not carry another.
func greets(proto string) tongue {
	switch proto {
	case "smtp":
		return tongueSMTP
	case "ftp":
		return tongueFTP
	case "pop3":
		return tonguePOP3
	case "imap":
		return tongueIMAP
	case "vnc":
		return tongueVNC
	}
	return tongueNone
}

// spokenBy tells in which protocols both ends began, where they are not the same. A proxy that answers HTTP may carry
// anything, and what greets in plain text may go on with TLS.
func spokenBy(r *record.Record) (x spoken, ok bool) {
	n := r.Names
	if n == nil || r.Capture.Midstream || r.Capture.MissingBytes > 0 {
		return x, false
	}
	x.Conn = r.ID
	switch {
	case n.HTTPMethod != "":
		x.Opener = tongueHTTP
	case n.SSH[record.Orig] != "":
		x.Opener = tongueSSH
	case n.TLSOffered != "":
		x.Opener = tongueTLS
	}
	switch {
	case n.SSH[record.Resp] != "":
		x.Port = tongueSSH
	case n.HTTPStatus != 0:
		x.Port = tongueHTTP
	case x.Opener != tongueTLS:
		x.Port = greets(n.Proto)
	}
	answered := x.Opener == tongueHTTP && n.HTTPStatus != 0 || x.Opener == tongueTLS && n.TLSVersion != ""
	return x, x.Opener != tongueNone && x.Port != tongueNone && x.Opener != x.Port && !answered
}

// intoStrange tells that the ends spoke different protocols.
func (x *resets) intoStrange(f *Finding, s Subject) {
	said, heard := x.tongues.V.Opener, x.tongues.V.Port
	f.Explanation += fmt.Sprintf(" The client began with %s, and the server speaks %s: what does not fit is given up, and a close with the rest of it unread sends a RST (RFC 2525 section 2.17).", said, heard)
	f.causes = []Cause{app(fmt.Sprintf("the client speaks %s to a port of %s: it is set for another port or protocol, or something probes which protocol the port speaks", said, heard))}
	f.Advice = []string{fmt.Sprintf("Look at the address and port that the client is set for: %s is a port of %s. Where nobody meant to connect there, it is a scan or a check.", name(s.A), heard)}
}
