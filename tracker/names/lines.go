package names

import (
	"bytes"
	"strings"

	"tcpwatch/tracker/record"
)

// readSSH reads the identification line (RFC 4253 section 4.2).
func readSSH(m *message) verdict {
	if !hasStart(m.b, "SSH-") {
		return no
	}
	line, _, whole := bytes.Cut(m.b, []byte("\n"))
	if !whole && len(line) < maxText || len(m.b) < 5 {
		return m.short()
	}
	m.e.named("ssh")
	m.e.names.SSH[m.end] = text(bytes.TrimSuffix(line, []byte("\r")))
	return yes
}

// readGreeting reads the line with which a server begins: of SMTP (RFC 5321
// section 3.1), FTP (RFC 959 section 5.4), POP3 (RFC 1939 section 4) and IMAP
// (RFC 9051 section 7.1).
func readGreeting(m *message) verdict {
	if m.e.sides[m.end.Peer()].seen {
		return no // an answer, not a greeting
	}
	b := m.b
	for _, start := range [...]string{"220 ", "220-", "+OK ", "* OK ", "* PREAUTH ", "* BYE "} {
		if !hasStart(b, start) {
			continue
		}
		line, _, whole := bytes.Cut(b, []byte("\n"))
		if !whole && len(line) < 512 && !m.final || len(b) < len(start) {
			return m.short()
		}
		m.e.upgrades = true
		switch start[0] {
		case '+':
			m.e.named("pop3")
		case '*':
			m.e.named("imap")
		default:
			m.greeting220(string(bytes.ToUpper(b[:min(len(b), 512)])))
		}
		return yes
	}
	return no
}

// greeting220 tells SMTP and FTP apart by what the server says of itself; when
// it says nothing the client's first command will tell.
func (m *message) greeting220(words string) {
	switch {
	case strings.Contains(words, "FTP") && !strings.Contains(words, "SMTP"):
		m.e.named("ftp")
	case strings.Contains(words, "SMTP"), strings.Contains(words, "MAIL"):
		m.e.named("smtp")
	default:
		m.e.greeted = true
	}
}

// readMail reads the first command of a client of SMTP, FTP, POP3 or IMAP.
func readMail(m *message) verdict {
	if m.e.names.Proto != "" || m.end == record.Resp && !m.e.greeted {
		return no
	}
	line, _, whole := bytes.Cut(m.b, []byte("\n"))
	word, _, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\r")), []byte(" "))
	if !whole && m.e.greeted && len(m.b) < 512 {
		return m.short()
	}
	switch {
	case !whole:
		return no
	case equalFold(word, "ehlo"), equalFold(word, "helo"), equalFold(word, "lhlo"):
		m.e.named("smtp")
	case m.e.greeted && (equalFold(word, "user") || equalFold(word, "auth") || equalFold(word, "feat") || equalFold(word, "syst")):
		m.e.named("ftp")
	default:
		return no
	}
	m.e.upgrades = true
	return yes
}
