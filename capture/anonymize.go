package capture

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
)

// Anonymizer gives each address another, always the same for the same key. Two addresses that
// have their first n bits in common, and no more, get two of which that is true again: networks
// stay together. The scheme is Crypto-PAn (J. Xu, J. Fan, M. Ammar, S. Moon: "Prefix-Preserving
// IP Address Anonymization: Measurement-Based Security Evaluation and a New Cryptography-Based
// Scheme", ICNP 2002), in which the bit behind each prefix is turned or not as AES says. What a
// detector and a reader judge by the kind of an address stays so: the bits along the way to
// loopback, link-local and multicast networks are not turned, so that these are mapped onto
// themselves, and their neighbours keep as many of their first bits as they have in common.
//
// Whoever has the key, or knows some addresses and where they are in the capture, finds the
// first bits of others. Ports, times, lengths, sequence numbers and timestamps stay.
//
// It is for one goroutine.
type Anonymizer struct {
	bits, macs cipher.Block
	pad        [16]byte
	known      map[Addr]Addr
	rewriter   rewriter
}

// maxKnown is how many addresses an Anonymizer remembers; it works out any other again.
const maxKnown = 1 << 16

// NewAnonymizer returns an Anonymizer of a key.
func NewAnonymizer(key [32]byte) *Anonymizer {
	a := newAnonymizer(key)
	other := sha256.Sum256(append(key[:], "hardware addresses"...))
	a.macs = newAES(other[:16])
	a.rewriter.Decoder = NewDecoder(DecoderOptions{VerifyChecksums: true})
	a.rewriter.rewrite, a.rewriter.to = &a.rewriter, a
	return a
}

// RandomAnonymizer returns an Anonymizer of a key that nobody knows.
func RandomAnonymizer() (*Anonymizer, error) {
	var key [32]byte
	if _, err := rand.Read(key[:]); err != nil {
		return nil, err
	}
	return NewAnonymizer(key), nil
}

// AnonymizerFrom returns an Anonymizer of the key in a file.
func AnonymizerFrom(file string) (*Anonymizer, error) {
	const least = 16
	b, err := os.ReadFile(file)
	switch {
	case err != nil:
		return nil, fmt.Errorf("no key can be read: %w; head -c 32 /dev/urandom makes one", cause(err))
	case len(b) < least:
		return nil, fmt.Errorf("a key has at least %d bytes; head -c 32 /dev/urandom makes one", least)
	}
	return NewAnonymizer(sha256.Sum256(b)), nil
}

// newAnonymizer has the part of it that Crypto-PAn is.
func newAnonymizer(key [32]byte) *Anonymizer {
	a := &Anonymizer{bits: newAES(key[:16]), known: make(map[Addr]Addr)}
	a.bits.Encrypt(a.pad[:], key[16:])
	return a
}

func newAES(key []byte) cipher.Block {
	b, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // only a wrong length is an error
	}
	return b
}

// Addr is what an address is mapped to.
func (a *Anonymizer) Addr(from Addr) Addr {
	if to, ok := a.known[from]; ok {
		return to
	}
	if len(a.known) >= maxKnown {
		clear(a.known)
	}
	to := from
	for !stays(&from) {
		// One that stays is nobody else's: who would get it gets what it would get.
		if a.turn(to.Wire(), pinned); !stays(&to) {
			break
		}
	}
	a.known[from] = to
	return to
}

// stays reports whether an address names no host: all are the same everywhere.
func stays(a *Addr) bool {
	b := a.Wire()
	if len(b) == 4 {
		switch binary.BigEndian.Uint32(b) {
		case 0, 0xffffffff, 0x7f000001:
			return true
		}
		return false
	}
	return binary.BigEndian.Uint64(b) == 0 && binary.BigEndian.Uint64(b[8:]) <= 1 // :: and ::1
}

// prefix is the first bits of an address.
type prefix struct {
	bits string
	n    int
}

// special4 and special6 are the networks that are mapped onto themselves.
var (
	special4 = [...]prefix{{"\x7f", 8}, {"\xa9\xfe", 16}, {"\xe0", 4}} // loopback; link-local, RFC 3927; multicast
	special6 = [...]prefix{{"\xfe\x80\x00\x00\x00\x00\x00\x00", 64}, {"\xff", 8}}
)

// pinned reports whether bit n of an address is not turned: it is on the way to a special
// network, or beside it.
func pinned(b []byte, n int) bool {
	special := special4[:]
	if len(b) == 16 {
		special = special6[:]
	}
	for _, s := range special {
		if n < s.n && sameBits(b, s.bits, n) {
			return true
		}
	}
	return false
}

// sameBits reports whether the first n bits are equal.
func sameBits(b []byte, s string, n int) bool {
	for i := 0; i < n; i += 8 {
		if (b[i/8]^s[i/8])>>(8-min(8, n-i)) != 0 {
			return false
		}
	}
	return true
}

// turn turns the bits of an address as the key says, but for those that are pinned (nil: none).
func (a *Anonymizer) turn(b []byte, pinned func(b []byte, n int) bool) {
	var turned [16]byte
	var in, out [16]byte
	in = a.pad
	for n := range len(b) * 8 {
		// The n first bits of the address, the others of the pad.
		at, bit := n/8, byte(0x80)>>(n%8)
		if n > 0 {
			last, mask := (n-1)/8, byte(0x80)>>((n-1)%8)
			in[last] = in[last]&^mask | b[last]&mask
		}
		if pinned != nil && pinned(b, n) {
			continue
		}
		a.bits.Encrypt(out[:], in[:])
		if out[0]&0x80 != 0 {
			turned[at] |= bit
		}
	}
	for i := range b {
		b[i] ^= turned[i]
	}
}

// mac maps a hardware address in place. Broadcast, none, and the bridges' own groups stay; of a
// multicast address of IP the part stays that says so, of any other that it is a group.
func (a *Anonymizer) mac(b []byte) {
	if len(b) < 6 {
		clear(b)
		return
	}
	keep := 0
	switch {
	case string(b[:6]) == "\xff\xff\xff\xff\xff\xff", string(b[:6]) == "\x00\x00\x00\x00\x00\x00", string(b[:5]) == "\x01\x80\xc2\x00\x00":
		return
	case string(b[:3]) == "\x01\x00\x5e":
		keep = 3
	case string(b[:2]) == "\x33\x33":
		keep = 2
	}
	var in, out [16]byte
	copy(in[:], b[:6])
	a.macs.Encrypt(out[:], in[:])
	group := b[0] & 1
	copy(b[keep:6], out[keep:])
	if keep == 0 {
		// Given by nobody (IEEE 802 section 8.4), and not like IP behind MPLS labels.
		b[0] = 0xa2 | group
	}
	clear(b[6:])
}
