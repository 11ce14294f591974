package main

import (
	"bytes"
	"encoding/csv"
	"encoding/hex"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	. "tcpwatch/capture/capturetest"
	"tcpwatch/internal/racetest"
)

// tellingCapture writes a capture with addresses, hardware addresses and names in many places.
func tellingCapture(t *testing.T, name string) {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := capture.NewPcapWriter(file, capture.LinkEthernet, 65535, true)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	add := func(frame []byte) {
		n++
		copy(frame, "\x00\x11\x22\x33\x44\x55\x00\x11\x22\x33\x44\x66")
		if err := w.WritePacket(&capture.Packet{Time: int64(1_700_000_000_000_000_000 + n*1_000_000), Data: frame, Length: len(frame), Link: capture.LinkEthernet}); err != nil {
			t.Fatal(err)
		}
	}
	// A connection that says names, then is reset; one that is unreachable.
	client, server := "192.0.2.77", "198.51.100.88"
	segment := func(from, to string, s TCP) { add(Ethernet(TypeIPv4, IPv4(from, to, ProtoTCP, s.Bytes()))) }
	segment(client, server, TCP{Src: 40000, Dst: 80, Seq: 100, Flags: 2, Window: 1000})
	segment(server, client, TCP{Src: 80, Dst: 40000, Seq: 500, Ack: 101, Flags: 0x12, Window: 1000})
	segment(client, server, TCP{Src: 40000, Dst: 80, Seq: 101, Ack: 501, Flags: 0x18, Window: 1000,
		Payload: []byte("GET /private HTTP/1.1\r\nHost: secret.example.org\r\n\r\n")})
	segment(server, client, TCP{Src: 80, Dst: 40000, Seq: 501, Ack: 152, Flags: 0x18, Window: 1000, Payload: []byte("HTTP/1.1 200 OK\r\nServer: secret.example.org\r\n\r\n")})
	segment(server, client, TCP{Src: 80, Dst: 40000, Seq: 548, Ack: 152, Flags: 0x14})
	syn := IPv4(client, "198.51.100.99", ProtoTCP, TCP{Src: 40001, Dst: 81, Seq: 100, Flags: 2, Window: 1000}.Bytes())
	add(Ethernet(TypeIPv4, syn))
	add(Ethernet(TypeIPv4, IPv4("203.0.113.66", client, 1, slices.Concat([]byte{3, 13, 0, 0, 0, 0, 0, 0}, syn))))
	// Other protocols, and a tunnel.
	add(Ethernet(TypeIPv4, IPv4(client, "203.0.113.67", ProtoUDP, UDP(5353, 53, []byte("\x06secret\x07example\x03org\x00")))))
	add(Ethernet(0x0806, []byte("\x00\x01\x08\x00\x06\x04\x00\x02\x00\x11\x22\x33\x44\x55\xc0\x00\x02\x4d\x00\x11\x22\x33\x44\x66\xc6\x33\x64\x58")))
	add(Ethernet(TypeVLAN, Tag(4, TypeIPv6, IPv6("2001:db8:77::1", "2001:db8:88::2", ProtoTCP, TCP{Src: 40002, Dst: 443, Seq: 1, Flags: 2, Window: 9}.Bytes()))))
	inner := Ethernet(TypeIPv4, IPv4(client, server, ProtoTCP, TCP{Src: 40003, Dst: 82, Seq: 1, Flags: 2, Window: 9}.Bytes()))
	copy(inner, "\x00\x11\x22\x33\x44\x55\x00\x11\x22\x33\x44\x66")
	add(Ethernet(TypeIPv4, IPv4("203.0.113.68", "203.0.113.69", ProtoUDP, UDP(50000, 4789, VXLAN(6, inner)))))
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

// told are what a capture must not tell of itself, as text and as bytes.
func told(addresses ...string) (all [][]byte) {
	for _, a := range addresses {
		all = append(all, []byte(a), netip.MustParseAddr(a).AsSlice())
	}
	for _, mac := range []string{"001122334455", "001122334466"} {
		b, _ := hex.DecodeString(mac)
		all = append(all, b, []byte(mac))
	}
	return append(all, []byte("\x00\x11\x22\x33"), []byte("00:11:22"), []byte("secret"), []byte("example.org"), []byte("private"))
}

// Nothing of addresses, names and hardware addresses is in any byte of any output.
func TestAnonymousOutputs(t *testing.T) {
	racetest.TooSlow(t)
	dir := t.TempDir()
	telling := filepath.Join(dir, "x.pcap")
	tellingCapture(t, telling)
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte("a key of some length"), 0o600); err != nil {
		t.Fatal(err)
	}
	bundled := func(name string) string { return filepath.Join("..", "..", "testdata", "pcaps", name) }
	for _, from := range []struct {
		file  string
		never [][]byte
	}{
		{telling, told("192.0.2.77", "198.51.100.88", "198.51.100.99", "203.0.113.66", "203.0.113.67", "203.0.113.68", "203.0.113.69", "2001:db8:77::1", "2001:db8:88::2")},
		{bundled("icmp-unreachable.pcap"), nil}, {bundled("any-sll2.pcap"), nil}, {bundled("ipv6.pcap"), nil}, {bundled("refused.pcap"), nil},
	} {
		if _, err := os.Stat(from.file); err != nil {
			continue
		}
		never := from.never
		if never == nil {
			never = addressesIn(t, from.file)
		}
		for _, args := range [][]string{
			{"--report", "all"}, {}, {"--report", "connections"}, {"--columns", "orig_ip,resp_ip,names.sni,names.http_host,community_id"},
			{"-o", "jsonl", "--transitions"}, {"-o", "csv"}, {"-o", "jsonl", "-j", "3"}, {"--where", "true", "--why", "matching"}, {"--follow", "1"},
			{"-w", "-"}, {"--extract", "-"}, {"--where", "true", "--extract", "-"}, {"--follow", "1", "--raw", filepath.Join(dir, "raw")},
			{"--where", "not (orig_ip == '192.0.2.77') && not (names.sni == 'secret.example.org')", "--report", "all"},
			{"--where", "not (orig_ip == '192.0.2.77')", "-o", "jsonl"}, {"host 192.0.2.77 or not host 192.0.2.77", "--report", "all"},
		} {
			out, status := outputOf(t, append([]string{from.file, "--anonymize=" + key}, args...))
			if status > exitUsage {
				t.Errorf("%q: status %d", args, status)
			}
			for _, name := range []string{"raw-orig.bin", "raw-resp.bin"} {
				b, _ := os.ReadFile(filepath.Join(dir, name))
				out = append(out, b...)
			}
			for _, s := range never {
				if bytes.Contains(out, s) {
					t.Errorf("%s %q: %q (%x) is in\n%q", filepath.Base(from.file), args, s, s, out)
				}
			}
		}
	}
}

// addressesIn are those of connections in a capture, as text and as bytes.
func addressesIn(t *testing.T, file string) (all [][]byte) {
	out, _ := outputOf(t, []string{file, "-o", "csv"})
	for i, line := range strings.Split(string(out), "\n") {
		if cells := strings.Split(line, ","); i > 0 && len(cells) > 4 {
			for _, a := range []string{cells[2], cells[4]} {
				if x := netip.MustParseAddr(a); x.AsSlice()[0] != 127 {
					all = append(all, []byte(a), x.AsSlice())
				}
			}
		}
	}
	if len(all) == 0 {
		t.Fatal("no addresses in " + file)
	}
	return all
}

// outputOf runs the program: all that it writes to standard output and standard error.
func outputOf(t *testing.T, args []string) (out []byte, status int) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := &exec.Cmd{Path: program, Args: append([]string{"tcpwatch"}, args...)}
	out, _ = cmd.CombinedOutput()
	return out, cmd.ProcessState.ExitCode()
}

// unkeyed is a CSV of connections without what tells where they were captured, and by what they are
// known again: anonymous records leave that out.
func unkeyed(t *testing.T, text string) string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, row := range rows {
		for i, name := range rows[0] {
			if name != "place" && name != "uid" && !strings.HasPrefix(name, "key.") {
				b.WriteString(row[i] + ",")
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// The same key gives the same, another one and none do not; what is anonymous already tells
// the same as before.
func TestAnonymizeByKey(t *testing.T) {
	dir := t.TempDir()
	telling := filepath.Join(dir, "x.pcap")
	tellingCapture(t, telling)
	keys := map[string]string{"one": "a key of some length", "two": "another key of some length"}
	for name, key := range keys {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	told := func(args ...string) string {
		out, status := outputOf(t, append([]string{telling, "-o", "csv"}, args...))
		if status != exitDone {
			t.Fatalf("%q: %s", args, out)
		}
		return string(out)
	}
	one, again, two := told("--anonymize="+filepath.Join(dir, "one")), told("--anonymize="+filepath.Join(dir, "one"), "-j", "3"), told("--anonymize="+filepath.Join(dir, "two"))
	random, random2 := told("--anonymize"), told("--anonymize")
	if one != again {
		t.Errorf("the same key:\n%s\n%s", one, again)
	}
	for i, other := range []string{two, random, random2, told()} {
		if one == other {
			t.Errorf("%d: as another key:\n%s", i, one)
		}
	}
	if random == random2 {
		t.Error("a key comes twice that nobody knows")
	}
	// What -w writes is read as it was told.
	written := filepath.Join(dir, "w.pcap")
	if out, status := outputOf(t, []string{telling, "--anonymize=" + filepath.Join(dir, "one"), "-w", written}); status != exitDone {
		t.Fatalf("%s", out)
	}
	out, _ := outputOf(t, []string{written, "-o", "csv"})
	if got, want := unkeyed(t, string(out)), unkeyed(t, one); got != want {
		t.Errorf("what was written:\n%s\nwhat was told:\n%s", got, want)
	}
	for _, test := range []struct{ arg, want string }{
		{"--anonymize=" + filepath.Join(dir, "none"), "no key can be read: no such file or directory; head -c 32 /dev/urandom makes one"},
		{"--anonymize=/dev/null", "a key has at least 16 bytes"},
	} {
		if out, status := outputOf(t, []string{telling, test.arg}); status != exitUsage || !strings.Contains(string(out), test.want) || strings.Count(string(out), "\n") != 1 {
			t.Errorf("%s: status %d, %s", test.arg, status, out)
		}
	}
}
