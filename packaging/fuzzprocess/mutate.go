package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// original is a capture as it was recorded, unpacked.
type original struct {
	name  string
	bytes []byte
}

// largest is the longest capture that is damaged, in bytes: a run is to take
// hundredths of a second.
const largest = 300 << 10

// load reads the captures of a directory, in the order of their names.
func load(dir string) (all []original, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.pcap*"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(name, ".gz") {
			z, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if b, err = io.ReadAll(io.LimitReader(z, largest+1)); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		if len(b) > 24 && len(b) <= largest {
			all = append(all, original{filepath.Base(name), b})
			if len(all)%4 == 0 {
				all = append(all, original{filepath.Base(name) + " as pcapng", pcapng(b)})
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no captures in %s", dir)
	}
	return all, nil
}

// mutate damages a capture, with pieces of another, and says how.
func mutate(rng *rand.Rand, file, other []byte) (out []byte, what string) {
	out = slices.Clone(file)
	var done []string
	for range 1 + rng.IntN(3) {
		m := mutations[rng.IntN(len(mutations))]
		out = m.do(rng, out, other)
		done = append(done, m.name)
	}
	switch rng.IntN(16) {
	case 0:
		out, done = packed(out), append(done, "gzip")
	case 1:
		out, done = flipped(rng, packed(out), nil), append(done, "damaged gzip")
	}
	return out, strings.Join(done, ", ")
}

// mutation is one way to damage a capture.
type mutation struct {
	name string
	do   func(rng *rand.Rand, file, other []byte) []byte
}

var mutations = []mutation{
	{"bits", flipped},
	{"cut", func(rng *rand.Rand, b, _ []byte) []byte { return b[:rng.IntN(len(b)+1)] }},
	{"words", words},
	{"hole", func(rng *rand.Rand, b, _ []byte) []byte { from, to := part(rng, b); return slices.Delete(b, from, to) }},
	{"zeros", func(rng *rand.Rand, b, _ []byte) []byte { from, to := part(rng, b); clear(b[from:to]); return b }},
	{"again", func(rng *rand.Rand, b, _ []byte) []byte {
		from, to := part(rng, b)
		return slices.Insert(b, to, slices.Clone(b[from:to])...)
	}},
	{"spliced", func(rng *rand.Rand, b, other []byte) []byte {
		from, to := part(rng, other)
		return slices.Insert(b, rng.IntN(len(b)+1), other[from:to]...)
	}},
	{"appended", func(_ *rand.Rand, b, other []byte) []byte { return append(b, other...) }},
	{"records", func(rng *rand.Rand, b, other []byte) []byte { return records(rng, b, other) }},
	{"times", func(rng *rand.Rand, b, _ []byte) []byte { return eachRecord(rng, b, badTime) }},
	{"headers", func(rng *rand.Rand, b, _ []byte) []byte { return eachRecord(rng, b, badHeader) }},
	{"short", func(rng *rand.Rand, b, _ []byte) []byte { return eachRecord(rng, b, shorter) }},
}

// part is some part of b, seldom a long one.
func part(rng *rand.Rand, b []byte) (from, to int) {
	from = rng.IntN(len(b) + 1)
	return from, from + rng.IntN(1+min(len(b)-from, 1<<rng.IntN(14)))
}

func flipped(rng *rand.Rand, b, _ []byte) []byte {
	for range 1 + rng.IntN(20) {
		if len(b) > 0 {
			b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
		}
	}
	return b
}

// odd are numbers at the ends of ranges.
var odd = []uint32{0, 1, 0x7f, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff}

func words(rng *rand.Rand, b, _ []byte) []byte {
	for range 1 + rng.IntN(6) {
		if len(b) >= 4 {
			binary.LittleEndian.PutUint32(b[rng.IntN(len(b)-3):], odd[rng.IntN(len(odd))])
		}
	}
	return b
}

func packed(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

// Sizes of a pcap file's header and of a record's.
const (
	fileHeader   = 24
	recordHeader = 16
)

// split gives the records of a little-endian pcap file, as far as they go.
func split(b []byte) (head []byte, all [][]byte) {
	if len(b) < fileHeader {
		return b, nil
	}
	head, b = b[:fileHeader], b[fileHeader:]
	for len(b) >= recordHeader {
		n := recordHeader + int(binary.LittleEndian.Uint32(b[8:]))
		if n > len(b) {
			break
		}
		all = append(all, b[:n:n])
		b = b[n:]
	}
	return head, all
}

// records leaves some out, repeats some, changes their order and puts others in between.
func records(rng *rand.Rand, b, other []byte) []byte {
	head, all := split(b)
	_, more := split(other)
	out := slices.Clone(head)
	for i, r := range all {
		switch rng.IntN(12) {
		case 0:
			continue
		case 1:
			out = append(out, r...)
		case 2:
			if i+1 < len(all) {
				j := i + 1 + rng.IntN(min(8, len(all)-i-1))
				all[i], all[j] = all[j], all[i]
				r = all[i]
			}
		case 3:
			if len(more) > 0 {
				out = append(out, more[rng.IntN(len(more))]...)
			}
		}
		out = append(out, r...)
	}
	return out
}

// eachRecord damages one record of a few.
func eachRecord(rng *rand.Rand, b []byte, damage func(rng *rand.Rand, r []byte) []byte) []byte {
	head, all := split(b)
	if len(all) == 0 {
		return b
	}
	out, one := slices.Clone(head), 1+rng.IntN(len(all))
	for _, r := range all {
		if rng.IntN(one) == 0 {
			r = damage(rng, slices.Clone(r))
		}
		out = append(out, r...)
	}
	return out
}

// badTime moves a record in time: a little, by hours, or to the ends of time.
func badTime(rng *rand.Rand, r []byte) []byte {
	at := binary.LittleEndian.Uint32(r)
	switch rng.IntN(4) {
	case 0:
		at += uint32(rng.IntN(5)) - 2
	case 1:
		at += uint32(rng.IntN(20000)) - 10000
	case 2:
		at = odd[rng.IntN(len(odd))]
	case 3:
		binary.LittleEndian.PutUint32(r[4:], rng.Uint32())
	}
	binary.LittleEndian.PutUint32(r, at)
	return r
}

// ethernetAndIP is where the TCP header begins in most captures.
const ethernetAndIP = recordHeader + 14 + 20

// badHeader changes a number of the TCP header, or of what stands before it.
func badHeader(rng *rand.Rand, r []byte) []byte {
	at := ethernetAndIP + rng.IntN(40)
	if rng.IntN(3) == 0 {
		at = recordHeader + rng.IntN(34)
	}
	if at+4 > len(r) {
		return r
	}
	if n := r[at:]; rng.IntN(2) == 0 {
		binary.BigEndian.PutUint32(n, binary.BigEndian.Uint32(n)+uint32(1)<<rng.IntN(32))
	} else {
		n[0] ^= 1 << rng.IntN(8)
	}
	return r
}

// shorter cuts a record as a snaplen does.
func shorter(rng *rand.Rand, r []byte) []byte {
	n := rng.IntN(len(r) - recordHeader + 1)
	binary.LittleEndian.PutUint32(r[8:], uint32(n))
	return r[:recordHeader+n]
}

// pcapng writes a pcap file as a section with one interface, drop counters at its end.
func pcapng(b []byte) []byte {
	head, all := split(b)
	le := binary.LittleEndian
	block := func(out []byte, kind uint32, body []byte) []byte {
		body = append(body, make([]byte, -len(body)&3)...)
		n := uint32(len(body) + 12)
		out = le.AppendUint32(le.AppendUint32(out, kind), n)
		return le.AppendUint32(append(out, body...), n)
	}
	var section []byte
	section = le.AppendUint32(section, 0x1a2b3c4d)
	section = le.AppendUint64(le.AppendUint32(section, 1), 1<<64-1)
	out := block(nil, 0x0a0d0d0a, section)
	out = block(out, 1, le.AppendUint32(le.AppendUint32(nil, le.Uint32(head[20:])&0xffff), le.Uint32(head[16:])))
	perMicrosecond := uint64(1)
	if le.Uint32(head) == 0xa1b23c4d {
		perMicrosecond = 1000
	}
	for _, r := range all {
		at := uint64(le.Uint32(r))*1e6 + uint64(le.Uint32(r[4:]))/perMicrosecond
		body := le.AppendUint32(nil, 0)
		body = le.AppendUint32(le.AppendUint32(body, uint32(at>>32)), uint32(at))
		out = block(out, 6, append(body, r[8:]...))
	}
	counters := le.AppendUint64(le.AppendUint32(nil, 0), 0)
	counters = le.AppendUint64(le.AppendUint32(counters, 8<<16|7), 3) // isb_osdrop
	return block(out, 5, counters)
}
