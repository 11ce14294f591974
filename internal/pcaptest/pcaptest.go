// Package pcaptest writes captures for tests from text, a packet a line.
package pcaptest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"tcpwatch/capture"
)

// WriteText writes a pcap file of Ethernet frames, one a line of text:
//
//	0.001 192.0.2.1:40000 > 192.0.2.2:80 S. seq 5000 ack 1001 len 0
//	0.002 192.0.2.1:53 > 192.0.2.2:53 udp
//	0.003 192.0.2.9 > 192.0.2.1 unreachable 192.0.2.1:40000 > 192.0.2.2:80
//
// Times are seconds after 2024-01-01; the flags are tcpdump's; IPv6 goes as
// [2001:db8::1]:80. Empty lines and those that begin with # are left out.
func WriteText(w io.Writer, text string) error {
	out, err := capture.NewPcapWriter(w, capture.LinkEthernet, 262144, true)
	if err != nil {
		return err
	}
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		p := capture.Packet{Number: uint64(i + 1), Link: capture.LinkEthernet}
		if p.Time, p.Data, err = ParseFrame(strings.Fields(line)); err != nil {
			return fmt.Errorf("%q: %w", line, err)
		}
		p.Length = len(p.Data)
		if err := out.WritePacket(&p); err != nil {
			return err
		}
	}
	return out.Flush()
}

// ParseFrame is the frame, and its time in nanoseconds, of a line of such text in words.
func ParseFrame(words []string) (at int64, frame []byte, err error) {
	if len(words) < 5 || words[2] != ">" {
		return 0, nil, fmt.Errorf("not TIME SOURCE > DESTINATION WHAT")
	}
	s, err := strconv.ParseFloat(words[0], 64)
	if err != nil {
		return 0, nil, err
	}
	at = 1704067200e9 + int64(s*1e6+0.5)*1000
	if words[4] == "unreachable" {
		from, err1 := netip.ParseAddr(words[1])
		to, err2 := netip.ParseAddr(words[3])
		_, quoted, err3 := ParseFrame([]string{"0", words[5], ">", words[7], "S", "seq", "1000"})
		if err1 != nil || err2 != nil || err3 != nil {
			return 0, nil, fmt.Errorf("addresses of the error: %v, %v, %v", err1, err2, err3)
		}
		return at, ipFrame(from, to, 1, append([]byte{3, 1, 0, 0, 0, 0, 0, 0}, quoted[14:42]...)), nil
	}
	src, err1 := netip.ParseAddrPort(words[1])
	dst, err2 := netip.ParseAddrPort(words[3])
	if err1 != nil || err2 != nil {
		return 0, nil, fmt.Errorf("addresses: %v, %v", err1, err2)
	}
	ports := binary.BigEndian.AppendUint16(nil, src.Port())
	ports = binary.BigEndian.AppendUint16(ports, dst.Port())
	if words[4] == "udp" {
		return at, ipFrame(src.Addr(), dst.Addr(), 17, append(ports, 0, 8, 0, 0)), nil
	}
	numbers := map[string]uint32{}
	for i := 5; i+1 < len(words); i += 2 {
		n, err := strconv.ParseUint(words[i+1], 10, 32)
		if err != nil {
			return 0, nil, err
		}
		numbers[words[i]] = uint32(n)
	}
	var flags byte
	for _, c := range words[4] {
		flags |= 1 << strings.IndexRune("FSRP.U", c)
	}
	tcp := binary.BigEndian.AppendUint32(ports, numbers["seq"])
	tcp = binary.BigEndian.AppendUint32(tcp, numbers["ack"])
	tcp = append(tcp, 5<<4, flags, 0xfa, 0xf0, 0, 0, 0, 0)
	return at, ipFrame(src.Addr(), dst.Addr(), 6, append(tcp, make([]byte, numbers["len"])...)), nil
}

// ipFrame is an Ethernet frame with an IP packet.
func ipFrame(src, dst netip.Addr, proto byte, body []byte) []byte {
	b := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}
	if src.Is4() {
		b = append(b, 0x08, 0x00, 0x45, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(20+len(body)))
		b = append(b, 0, 0, 0x40, 0, 64, proto, 0, 0)
	} else {
		b = append(b, 0x86, 0xdd, 0x60, 0, 0, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
		b = append(b, proto, 64)
	}
	b = append(append(b, src.AsSlice()...), dst.AsSlice()...)
	return append(b, body...)
}

// shortConnection is what a short connection sends, a packet in a tenth of a millisecond.
const shortConnection = `0.0000 192.0.2.1:32768 > 192.0.2.2:80 S seq 1000
0.0001 192.0.2.2:80 > 192.0.2.1:32768 S. seq 5000 ack 1001
0.0002 192.0.2.1:32768 > 192.0.2.2:80 . seq 1001 ack 5001
0.0003 192.0.2.1:32768 > 192.0.2.2:80 P. seq 1001 ack 5001 len 200
0.0004 192.0.2.2:80 > 192.0.2.1:32768 P. seq 5001 ack 1201 len 1000
0.0005 192.0.2.1:32768 > 192.0.2.2:80 F. seq 1201 ack 6001
0.0006 192.0.2.2:80 > 192.0.2.1:32768 . seq 6001 ack 1202
0.0007 192.0.2.2:80 > 192.0.2.1:32768 F. seq 6001 ack 1202
0.0008 192.0.2.1:32768 > 192.0.2.2:80 . seq 1202 ack 6002`

// ShortConnections is a pcap file of n connections of nine packets each, one a millisecond.
// All have the frames of the first with another client's address and port.
func ShortConnections(tb testing.TB, n int) []byte {
	tb.Helper()
	var b bytes.Buffer
	out, err := capture.NewPcapWriter(&b, capture.LinkEthernet, 262144, true)
	if err != nil {
		tb.Fatal(err)
	}
	var packets []capture.Packet
	for line := range strings.Lines(shortConnection) {
		at, frame, err := ParseFrame(strings.Fields(line))
		if err != nil {
			tb.Fatal(err)
		}
		packets = append(packets, capture.Packet{Time: at, Data: frame, Length: len(frame), Link: capture.LinkEthernet})
	}
	const addresses, ports = 14 + 12, 14 + 20 // behind Ethernet's header
	for i := range n {
		for k := range packets {
			address, port := addresses, ports
			if k == 1 || k == 4 || k == 6 || k == 7 { // to the client
				address, port = addresses+4, ports+2
			}
			p := &packets[k]
			p.Data[address+2], p.Data[address+3] = byte(i>>14), byte(i>>6)
			binary.BigEndian.PutUint16(p.Data[port:], uint16(32768+i%64))
			if err := out.WritePacket(p); err != nil {
				tb.Fatal(err)
			}
			p.Time += 1e6
		}
	}
	if err := out.Flush(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}
