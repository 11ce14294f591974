package capture

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/net/bpf"
)

// program is a checked BPF program.
//
// It is run here, not by golang.org/x/net/bpf's virtual machine, because that
// one takes the captured bytes for the length of the packet ("greater 1000" is
// wrong when the snaplen cut it) and refuses the backward jumps of
// "protochain" and the negation of arithmetic in filters.
type program []bpf.RawInstruction

// Instruction codes of classic BPF (linux/bpf_common.h), of which an operation
// is a sum.
const (
	bpfLD, bpfLDX, bpfST, bpfSTX  = 0x00, 0x01, 0x02, 0x03
	bpfALU, bpfJMP, bpfRET, bpfTX = 0x04, 0x05, 0x06, 0x07

	bpfW, bpfH, bpfB                               = 0x00, 0x08, 0x10
	bpfIMM, bpfABS, bpfIND, bpfMEM, bpfLEN, bpfMSH = 0x00, 0x20, 0x40, 0x60, 0x80, 0xa0
	bpfADD, bpfSUB, bpfMUL, bpfDIV, bpfOR, bpfAND  = 0x00, 0x10, 0x20, 0x30, 0x40, 0x50
	bpfLSH, bpfRSH, bpfNEG, bpfMOD, bpfXOR         = 0x60, 0x70, 0x80, 0x90, 0xa0
	bpfJA, bpfJEQ, bpfJGT, bpfJGE, bpfJSET         = 0x00, 0x10, 0x20, 0x30, 0x40
	bpfK, bpfX, bpfA                               = 0x00, 0x08, 0x10
	bpfTAX, bpfTXA                                 = 0x00, 0x80
	scratchWords                                   = 16
	mostInstructions                               = 1 << 16 // in a program
	mostSteps                                      = 1 << 20 // for a packet: "protochain" loops over headers
)

// newProgram checks that every instruction is known and stays inside the
// program and its scratch memory.
func newProgram(raw []bpf.RawInstruction) (program, error) {
	if len(raw) == 0 || len(raw) > mostInstructions {
		return nil, fmt.Errorf("a program of %d instructions", len(raw))
	}
	for i, ins := range raw {
		inside := func(jump uint32) bool { return uint32(i)+1+jump < uint32(len(raw)) } // wraps: K may be negative
		var ok bool
		switch ins.Op {
		case bpfLD | bpfW | bpfABS, bpfLD | bpfH | bpfABS, bpfLD | bpfB | bpfABS,
			bpfLD | bpfW | bpfIND, bpfLD | bpfH | bpfIND, bpfLD | bpfB | bpfIND,
			bpfLD | bpfLEN, bpfLD | bpfIMM, bpfLDX | bpfLEN, bpfLDX | bpfIMM, bpfLDX | bpfB | bpfMSH,
			bpfRET | bpfK, bpfRET | bpfA, bpfTX | bpfTAX, bpfTX | bpfTXA:
			ok = true
		case bpfLD | bpfMEM, bpfLDX | bpfMEM, bpfST, bpfSTX:
			ok = ins.K < scratchWords
		case bpfJMP | bpfJA:
			ok = inside(ins.K)
		case bpfJMP | bpfJEQ | bpfK, bpfJMP | bpfJGT | bpfK, bpfJMP | bpfJGE | bpfK, bpfJMP | bpfJSET | bpfK,
			bpfJMP | bpfJEQ | bpfX, bpfJMP | bpfJGT | bpfX, bpfJMP | bpfJGE | bpfX, bpfJMP | bpfJSET | bpfX:
			ok = inside(uint32(ins.Jt)) && inside(uint32(ins.Jf))
		case bpfALU | bpfDIV | bpfK, bpfALU | bpfMOD | bpfK:
			ok = ins.K != 0
		default:
			ok = ins.Op&7 == bpfALU && ins.Op&^0xff == 0 && ins.Op&0xf0 <= bpfXOR
		}
		if !ok {
			return nil, fmt.Errorf("instruction %d (code %#x, operand %d) is not allowed", i, ins.Op, ins.K)
		}
	}
	if raw[len(raw)-1].Op&7 != bpfRET {
		return nil, fmt.Errorf("the program does not end")
	}
	return raw, nil
}

// run returns how many bytes the program accepts: none is a no. A load from
// beyond the captured bytes is a no, as in libpcap.
func (code program) run(data []byte, length int) uint32 {
	var a, x uint32
	var scratch [scratchWords]uint32
	pc := uint32(0)
	for range mostSteps {
		ins := &code[pc]
		pc++
		switch ins.Op {
		case bpfRET | bpfK:
			return ins.K
		case bpfRET | bpfA:
			return a
		case bpfLD | bpfW | bpfABS, bpfLD | bpfW | bpfIND:
			at := uint64(ins.K)
			if ins.Op&bpfIND != 0 {
				at = uint64(ins.K + x)
			}
			if at+4 > uint64(len(data)) {
				return 0
			}
			a = binary.BigEndian.Uint32(data[at:])
		case bpfLD | bpfH | bpfABS, bpfLD | bpfH | bpfIND:
			at := uint64(ins.K)
			if ins.Op&bpfIND != 0 {
				at = uint64(ins.K + x)
			}
			if at+2 > uint64(len(data)) {
				return 0
			}
			a = uint32(binary.BigEndian.Uint16(data[at:]))
		case bpfLD | bpfB | bpfABS, bpfLD | bpfB | bpfIND:
			at := uint64(ins.K)
			if ins.Op&bpfIND != 0 {
				at = uint64(ins.K + x)
			}
			if at >= uint64(len(data)) {
				return 0
			}
			a = uint32(data[at])
		case bpfLDX | bpfB | bpfMSH:
			if uint64(ins.K) >= uint64(len(data)) {
				return 0
			}
			x = uint32(data[ins.K]&0xf) * 4
		case bpfLD | bpfLEN:
			a = uint32(length)
		case bpfLDX | bpfLEN:
			x = uint32(length)
		case bpfLD | bpfIMM:
			a = ins.K
		case bpfLDX | bpfIMM:
			x = ins.K
		case bpfLD | bpfMEM:
			a = scratch[ins.K]
		case bpfLDX | bpfMEM:
			x = scratch[ins.K]
		case bpfST:
			scratch[ins.K] = a
		case bpfSTX:
			scratch[ins.K] = x
		case bpfTX | bpfTAX:
			x = a
		case bpfTX | bpfTXA:
			a = x
		case bpfJMP | bpfJA:
			pc += ins.K
		case bpfJMP | bpfJEQ | bpfK:
			pc += jump(ins, a == ins.K)
		case bpfJMP | bpfJGT | bpfK:
			pc += jump(ins, a > ins.K)
		case bpfJMP | bpfJGE | bpfK:
			pc += jump(ins, a >= ins.K)
		case bpfJMP | bpfJSET | bpfK:
			pc += jump(ins, a&ins.K != 0)
		case bpfJMP | bpfJEQ | bpfX:
			pc += jump(ins, a == x)
		case bpfJMP | bpfJGT | bpfX:
			pc += jump(ins, a > x)
		case bpfJMP | bpfJGE | bpfX:
			pc += jump(ins, a >= x)
		case bpfJMP | bpfJSET | bpfX:
			pc += jump(ins, a&x != 0)
		default:
			operand := ins.K
			if ins.Op&bpfX != 0 {
				operand = x
			}
			var ok bool
			if a, ok = arithmetic(ins.Op&0xf0, a, operand); !ok {
				return 0
			}
		}
	}
	return 0
}

func jump(ins *bpf.RawInstruction, taken bool) uint32 {
	if taken {
		return uint32(ins.Jt)
	}
	return uint32(ins.Jf)
}

// arithmetic is a op b; false for a division by zero.
func arithmetic(op uint16, a, b uint32) (uint32, bool) {
	switch op {
	case bpfADD:
		a += b
	case bpfSUB:
		a -= b
	case bpfMUL:
		a *= b
	case bpfDIV:
		if b == 0 {
			return 0, false
		}
		a /= b
	case bpfMOD:
		if b == 0 {
			return 0, false
		}
		a %= b
	case bpfOR:
		a |= b
	case bpfAND:
		a &= b
	case bpfXOR:
		a ^= b
	case bpfLSH:
		a <<= b
	case bpfRSH:
		a >>= b
	case bpfNEG:
		a = -a
	}
	return a, true
}
