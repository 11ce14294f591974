package names

import (
	"bytes"
	"strings"
)

// methods are those after which a request line is waited for. RFC 9110 section
// 9.3, RFC 5789, RFC 4918; PRI is HTTP/2's (RFC 9113 section 3.4).
const methods = "GET POST HEAD PUT DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK REPORT SEARCH NOTIFY SUBSCRIBE M-SEARCH PRI"

// maxMethod is the longest method that is taken for one.
const maxMethod = 24

// readRequest reads a request of HTTP/1 (RFC 9112 section 3), or of what has
// the same form; or the preface of HTTP/2 without TLS.
func readRequest(m *message) verdict {
	method, version, rest, whole := requestLine(m.b)
	if !whole {
		if beginsMethod(m.b) {
			return m.short()
		}
		return no
	}
	n := &m.e.names
	switch {
	case method == nil:
		return no
	case hasStart(version, "HTTP/2.0") && string(method) == "PRI":
		return m.e.whole("h2c")
	case bytes.HasPrefix(version, []byte("RTSP/1.")):
		return m.e.whole("rtsp")
	case bytes.HasPrefix(version, []byte("SIP/2.")):
		return m.e.whole("sip")
	case !bytes.HasPrefix(version, []byte("HTTP/1.")):
		return no
	}
	host, found, ended := header(rest, "host")
	if !found && !ended && !m.final {
		return more
	}
	m.e.named("http")
	if n.HTTPMethod == "" {
		n.HTTPMethod, n.HTTPHost = text(method), text(host)
	}
	if string(method) == "CONNECT" {
		m.e.upgrades = true
	}
	return yes
}

// beginsMethod reports whether b may become a request line: a known method, or
// the beginning of one.
func beginsMethod(b []byte) bool {
	i := bytes.IndexByte(b[:min(len(b), maxMethod)], ' ')
	if i < 0 {
		if len(b) >= maxMethod {
			return false
		}
		i = len(b)
	}
	for m := range strings.SplitSeq(methods, " ") {
		if string(b[:i]) == m || i == len(b) && hasStart(b, m) && i < len(m) {
			return true
		}
	}
	return false
}

// requestLine takes the first line apart; whole tells that it ends. A line
// that is no request has no method.
func requestLine(b []byte) (method, version, rest []byte, whole bool) {
	if len(b) == 0 || b[0] < 'A' || b[0] > 'Z' {
		return nil, nil, nil, true
	}
	line, rest, whole := bytes.Cut(b, []byte("\n"))
	if !whole {
		return nil, nil, nil, false
	}
	line = bytes.TrimSuffix(line, []byte("\r"))
	first, last := bytes.IndexByte(line, ' '), bytes.LastIndexByte(line, ' ')
	if first <= 0 || first > maxMethod || last == first {
		return nil, nil, nil, true
	}
	for _, c := range line[:first] {
		if (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return nil, nil, nil, true
		}
	}
	return line[:first], line[last+1:], rest, true
}

// isRequestLine reports whether b begins with a whole request line of HTTP/1.
func isRequestLine(b []byte) bool {
	method, version, _, whole := requestLine(b)
	return whole && method != nil && bytes.HasPrefix(version, []byte("HTTP/1."))
}

// header looks for a field by its name in lower case; its value has no spaces
// around it (RFC 9112 section 5). ended tells that all fields were there.
func header(b []byte, name string) (value []byte, found, ended bool) {
	for {
		line, rest, ok := bytes.Cut(b, []byte("\n"))
		if !ok {
			return nil, false, false
		}
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			return nil, false, true
		}
		if len(line) > len(name) && line[len(name)] == ':' && equalFold(line[:len(name)], name) {
			return bytes.Trim(line[len(name)+1:], " \t"), true, false
		}
		b = rest
	}
}

// equalFold compares with a word in lower case, ASCII only.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

const statusLine = "HTTP/1.x 200"

// isStatusLine reports whether b begins with the status line of a response
// (RFC 9112 section 4).
func isStatusLine(b []byte) bool {
	return len(b) >= len(statusLine) && string(b[:7]) == statusLine[:7] && b[8] == ' ' && '1' <= b[9] && b[9] <= '9' && digit(b[10]) && digit(b[11])
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func readResponse(m *message) verdict {
	b := m.b
	if len(b) < len(statusLine) {
		if hasStart(b, statusLine[:7]) {
			return m.short()
		}
		return no
	}
	if !isStatusLine(b) {
		return no
	}
	m.e.named("http")
	if m.e.names.HTTPStatus != 0 {
		return yes
	}
	m.e.names.HTTPStatus = uint16(b[9]-'0')*100 + uint16(b[10]-'0')*10 + uint16(b[11]-'0')
	return yes
}
