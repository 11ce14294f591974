package names

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// sent is what one end sends in one piece.
type sent struct {
	end record.End
	b   []byte
}

// feed plays pieces through o as the segments of one connection.
type feed struct {
	o    *Observer
	id   uint64
	mark uint32
	at   [2]int64
}

func (f *feed) next(end record.End, b []byte) {
	f.place(end, f.at[end], b, len(b))
	f.at[end] += int64(len(b))
}

func (f *feed) place(end record.End, off int64, b []byte, wire int) {
	f.o.Observe(&record.Placement{Conn: f.id, From: end, New: wire > 0, Offset: off, Mark: &f.mark}, b, uint32(wire))
}

func (f *feed) names() record.NamesRecord {
	r := record.Record{ID: f.id, Mark: f.mark}
	f.o.Finish(&r)
	f.o.Forget(&r)
	if r.Names == nil {
		return record.NamesRecord{}
	}
	return *r.Names
}

func newFeed() *feed {
	return &feed{o: New(Options{}), id: 1}
}

// pieces cuts messages into segments of at most n bytes.
func pieces(all []sent, n int) (cut []sent) {
	for _, s := range all {
		for p := range slices.Chunk(s.b, n) {
			cut = append(cut, sent{s.end, p})
		}
	}
	return cut
}

func be16(n int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) }

func be32(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

func join(parts ...any) (b []byte) {
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b = append(b, byte(p))
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		}
	}
	return b
}

// extensions of TLS: type, length, body.
func ext(kind int, body ...any) []byte {
	b := join(body...)
	return join(be16(kind), be16(len(b)), b)
}

func sniExt(name string) []byte {
	return ext(0, be16(3+len(name)), 0, be16(len(name)), name)
}

func alpnExt(names ...string) []byte {
	var list []byte
	for _, n := range names {
		list = join(list, len(n), n)
	}
	return ext(16, be16(len(list)), list)
}

// record wraps a handshake message in records of at most n bytes.
func records(msg []byte, n int) (b []byte) {
	for p := range slices.Chunk(msg, n) {
		b = join(b, 22, 3, 1, be16(len(p)), p)
	}
	return b
}

func message24(kind int, body []byte) []byte {
	return join(kind, 0, be16(len(body)), body)
}

func clientHelloMessage(version int, exts ...[]byte) []byte {
	all := bytes.Join(exts, nil)
	return message24(1, join(be16(version), make([]byte, 32), 32, make([]byte, 32), be16(4), "\x13\x01\x13\x02", 1, 0, be16(len(all)), all))
}

func serverHelloMessage(version int, exts ...[]byte) []byte {
	all := bytes.Join(exts, nil)
	return message24(2, join(be16(version), make([]byte, 32), 0, be16(0x1301), 0, be16(len(all)), all))
}

// The hellos of TLS 1.3 with values reserved to be ignored (RFC 8701).
var (
	hello13 = records(clientHelloMessage(0x0303, ext(0x0a0a), ext(23), sniExt("www.example.com"), alpnExt("\x1a\x1a", "h2", "http/1.1"),
		ext(43, 5, "\x3a\x3a\x03\x04\x03\x03"[:6]), ext(51, make([]byte, 1216))), 1<<14)
	server13 = records(serverHelloMessage(0x0303, ext(51, make([]byte, 36)), ext(43, "\x03\x04")), 1<<14)
	hello12  = records(clientHelloMessage(0x0303, sniExt("a.test"), alpnExt("h2")), 40)
	server12 = records(serverHelloMessage(0x0303, alpnExt("h2")), 1<<14)
)

type namesTest struct {
	name   string
	sent   []sent
	want   record.NamesRecord
	pieces bool // the same however it is cut
}

const orig, resp = record.Orig, record.Resp

func bothTLS(proto string) record.NamesRecord {
	return record.NamesRecord{Proto: proto, SNI: "a.test", ALPN: "h2", ALPNChosen: "h2", TLSVersion: "1.2", TLSOffered: "1.2"}
}

var mysqlGreeting = join("\x4a\x00\x00\x00\x0a", "8.0.36", 0, make([]byte, 0x4a-8))

var namesTests = []namesTest{
	{"TLS 1.3", []sent{{orig, hello13}, {resp, server13}},
		record.NamesRecord{Proto: "tls", SNI: "www.example.com", ALPN: "h2,http/1.1", TLSVersion: "1.3", TLSOffered: "1.3"}, true},
	{"TLS 1.2, the hello in several records", []sent{{orig, hello12}, {resp, server12}}, bothTLS("tls"), true},
	{"TLS refused by an alert", []sent{{orig, hello12}, {resp, join(21, 3, 1, be16(2), 2, 40)}},
		record.NamesRecord{Proto: "tls", SNI: "a.test", ALPN: "h2", TLSOffered: "1.2"}, true},
	{"SSL 2 hello", []sent{{orig, join(0x80, 9+3+16, 1, 3, 1, be16(3), be16(0), be16(16), make([]byte, 19))}}, record.NamesRecord{Proto: "tls", TLSOffered: "1.0"}, false},
	{"TLS without extensions", []sent{{orig, records(message24(1, join(be16(0x0301), make([]byte, 32), 0, be16(2), 0, 5, 1, 0)), 1<<14)}},
		record.NamesRecord{Proto: "tls", TLSOffered: "1.0"}, true},
	{"HTTP", []sent{{orig, join("GET /a?b=c HTTP/1.1\r\nAccept: */*\r\nhOST: \t example.org:8080 \r\n\r\n")}, {resp, join("HTTP/1.1 404 Not Found\r\n\r\n")}},
		record.NamesRecord{Proto: "http", HTTPMethod: "GET", HTTPHost: "example.org:8080", HTTPStatus: 404}, true},
	{"HTTP without Host", []sent{{orig, join("HEAD / HTTP/1.0\r\n\r\n")}}, record.NamesRecord{Proto: "http", HTTPMethod: "HEAD"}, true},
	{"HTTP, header never ends", []sent{{orig, join("GET / HTTP/1.1\r\nA: ", strings.Repeat("x", 5000))}}, record.NamesRecord{Proto: "http", HTTPMethod: "GET"}, true},
	{"HTTP, method unknown", []sent{{orig, join("BREW /pot HTTP/1.1\r\nHost: tea\r\n\r\n")}}, record.NamesRecord{Proto: "http", HTTPMethod: "BREW", HTTPHost: "tea"}, false},
	{"HTTP, second request not looked at", []sent{{orig, join("GET / HTTP/1.1\r\nHost: first\r\n\r\n")}, {resp, join("HTTP/1.1 200 OK\r\n\r\n")},
		{orig, join("GET / HTTP/1.1\r\nHost: second\r\n\r\n")}, {resp, join("HTTP/1.1 500 No\r\n\r\n")}},
		record.NamesRecord{Proto: "http", HTTPMethod: "GET", HTTPHost: "first", HTTPStatus: 200}, true},
	{"long Host is cut", []sent{{orig, join("GET / HTTP/1.1\r\nHost: ", strings.Repeat("h", 300), "\r\n\r\n")}},
		record.NamesRecord{Proto: "http", HTTPMethod: "GET", HTTPHost: strings.Repeat("h", 255)}, true},
	{"HTTP/2 without TLS", []sent{{orig, join("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")}}, record.NamesRecord{Proto: "h2c"}, true},
	{"TLS through a proxy", []sent{{orig, join("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n")}, {resp, join("HTTP/1.1 200 OK\r\n\r\n")}, {orig, hello12}, {resp, server12}},
		record.NamesRecord{Proto: "http", HTTPMethod: "CONNECT", HTTPHost: "a.test:443", HTTPStatus: 200, SNI: "a.test", ALPN: "h2", ALPNChosen: "h2", TLSVersion: "1.2", TLSOffered: "1.2"}, false},
	{"PROXY protocol 1", []sent{{orig, join("PROXY TCP4 192.0.2.1 192.0.2.2 1 443\r\n", hello12)}, {resp, server12}}, bothTLS("tls"), true},
	{"PROXY protocol 2", []sent{{orig, join("\r\n\r\n\x00\r\nQUIT\n\x21\x11", be16(12), make([]byte, 12), hello12)}, {resp, server12}}, bothTLS("tls"), true},
	{"SSH", []sent{{resp, join("SSH-2.0-OpenSSH_9.6 Debian\r\n", "....")}, {orig, join("SSH-2.0-PuTTY\n")}},
		record.NamesRecord{Proto: "ssh", SSH: [2]string{"SSH-2.0-PuTTY", "SSH-2.0-OpenSSH_9.6 Debian"}}, true},
	{"SMTP with STARTTLS", []sent{{resp, join("220 mx.test ESMTP\r\n")}, {orig, join("EHLO a\r\n")}, {resp, join("250 STARTTLS\r\n")},
		{orig, join("STARTTLS\r\n")}, {resp, join("220 go\r\n")}, {orig, hello12}, {resp, server12}}, bothTLS("smtp"), false},
	{"SMTP that does not say so", []sent{{resp, join("220 hello\r\n")}, {orig, join("ehlo a\r\n")}}, record.NamesRecord{Proto: "smtp"}, true},
	{"FTP", []sent{{resp, join("220-Welcome\r\n220 ProFTPD\r\n")}, {orig, join("USER anonymous\r\n")}}, record.NamesRecord{Proto: "ftp"}, false},
	{"FTP that does not say so", []sent{{resp, join("220 hello\r\n")}, {orig, join("USER anonymous\r\n")}}, record.NamesRecord{Proto: "ftp"}, true},
	{"POP3", []sent{{resp, join("+OK ready\r\n")}}, record.NamesRecord{Proto: "pop3"}, true},
	{"IMAP", []sent{{resp, join("* OK [CAPABILITY IMAP4rev1] ready\r\n")}}, record.NamesRecord{Proto: "imap"}, true},
	{"PostgreSQL", []sent{{orig, join(be32(17), be32(3<<16), "user\x00me\x00\x00")}}, record.NamesRecord{Proto: "postgresql"}, true},
	{"PostgreSQL with TLS", []sent{{orig, join(be32(8), be32(80877103))}, {resp, join("S")}, {orig, hello12}, {resp, server12}}, bothTLS("postgresql"), false},
	{"MySQL", []sent{{resp, mysqlGreeting}}, record.NamesRecord{Proto: "mysql", ServerVersion: "8.0.36"}, true},
	{"MySQL refuses", []sent{{resp, join("\x18\x00\x00\x00\xff\x10\x04Too many connections.")}}, record.NamesRecord{Proto: "mysql"}, false},
	{"Redis", []sent{{orig, join("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n")}, {resp, join("+OK\r\n")}}, record.NamesRecord{Proto: "redis"}, true},
	{"MongoDB", []sent{{orig, join("\x30\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00", make([]byte, 32))}}, record.NamesRecord{Proto: "mongodb"}, true},
	{"RDP: the user's name is not kept", []sent{{orig, join(3, 0, be16(11+24+8), 38, 0xe0, make([]byte, 5), "Cookie: mstshash=joe...\r", "\x01\x00\x08\x00\x03\x00\x00\x00")}}, record.NamesRecord{Proto: "rdp"}, true},
	{"DNS", []sent{{orig, join(be16(29), 0x12, 0x34, 1, 0, be16(1), be16(0), be16(0), be16(0), 3, "www", 7, "example", 0, be16(252), be16(1))}},
		record.NamesRecord{Proto: "dns", DNSQuery: "www.example"}, true},
	{"SOCKS, then HTTP", []sent{{orig, join(5, 1, 0)}, {resp, join(5, 0)}, {orig, join("GET / HTTP/1.1\r\nHost: h\r\n\r\n")}},
		record.NamesRecord{Proto: "socks", HTTPMethod: "GET", HTTPHost: "h"}, false},
	{"SMB", []sent{{orig, join(0, 0, 0, 68, "\xfeSMB@\x00")}}, record.NamesRecord{Proto: "smb"}, true},
	{"MQTT", []sent{{orig, join(0x10, 20, 0, 4, "MQTT", 4)}}, record.NamesRecord{Proto: "mqtt"}, true},
	{"VNC", []sent{{resp, join("RFB 003.008\n")}}, record.NamesRecord{Proto: "vnc"}, true},
	{"a probe's byte before the first request", []sent{{orig, join(0)}, {orig, join("GET / HTTP/1.1\r\nHost: h\r\n\r\n")}},
		record.NamesRecord{Proto: "http", HTTPMethod: "GET", HTTPHost: "h"}, false},
	{"the rest of an answer, then a request", []sent{{resp, bytes.Repeat([]byte("x"), 900)}, {orig, join("GET / HTTP/1.1\r\nHost: h\r\n\r\n")}, {resp, join("HTTP/1.1 304 x\r\n\r\n")}},
		record.NamesRecord{Proto: "http", HTTPMethod: "GET", HTTPHost: "h", HTTPStatus: 304}, false},
	{"nothing known", []sent{{orig, join("\xde\xad\xbe\xef", make([]byte, 9000))}, {resp, bytes.Repeat([]byte("z"), 9000)}}, record.NamesRecord{}, true},
	{"words", []sent{{orig, bytes.Repeat([]byte("hello world "), 900)}}, record.NamesRecord{}, true},
}

func TestNames(t *testing.T) {
	for _, tt := range namesTests {
		t.Run(tt.name, func(t *testing.T) {
			cuts := []int{1 << 16}
			if tt.pieces {
				cuts = []int{1 << 16, 536, 100, 7, 3, 1}
			}
			for _, n := range cuts {
				f := newFeed()
				for _, s := range pieces(tt.sent, n) {
					f.next(s.end, s.b)
				}
				if got := f.names(); got != tt.want {
					t.Errorf("cut to %d: %+v, want %+v", n, got, tt.want)
				}
				if f.o.held() != 0 || f.o.undecided() != 0 || f.o.waiting() != 0 {
					t.Errorf("left: %d entries, %d undecided, %d waiting", f.o.held(), f.o.undecided(), f.o.waiting())
				}
			}
		})
	}
}

// Segments may come in any order.
func TestOutOfOrder(t *testing.T) {
	for _, order := range [][]int{{1, 0, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {3, 0, 0, 2, 1, 1}} {
		f := newFeed()
		quarter := (len(hello13) + 3) / 4
		for _, i := range order {
			from := i * quarter
			to := min(from+quarter+5, len(hello13)) // overlapping
			f.place(orig, int64(from), hello13[from:to], to-from)
		}
		if got := f.names(); got.SNI != "www.example.com" || got.ALPN != "h2,http/1.1" {
			t.Errorf("%v: %+v", order, got)
		}
	}
}

// A hello whose end was not captured still tells what it can.
func TestCutBySnaplen(t *testing.T) {
	f := newFeed()
	f.place(orig, 0, hello13[:200], len(hello13))
	if got := f.names(); got.Proto != "tls" || got.SNI != "www.example.com" {
		t.Errorf("%+v", got)
	}
	f = newFeed()
	f.place(orig, 0, hello13[:50], 100)
	f.place(orig, 100, hello13[100:], len(hello13)-100)
	if got := f.names(); got != (record.NamesRecord{Proto: "tls"}) {
		t.Errorf("with a hole: %+v", got)
	}
}

// What the connection's end cuts short is read as far as it goes, and what
// goes on without its beginning is given up.
func TestEndsEarly(t *testing.T) {
	f := newFeed()
	f.next(orig, join("POST /x HTTP/1.1\r\nAccept: a\r\nHo"))
	if got := f.names(); got != (record.NamesRecord{Proto: "http", HTTPMethod: "POST"}) {
		t.Errorf("%+v", got)
	}
	f = newFeed()
	f.place(orig, 5, []byte("x"), 1)
	f.place(orig, patience, []byte("x"), 1)
	f.place(resp, patience, []byte("x"), 1)
	f.place(resp, patience+1, []byte("x"), 1)
	f.place(orig, patience+1, []byte("x"), 1)
	if !isDecided(f.mark) || f.o.held() != 0 || f.o.undecided() != 0 || f.o.waiting() != 0 {
		t.Errorf("not given up: %+v", f.o)
	}
}

func TestInterimKeeps(t *testing.T) {
	f := newFeed()
	f.next(resp, join("SSH-2.0-a\r\n"))
	r := record.Record{ID: f.id, Mark: f.mark, Interim: true}
	f.o.Attach(&r)
	r.Mark = 0
	f.o.Finish(&r)
	f.o.Forget(&r)
	first := r.Names
	f.next(orig, join("SSH-2.0-b\r\n"))
	if got := f.names(); got.SSH != [2]string{"SSH-2.0-b", "SSH-2.0-a"} {
		t.Errorf("%+v", got)
	}
	if first == nil || first.SSH != [2]string{"", "SSH-2.0-a"} {
		t.Errorf("an interim record changed or had no names: %+v", first)
	}
}

// Both limits cost names and are counted; nothing is kept beyond them.
func TestBounds(t *testing.T) {
	o := New(Options{Undecided: 2, Waiting: 1})
	var feeds [4]feed
	for i := range feeds {
		feeds[i] = feed{o: o, id: uint64(i + 1)}
		feeds[i].next(orig, []byte("GET / HTTP/1.1\r\nA"))
	}
	if o.undecided() != 2 || o.waiting() != 1 || o.Unnamed() != 2 || o.held() != 2 {
		t.Errorf("%d undecided, %d waiting, %d unnamed, %d entries", o.undecided(), o.waiting(), o.Unnamed(), o.held())
	}
	feeds[0].next(orig, []byte(": b\r\nHost: h\r\n\r\n"))
	feeds[1].next(orig, []byte(": b\r\nHost: h\r\n\r\n"))
	if got := feeds[0].names(); got.HTTPHost != "h" {
		t.Errorf("%+v", got)
	}
	if got := feeds[1].names(); got != (record.NamesRecord{Proto: "http", HTTPMethod: "GET"}) {
		t.Errorf("without a buffer: %+v", got)
	}
	if got := feeds[2].names(); got != (record.NamesRecord{}) {
		t.Errorf("beyond the limit: %+v", got)
	}
	if o.undecided() != 0 || o.waiting() != 0 || len(o.spare) != 1 {
		t.Errorf("left: %d undecided, %d waiting, %d spare", o.undecided(), o.waiting(), len(o.spare))
	}
}
