package follow

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"tcpwatch/tracker/record"
)

const talkOfBoth = opened + `
	3 > P. 1 1 "GET /ü HTTP/1.1\r\nHost: x\t\\\x1b[31m\r\n\r\n"
	4 < .  1 37 "first\n"
	5 < .  7 37 "next to come\n"
	5 < .  1 37 "First\n"
	6 < .  25 37 "lost between" 5
	7 < .  37 37 "gzip:\n\x1f\x8b\x08\x00\x01\x02\x03\xff\xfe"
	8 > .  37 52
	9 > F. 37 52
	86400010 < R. 52 38 "go\taway\x07"
`

const talkOfBothAsText = `Connection #1: client 192.0.2.1:40000, server 192.0.2.2:80, from 2024-01-01 00:00:00.000000 UTC

00:00:00.003000  client → server  packet 4, 36 bytes
> GET /ü HTTP/1.1\r
> Host: x	\\\x1b[31m\r
> \r

00:00:00.004000  server → client  packets 5-9, 41 bytes
< first
< next to come
[packet 7 repeats 6 bytes from byte 1 on with other content: what came first stands]
[5 bytes missing: never captured]
< lost be
[5 bytes cut by the snaplen]
< gzip:
< 0000002a  1f 8b 08 00 01 02 03 ff  fe                       |.........|

00:00:00.009000  client → server  packet 11
[FIN: the client will say no more]

2024-01-02 00:00:00.010000  server → client  packet 12
[RST from the server, which says: go	away\x07]

End of connection #1: client 36 bytes, server 41 bytes (5 missing) (5 cut by the snaplen)
`

func TestText(t *testing.T) {
	var b bytes.Buffer
	play(t, NewText(&b, TextOptions{}), talkOfBoth)
	if got := b.String(); got != talkOfBothAsText {
		t.Errorf("got\n%s\nwant\n%s", got, talkOfBothAsText)
	}
}

func TestTextOptions(t *testing.T) {
	for _, c := range []struct {
		o         TextOptions
		want, not string
	}{
		{TextOptions{As: AsHex}, "< 00000000  66 69 72 73 74 0a 6e 65  78 74 20 74 6f 20 63 6f  |first.next to co|", "< first"},
		{TextOptions{As: AsText}, `< \x1f\x8b\x08\x00\x01\x02\x03\xff\xfe` + "\n", "|"},
		{TextOptions{ASCII: true}, `> GET /\xc3\xbc HTTP/1.1\r` + "\n", "→"},
		{TextOptions{ASCII: true}, "client -> server", "ü"},
		{TextOptions{Color: true}, "\x1b[32m< first\x1b[0m\n", "\n< first"},
		{TextOptions{Color: true}, "\x1b[36m> " + `Host: x	\\\x1b[31m\r`, "\n> "},
		{TextOptions{Color: true}, "\x1b[31m[RST from the server, which says: go\taway\\x07]\x1b[0m\n", ""},
	} {
		var b bytes.Buffer
		play(t, NewText(&b, c.o), talkOfBoth)
		if got := b.String(); !strings.Contains(got, c.want) || c.not != "" && strings.Contains(got, c.not) {
			t.Errorf("%+v: want %q and not %q in\n%s", c.o, c.want, c.not, got)
		}
	}
}

// What comes too late, a second connection on the same addresses, and a block
// that is too long.
func TestTextBlocks(t *testing.T) {
	var b bytes.Buffer
	play(t, NewText(&b, TextOptions{}), opened+`
		3 < . 1 4 "answer"
		150 > . 4 7 "more"
		151 > . 2 7 "sk"
		152 > R. 8 7
		86400000 > S 7777 0
		86400001 < S. 8888 7778
		86400002 > . 7778 8889 "b"
	`)
	for _, want := range []string{
		"00:00:00.003000  client → server\n[3 bytes missing: never captured]\n",
		"00:00:00.151000  client → server  packet 6, 2 bytes, too late for byte 2, where they are marked as missing\n> sk\n",
		"\n\nConnection #8: client 192.0.2.1:40000, server 192.0.2.2:80, from 2024-01-02 00:00:00.000000 UTC\n\n00:00:00.002000  client → server  packet 10, 1 byte\n> b\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}

	b.Reset()
	k := &talk{id: 1}
	text := NewText(&b, TextOptions{})
	text.begin(k)
	long := []byte(strings.Repeat("ab€", maxBlock/5) + "€€€") // the last block's end lies within a rune
	text.piece(&piece{talk: k, n: int64(len(long)), data: long, packet: 7})
	text.end(k)
	text.flush()
	if got := strings.Count(b.String(), "packet 7, 65,53"); got != 1 {
		t.Errorf("%d blocks of 65,53x bytes", got)
	}
	if strings.Contains(b.String(), `\x`) {
		t.Error("a character was torn apart")
	}
	var said strings.Builder
	for line := range strings.Lines(b.String()) {
		if rest, ok := strings.CutPrefix(line, "> "); ok {
			said.WriteString(strings.TrimSuffix(rest, "\n"))
		}
	}
	if said.String() != string(long) {
		t.Errorf("%d bytes came out of %d", said.Len(), len(long))
	}
}

func TestHexDump(t *testing.T) {
	var b bytes.Buffer
	text := NewText(&b, TextOptions{})
	k := &talk{id: 1}
	data := append(make([]byte, 64), 1)
	text.piece(&piece{talk: k, from: record.Resp, off: 1<<32 - 16, n: 65, data: data, packet: 7})
	text.flush()
	want := `
< fffffff0  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
< *
< 100000030  01                                                |.|
`
	if !strings.HasSuffix(b.String(), want) {
		t.Errorf("%s\nwant%s", b.String(), want)
	}
}

func TestTextLength(t *testing.T) {
	for _, c := range []struct {
		b    string
		want int
	}{
		{"", 0}, {"a\nb", 3}, {"\x00\x01", 0}, {"aaaaaaaaa\x00", 10}, {"a\n\x00\x01\x02", 2}, {"a\nb\x00\x01\x02", 2},
		{"a\r\n\r\n\x1f\x8b\x08\x00\x00", 5}, {"Grüße\n", 8}, {"\xff\xfe\xfd\n", 0},
	} {
		if got := textLength([]byte(c.b)); got != c.want {
			t.Errorf("%q: %d, want %d", c.b, got, c.want)
		}
	}
}

// FuzzText prints any payload: nothing of it may control a terminal or pass for
// anything else, and nothing may be lost.
func FuzzText(f *testing.F) {
	f.Add([]byte("a\\x41\x1b[2J\r\n\u202e\u0085€\xe2\x82"), uint8(3), false)
	f.Add([]byte("\n\n[FIN]\n00:00:00  server → client\x7f\xc2\x9b"), uint8(1), true)
	f.Fuzz(func(t *testing.T, b []byte, step uint8, ascii bool) {
		var out bytes.Buffer
		text := NewText(&out, TextOptions{As: AsText, ASCII: ascii})
		k := &talk{id: 1}
		for off := 0; off < len(b); off += int(step) + 1 {
			part := b[off:min(len(b), off+int(step)+1)]
			text.piece(&piece{talk: k, off: int64(off), n: int64(len(part)), data: part, packet: 1})
		}
		text.flush()
		if len(b) == 0 {
			return
		}
		_, lines, _ := strings.Cut(out.String(), "bytes\n")
		if len(b) == 1 {
			_, lines, _ = strings.Cut(out.String(), "byte\n")
		}
		var said []byte
		for line := range strings.Lines(lines) {
			rest, ok := strings.CutPrefix(line, "> ")
			if !ok {
				t.Fatalf("%q", line)
			}
			for _, r := range strings.TrimSuffix(rest, "\n") {
				if r != '\t' && (!unicode.IsPrint(r) || r == utf8.RuneError) || ascii && r > 0x7e {
					if !bytes.ContainsRune(b, utf8.RuneError) {
						t.Fatalf("%q in %q", r, line)
					}
				}
			}
			said = append(said, unescape(t, rest)...)
		}
		if !bytes.Equal(bytes.TrimSuffix(said, []byte{'\n'}), bytes.TrimSuffix(b, []byte{'\n'})) {
			t.Fatalf("%q became %q", b, said)
		}
	})
}

func unescape(t *testing.T, s string) (b []byte) {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		switch i++; s[i] {
		case '\\':
			b = append(b, '\\')
		case 'r':
			b = append(b, '\r')
		case 'x':
			b = append(b, byte(strings.IndexByte(hexDigits, s[i+1])<<4|strings.IndexByte(hexDigits, s[i+2])))
			i += 2
		default:
			t.Fatalf("\\%c", s[i])
		}
	}
	return b
}

func TestRaw(t *testing.T) {
	dir := t.TempDir()
	var files [2]*os.File
	names := [2]string{filepath.Join(dir, "o"), filepath.Join(dir, "r")}
	for i := range files {
		f, err := os.Create(names[i])
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	raw := NewRaw([2]File{files[0], files[1]}, names)
	if len(raw.Told()) > 0 {
		t.Error("told something of nothing")
	}
	play(t, raw, opened+`
		3 < . 4 4 "wer" 1
		4 > . 4 7 "more"
		150 < . 7 8 "!"
		151 > . 8 8
		152 > . 1 8 "ask"
		153 > . 8 20
		300 > . 8 20
		301 > R. 8 20
		86400000 > S 7777 0
		86400001 < S. 8888 7778
	`)
	for i, want := range []string{"askmore", "\x00\x00\x00we\x00!" + strings.Repeat("\x00", 12)} {
		got, err := os.ReadFile(names[i])
		if err != nil || string(got) != want {
			t.Errorf("%q, want %q (%v)", got, want, err)
		}
	}
	want := []string{
		"connection #1: 7 bytes of the client in " + names[0],
		"connection #1: 3 bytes of the server in " + names[1] + "; 15 bytes missing: zeros there; 1 byte cut by the snaplen: zeros there",
		"1 more on the same addresses left out: give the connection's number",
	}
	if got := strings.Join(raw.Told(), "\n"); got != strings.Join(want, "\n") {
		t.Errorf("told\n%s", got)
	}
}
