package capture_test

import (
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcpwatch/capture"
	. "tcpwatch/capture/capturetest"
)

func serialized(tb testing.TB, ls ...gopacket.SerializableLayer) []byte {
	tb.Helper()
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

// usualPacket is Ethernet, whatever tags, IPv4, TCP with timestamps, 1,000 bytes.
func usualPacket(tb testing.TB, vlans ...uint16) []byte {
	eth := &layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4}
	ls := []gopacket.SerializableLayer{eth}
	for i, id := range vlans {
		if i == 0 {
			eth.EthernetType = layers.EthernetTypeDot1Q
		}
		tag := &layers.Dot1Q{VLANIdentifier: id, Type: layers.EthernetTypeDot1Q}
		if i == len(vlans)-1 {
			tag.Type = layers.EthernetTypeIPv4
		}
		ls = append(ls, tag)
	}
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: []byte{10, 0, 0, 1}, DstIP: []byte{10, 0, 0, 2}}
	tcp := &layers.TCP{SrcPort: 40000, DstPort: 80, ACK: true, PSH: true, Options: []layers.TCPOption{
		{OptionType: layers.TCPOptionKindNop, OptionLength: 1}, {OptionType: layers.TCPOptionKindNop, OptionLength: 1},
		{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: make([]byte, 8)}}}
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		tb.Fatal(err)
	}
	return serialized(tb, append(ls, ip, tcp, gopacket.Payload(make([]byte, 1000)))...)
}

func vxlanPacket(tb testing.TB) []byte { return outerUDP(4789, VXLAN(7, usualPacket(tb))) }

func benchmarkDecode(b *testing.B, o capture.DecoderOptions, data []byte) {
	d := capture.NewDecoder(o)
	p := capture.Packet{Data: data, Length: len(data), Link: capture.LinkEthernet}
	if d.Decode(&p) != capture.OutcomeSegment {
		b.Fatal(d.Skip)
	}
	b.ReportAllocs()
	for b.Loop() {
		d.Decode(&p)
	}
}

func BenchmarkDecode(b *testing.B) {
	b.Run("ip", func(b *testing.B) { benchmarkDecode(b, capture.DecoderOptions{}, usualPacket(b)) })
	b.Run("vlan", func(b *testing.B) { benchmarkDecode(b, capture.DecoderOptions{}, usualPacket(b, 5, 6)) })
	b.Run("vxlan", func(b *testing.B) { benchmarkDecode(b, capture.DecoderOptions{}, vxlanPacket(b)) })
	b.Run("checksum", func(b *testing.B) {
		benchmarkDecode(b, capture.DecoderOptions{VerifyChecksums: true}, usualPacket(b))
	})
}

// BenchmarkGopacket is the measurement behind the Decoder's own walk.
func BenchmarkGopacket(b *testing.B) {
	data := usualPacket(b)
	var eth layers.Ethernet
	var ip layers.IPv4
	var tcp layers.TCP
	b.Run("parser", func(b *testing.B) {
		var payload gopacket.Payload
		parser := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &eth, &ip, &tcp, &payload)
		var found []gopacket.LayerType
		for b.Loop() {
			if err := parser.DecodeLayers(data, &found); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("layers", func(b *testing.B) {
		df := gopacket.NilDecodeFeedback
		for b.Loop() {
			if eth.DecodeFromBytes(data, df) != nil || ip.DecodeFromBytes(eth.Payload, df) != nil || tcp.DecodeFromBytes(ip.Payload, df) != nil {
				b.Fatal("not decoded")
			}
		}
	})
}
