package capture_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"tcpwatch/capture"
)

func TestPcapWriter(t *testing.T) {
	native := nativeOrder()
	packets := []capture.Packet{
		{Number: 1, Time: 1_700_000_000_123_456_789, Data: []byte("abc"), Length: 60, Link: capture.LinkLinuxSLL2},
		{Number: 2, Time: 1_700_000_001_000_000_999, Data: nil, Length: 70000, Link: capture.LinkLinuxSLL2},
	}
	for _, nano := range []bool{false, true} {
		var out bytes.Buffer
		w, err := capture.NewPcapWriter(&out, capture.LinkLinuxSLL2, 262144, nano)
		if err != nil {
			t.Fatal(err)
		}
		for i := range packets {
			if err := w.WritePacket(&packets[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.WritePacket(&capture.Packet{Link: capture.LinkEthernet}); err == nil {
			t.Error("a packet of another link type is written")
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		magic, first, second := uint32(magicMicro), uint32(123_456), uint32(0)
		if nano {
			magic, first, second = magicNano, 123_456_789, 999
		}
		want := slices.Concat(pcapHeader(native, magic, version24, 262144, 276),
			words(native, 1_700_000_000, first, 3, 60), []byte("abc"), words(native, 1_700_000_001, second, 0, 70000))
		if !bytes.Equal(out.Bytes(), want) {
			t.Errorf("nano %t\ngot  %x\nwant %x", nano, out.Bytes(), want)
		}
		back, damages, _ := read(t, out.Bytes())
		if len(back) != 2 || damages != nil {
			t.Errorf("read back: %v %v", back, damages)
		}
	}
}

func TestPcapWriterRaw(t *testing.T) {
	var out bytes.Buffer
	w, err := capture.NewPcapWriter(&out, capture.LinkRaw12, 100, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if want := pcapHeader(nativeOrder(), magicMicro, version24, 100, 101); !bytes.Equal(out.Bytes(), want) {
		t.Errorf("got %x, want %x", out.Bytes(), want)
	}
}

// TestPcapWriterBefore1970: the fraction counts forwards, the seconds wrap.
func TestPcapWriterBefore1970(t *testing.T) {
	var out bytes.Buffer
	w, err := capture.NewPcapWriter(&out, capture.LinkEthernet, 100, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WritePacket(&capture.Packet{Time: -1, Link: capture.LinkEthernet}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if want := words(nativeOrder(), 0xffff_ffff, 999_999_999, 0, 0); !bytes.Equal(out.Bytes()[24:], want) {
		t.Errorf("got %x, want %x", out.Bytes()[24:], want)
	}
}

func TestPcapWriterFails(t *testing.T) {
	w, err := capture.NewPcapWriter(full{}, capture.LinkEthernet, 262144, false)
	if err != nil {
		t.Fatal(err)
	}
	p := capture.Packet{Data: make([]byte, 100_000), Length: 100_000, Link: capture.LinkEthernet}
	if err := w.WritePacket(&p); !errors.Is(err, errFull) {
		t.Error(err)
	}
	if err := w.WritePacket(&p); !errors.Is(err, errFull) {
		t.Error("the error is forgotten:", err)
	}
	if err := w.Flush(); !errors.Is(err, errFull) {
		t.Error(err)
	}
}

var errFull = errors.New("no space left on device")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestPcapWriterIsTcpdumps writes what tcpdump -w writes of the same packets.
func TestPcapWriterIsTcpdumps(t *testing.T) {
	tcpdump, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Skip("tcpdump is not installed")
	}
	for name, b := range samples(t) {
		if name != "pcap" && name != "pcap big" { // tcpdump writes the snaplen that it was told by pcapng otherwise
			continue
		}
		nano := name == "pcap big"
		in := filepath.Join(t.TempDir(), "in.pcap")
		if err := os.WriteFile(in, b, 0o644); err != nil {
			t.Fatal(err)
		}
		input, err := os.Open(in)
		if err != nil {
			t.Fatal(err)
		}
		precision := "micro"
		if nano {
			precision = "nano"
		}
		command := exec.Command(tcpdump, "-r", "-", "-w", "-", "--time-stamp-precision="+precision)
		command.Stdin = input
		want, err := command.Output()
		input.Close()
		if err != nil {
			t.Fatal(err)
		}
		f, err := capture.Open(in)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w, err := capture.NewPcapWriter(&out, capture.LinkEthernet, f.Interfaces()[0].Snaplen, nano)
		if err != nil {
			t.Fatal(err)
		}
		var p capture.Packet
		for f.Next(&p) == nil {
			if err := w.WritePacket(&p); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), want) {
			t.Errorf("%s\ngot  %x\nwant %x", name, out.Bytes(), want)
		}
	}
}

func TestWritePacketDoesNotAllocate(t *testing.T) {
	w, err := capture.NewPcapWriter(discard{}, capture.LinkEthernet, 262144, false)
	if err != nil {
		t.Fatal(err)
	}
	p := capture.Packet{Data: make([]byte, 1500), Length: 1500, Link: capture.LinkEthernet}
	if n := testing.AllocsPerRun(1000, func() {
		if err := w.WritePacket(&p); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func BenchmarkPcapWriter(b *testing.B) {
	w, err := capture.NewPcapWriter(io.Discard, capture.LinkEthernet, 262144, true)
	if err != nil {
		b.Fatal(err)
	}
	p := capture.Packet{Time: 1_700_000_000_123_456_789, Data: make([]byte, 700), Length: 700, Link: capture.LinkEthernet}
	b.SetBytes(716)
	b.ReportAllocs()
	for b.Loop() {
		if err := w.WritePacket(&p); err != nil {
			b.Fatal(err)
		}
	}
}
