package capture_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"

	"golang.org/x/net/bpf"
)

// assembled is a filter of one program, whatever the link type.
func assembled(t testing.TB, code ...bpf.Instruction) *capture.Filter {
	t.Helper()
	raw, err := bpf.Assemble(code)
	if err != nil {
		t.Fatal(err)
	}
	return capture.NewFilter("x", func(capture.LinkType, string) ([]bpf.RawInstruction, error) { return raw, nil })
}

func TestFilterByLinkType(t *testing.T) {
	compiled := map[capture.LinkType]int{}
	wrong := errors.New("no such thing on this link type")
	f := capture.NewFilter("tcp", func(link capture.LinkType, expr string) ([]bpf.RawInstruction, error) {
		compiled[link]++
		if expr != "tcp" {
			t.Errorf("expression %q", expr)
		}
		switch link {
		case capture.LinkEthernet:
			return bpf.Assemble([]bpf.Instruction{bpf.RetConstant{Val: 262144}})
		case capture.LinkRaw:
			return bpf.Assemble([]bpf.Instruction{bpf.RetConstant{Val: 0}})
		}
		return nil, wrong
	})
	for range 3 {
		for link, want := range map[capture.LinkType]bool{capture.LinkEthernet: true, capture.LinkRaw: false, capture.LinkUSBPcap: false} {
			pass, err := f.Match(&capture.Packet{Link: link, Data: []byte{1}, Length: 1})
			if pass != want || (err != nil) != (link == capture.LinkUSBPcap) {
				t.Errorf("%s: %t, %v", link, pass, err)
			}
		}
	}
	if err := f.Compile(capture.LinkUSBPcap); err != wrong {
		t.Error(err)
	}
	if err := f.Compile(capture.LinkRaw); err != nil {
		t.Error(err)
	}
	for link, n := range compiled {
		if n != 1 {
			t.Errorf("compiled %d times for %s", n, link)
		}
	}
}

func TestFilterEmpty(t *testing.T) {
	f := capture.NewFilter("", nil)
	if pass, err := f.Match(&capture.Packet{}); !pass || err != nil {
		t.Error(pass, err)
	}
	if err := f.Compile(capture.LinkEthernet); err != nil {
		t.Error(err)
	}
}

// TestFilterWireLength: "greater 1000" is about the packet, not what was captured of it.
func TestFilterWireLength(t *testing.T) {
	// The assembler writes the Linux extension; libpcap writes BPF_LD|BPF_W|BPF_LEN.
	libpcap := capture.NewFilter("x", func(capture.LinkType, string) ([]bpf.RawInstruction, error) {
		code, err := bpf.Assemble([]bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: 1000, SkipFalse: 1},
			bpf.RetConstant{Val: 1}, bpf.RetConstant{Val: 0}})
		return slices.Concat([]bpf.RawInstruction{{Op: 0x80}}, code), err
	})
	for length, want := range map[int]bool{999: false, 1000: true, 70000: true} {
		if pass, err := libpcap.Match(&capture.Packet{Data: make([]byte, 96), Length: length}); pass != want || err != nil {
			t.Errorf("%d bytes: %t, %v", length, pass, err)
		}
	}
}

func TestFilterRefuses(t *testing.T) {
	ret := bpf.RawInstruction{Op: 0x06}
	for name, code := range map[string][]bpf.RawInstruction{
		"empty":                 {},
		"no end":                {{Op: 0x00, K: 1}},
		"unknown code":          {{Op: 0xfff7}, ret},
		"unknown load":          {{Op: 0xe0}, ret},
		"unknown arithmetic":    {{Op: 0xb4}, ret},
		"jump beyond":           {{Op: 0x05, K: 1}, ret},
		"jump before":           {{Op: 0x05, K: 0xffff_fffd}, ret},
		"true beyond":           {{Op: 0x15, Jt: 1}, ret},
		"false beyond":          {{Op: 0x15, Jf: 1}, ret},
		"scratch beyond":        {{Op: 0x02, K: 16}, ret},
		"load scratch beyond":   {{Op: 0x60, K: 16}, ret},
		"division by zero":      {{Op: 0x34}, ret},
		"modulus by zero":       {{Op: 0x94}, ret},
		"too many":              slices.Repeat([]bpf.RawInstruction{ret}, 1<<16+1),
		"half of a wide code":   {{Op: 0x0100}, ret},
		"arithmetic, wide code": {{Op: 0x0104}, ret},
	} {
		f := capture.NewFilter("x", func(capture.LinkType, string) ([]bpf.RawInstruction, error) { return code, nil })
		if err := f.Compile(capture.LinkEthernet); err == nil {
			t.Errorf("%s: not refused", name)
		}
		if pass, err := f.Match(&capture.Packet{Data: []byte{1}}); pass || err == nil {
			t.Errorf("%s: %t, %v", name, pass, err)
		}
	}
}

// TestFilterLoops: "protochain" jumps backwards; a loop without end is a no.
func TestFilterLoops(t *testing.T) {
	back := func(n uint32) uint32 { return -n - 1 }
	// Adds the bytes up to a zero: is the sum 6?
	sum := []bpf.RawInstruction{
		{Op: 0x01, K: 0},               // ldx #0
		{Op: 0x50, K: 0},               // ldb [x]
		{Op: 0x15, K: 0, Jt: 8, Jf: 0}, // zero: done
		{Op: 0x02, K: 1},               // st M[1]
		{Op: 0x61, K: 1},               // ldx M[1]
		{Op: 0x60, K: 0},               // ld M[0]
		{Op: 0x0c},                     // add x
		{Op: 0x02, K: 0},               // st M[0]
		{Op: 0x60, K: 2},               // ld M[2]: index
		{Op: 0x04, K: 1},               // add 1
		{Op: 0x05, K: 3},               // to the second half of the loop
		{Op: 0x60, K: 0},               // done: ld M[0]
		{Op: 0x15, K: 6, Jt: 4, Jf: 0}, // is it 6?
		{Op: 0x06, K: 0},               // ret 0
		{Op: 0x02, K: 2},               // st M[2]
		{Op: 0x07},                     // tax
		{Op: 0x05, K: back(16 - 1)},    // again
		{Op: 0x06, K: 1},               // ret 1
	}
	f := capture.NewFilter("x", func(capture.LinkType, string) ([]bpf.RawInstruction, error) { return sum, nil })
	for data, want := range map[string]bool{"\x01\x02\x03\x00": true, "\x06\x00": true, "\x01\x02\x00": false, "\x01\x02\x03": false} {
		if pass, err := f.Match(&capture.Packet{Data: []byte(data)}); pass != want || err != nil {
			t.Errorf("%x: %t, %v", data, pass, err)
		}
	}
	forever := capture.NewFilter("x", func(capture.LinkType, string) ([]bpf.RawInstruction, error) {
		return []bpf.RawInstruction{{Op: 0x05, K: back(0)}, {Op: 0x06, K: 1}}, nil
	})
	if pass, err := forever.Match(&capture.Packet{Data: []byte{1}}); pass || err != nil {
		t.Error(pass, err)
	}
}

// TestFilterAgainstVM runs random programs here and in golang.org/x/net/bpf.
// Left out are the length of the packet, loops and negation, which that one
// does otherwise or not at all.
func TestFilterAgainstVM(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	passed := 0
	for range 20_000 {
		code := randomProgram(random)
		vm, err := bpf.NewVM(code)
		if err != nil {
			t.Fatal(err)
		}
		f := assembled(t, code...)
		for range 4 {
			data := make([]byte, random.IntN(40))
			for i := range data {
				data[i] = byte(random.IntN(4))
			}
			n, err := vm.Run(data)
			if err != nil {
				t.Fatal(err)
			}
			pass, err := f.Match(&capture.Packet{Data: data, Length: len(data)})
			if pass != (n != 0) || err != nil {
				t.Fatalf("%v\non %x: %t, %v; the other answers %d", code, data, pass, err, n)
			}
			if pass {
				passed++
			}
		}
	}
	if passed < 1000 {
		t.Errorf("only %d packets passed: the programs prove nothing", passed)
	}
}

func randomProgram(random *rand.Rand) []bpf.Instruction {
	n := 3 + random.IntN(12)
	code := make([]bpf.Instruction, n+2)
	for i := range n {
		left := n - i
		register := []bpf.Register{bpf.RegA, bpf.RegX}[random.IntN(2)]
		size := []int{1, 2, 4}[random.IntN(3)]
		val, skip := uint32(random.IntN(8)), func() uint8 { return uint8(random.IntN(left)) }
		op := []bpf.ALUOp{bpf.ALUOpAdd, bpf.ALUOpSub, bpf.ALUOpMul, bpf.ALUOpDiv, bpf.ALUOpOr, bpf.ALUOpAnd, bpf.ALUOpShiftLeft,
			bpf.ALUOpShiftRight, bpf.ALUOpMod, bpf.ALUOpXor}[random.IntN(10)]
		test := []bpf.JumpTest{bpf.JumpEqual, bpf.JumpNotEqual, bpf.JumpGreaterThan, bpf.JumpLessThan, bpf.JumpGreaterOrEqual,
			bpf.JumpLessOrEqual, bpf.JumpBitsSet, bpf.JumpBitsNotSet}[random.IntN(8)]
		switch random.IntN(12) {
		case 0:
			code[i] = bpf.LoadConstant{Dst: register, Val: val}
		case 1:
			code[i] = bpf.LoadScratch{Dst: register, N: int(val)}
		case 2:
			code[i] = bpf.StoreScratch{Src: register, N: int(val)}
		case 3, 4:
			code[i] = bpf.LoadAbsolute{Off: val, Size: size}
		case 5:
			code[i] = bpf.LoadIndirect{Off: val, Size: size}
		case 6:
			code[i] = bpf.LoadMemShift{Off: val}
		case 7:
			code[i] = bpf.ALUOpConstant{Op: op, Val: val + 1}
		case 8:
			code[i] = bpf.ALUOpX{Op: op}
		case 9:
			code[i] = bpf.JumpIf{Cond: test, Val: val, SkipTrue: skip(), SkipFalse: skip()}
		case 10:
			code[i] = bpf.JumpIfX{Cond: test, SkipTrue: skip(), SkipFalse: skip()}
		default:
			code[i] = []bpf.Instruction{bpf.TAX{}, bpf.TXA{}, bpf.Jump{Skip: uint32(skip())}}[random.IntN(3)]
		}
	}
	code[n], code[n+1] = bpf.RetA{}, bpf.RetConstant{Val: 1}
	return code
}

// tcpPort is "tcp port 80" on Ethernet with IPv4.
func tcpPort() []bpf.Instruction {
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: 12, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0x0800, SkipFalse: 10},
		bpf.LoadAbsolute{Off: 23, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 6, SkipFalse: 8},
		bpf.LoadAbsolute{Off: 20, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: 0x1fff, SkipTrue: 6},
		bpf.LoadMemShift{Off: 14},
		bpf.LoadIndirect{Off: 14, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 80, SkipTrue: 2},
		bpf.LoadIndirect{Off: 16, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 80, SkipFalse: 1},
		bpf.RetConstant{Val: 262144},
		bpf.RetConstant{Val: 0},
	}
}

func tcpPacket() *capture.Packet {
	b := make([]byte, 60)
	binary.BigEndian.PutUint16(b[12:], 0x0800)
	b[14], b[23] = 0x45, 6
	binary.BigEndian.PutUint16(b[36:], 80)
	return &capture.Packet{Data: b, Length: len(b), Link: capture.LinkEthernet}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	f, p := assembled(t, tcpPort()...), tcpPacket()
	if n := testing.AllocsPerRun(1000, func() {
		if pass, err := f.Match(p); !pass || err != nil {
			t.Fatal(pass, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

func BenchmarkMatch(b *testing.B) {
	f, p := assembled(b, tcpPort()...), tcpPacket()
	b.Run("here", func(b *testing.B) {
		for b.Loop() {
			if pass, _ := f.Match(p); !pass {
				b.Fatal("no")
			}
		}
	})
	vm, err := bpf.NewVM(tcpPort())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("x/net/bpf", func(b *testing.B) {
		for b.Loop() {
			if n, _ := vm.Run(p.Data); n == 0 {
				b.Fatal("no")
			}
		}
	})
}

// TestFilterCorpus filters every capture as tcpdump does. The programs are
// tcpdump's own (-ddd), so that only their running is compared.
func TestFilterCorpus(t *testing.T) {
	files := corpus(t)
	tcpdump, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Skip("tcpdump is not installed")
	}
	compared, passed := 0, 0
	for _, expr := range []string{"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and greater 60", "ip6 protochain 6 or (vlan and tcp)", "tcp[1] % 3 == 1 or -ip[0] < 7 or less 50"} {
		f := capture.NewFilter(expr, func(link capture.LinkType, expr string) ([]bpf.RawInstruction, error) {
			out, err := exec.Command(tcpdump, "-y", link.String(), "-ddd", expr).Output()
			if err != nil {
				return nil, err
			}
			return parseDecimal(string(out))
		})
		for _, path := range files {
			file, err := capture.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			link := file.Interfaces()[0].Link
			if f.Compile(link) != nil {
				continue // tcpdump does not compile it for this link type
			}
			all, _ := drain(t, file)
			input, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			command := exec.Command(tcpdump, "-r", "-", "-w", "-", expr)
			command.Stdin = input
			out, err := command.Output()
			input.Close()
			if err != nil {
				continue // damaged, or of several link types
			}
			n := 0
			for i := range all {
				if pass, err := f.Match(&capture.Packet{Data: []byte(all[i].Data), Length: all[i].Length, Link: link}); err != nil {
					t.Fatal(err)
				} else if pass {
					n++
				}
			}
			if theirs := countPcap(out); n != theirs {
				t.Errorf("%s of %s: %d packets pass, libpcap lets %d", expr, path, n, theirs)
			}
			compared += len(all)
			passed += n
		}
	}
	t.Logf("%d of %d packets passed", passed, compared)
}

// parseDecimal reads what tcpdump -ddd writes: a count, then four numbers an instruction.
func parseDecimal(s string) (code []bpf.RawInstruction, err error) {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for _, line := range lines[1:] {
		var ins bpf.RawInstruction
		if _, err := fmt.Sscan(line, &ins.Op, &ins.Jt, &ins.Jf, &ins.K); err != nil {
			return nil, err
		}
		code = append(code, ins)
	}
	return code, nil
}

// countPcap counts the packets of a pcap file in this host's byte order.
func countPcap(b []byte) (n int) {
	for b = b[24:]; len(b) >= 16; n++ {
		b = b[16+binary.NativeEndian.Uint32(b[8:]):]
	}
	return n
}

// What a file has as a filter is one line, without its comments.
func TestReadExpression(t *testing.T) {
	file := filepath.Join(t.TempDir(), "filter")
	if err := os.WriteFile(file, []byte("# web\ntcp  and\n port 80 # or 443\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := capture.ReadExpression(file); err != nil || got != "tcp and port 80" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := capture.ReadExpression(file + "x"); err == nil || !strings.HasPrefix(err.Error(), file+"x: ") {
		t.Errorf("of no file: %v", err)
	}
}

// What is no filter is not quoted, however long it is.
func TestReadNoExpression(t *testing.T) {
	for want, text := range map[string]string{
		"a capture, not a filter: -r reads it":   "\xd4\xc3\xb2\xa1" + strings.Repeat("x", 100),
		"a capture, not a filter: -r reads it.":  "\x0a\x0d\x0d\x0a" + strings.Repeat("x", 2<<20),
		"no filter is longer than 1048576 bytes": strings.Repeat("tcp or ", 1<<18),
		"not a text, so no filter":               "tcp\x00",
	} {
		file := filepath.Join(t.TempDir(), "filter")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := capture.ReadExpression(file); err == nil || err.Error() != file+": "+strings.TrimSuffix(want, ".") {
			t.Errorf("%v, want %s", err, want)
		}
	}
	file := filepath.Join(t.TempDir(), "long")
	if err := os.WriteFile(file, []byte(strings.Repeat("port 80 or ", 4000)+"port 81"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := capture.ReadExpression(file); err != nil || len(got) != 11*4000+7 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
