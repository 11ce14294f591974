package capture_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/capture/capturetest"
)

// corpus lists the captures below TCPWATCH_CORPUS, which is a directory of
// real captures that are not part of the project.
func corpus(t *testing.T) (files []string) {
	root := capturetest.Corpus(t)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			switch filepath.Ext(path) {
			case ".tsv", ".md":
			default:
				files = append(files, path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("%s is empty", root)
	}
	return files
}

// TestCorpusAgainstLibpcap reads every capture with tcpdump, that is libpcap,
// and compares time, lengths, bytes and link type of every packet. What
// libpcap cannot read is compared with tshark.
func TestCorpusAgainstLibpcap(t *testing.T) {
	files := corpus(t)
	tcpdump, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Skip("tcpdump is not installed")
	}
	count := map[string]int{}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f, err := capture.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			packets, damages := drain(t, f)
			input, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer input.Close()
			var out, complaint bytes.Buffer
			command := exec.Command(tcpdump, "-r", "-", "-w", "-", "--time-stamp-precision=nano")
			command.Stdin, command.Stdout, command.Stderr = input, &out, &complaint
			failed := command.Run() != nil
			theirs := plainPcap(t, out.Bytes())
			for i := range min(len(packets), len(theirs)) {
				ours := packets[i]
				// libpcap cuts what is longer than the snaplen of the file header; we do not.
				if snaplen := f.Interfaces()[ours.Interface].Snaplen; len(theirs[i].Data) == snaplen && len(ours.Data) > snaplen {
					ours.Data = ours.Data[:snaplen]
				}
				if difference := packetDiffers(ours, theirs[i]); difference != "" {
					t.Errorf("packet %d: %s", i+1, difference)
					break
				}
			}
			switch {
			case !failed && damages == nil && len(packets) == len(theirs):
				count["the same"]++
			case len(damages) == 1 && damages[0].Reason == zeros && len(packets) < len(theirs) && theirs[len(packets)].Length == 0:
				count["packets of no bytes for libpcap, zeros for us"]++
			case failed && damages != nil && len(packets) == len(theirs):
				count["the same up to the same damage"]++
			case failed && len(packets) >= len(theirs):
				t.Logf("libpcap reads %d of %d packets: %s", len(theirs), len(packets), lastLine(complaint.String()))
				sameAsTshark(t, path, packets, damages)
				count["refused by libpcap, as tshark"]++
			default:
				t.Errorf("%d packets, %v; libpcap %d: %s", len(packets), damages, len(theirs), lastLine(complaint.String()))
			}
		})
	}
	t.Log(count)
}

// plainPcap reads what tcpdump writes, in the simplest way there is.
func plainPcap(t *testing.T, b []byte) (packets []got) {
	if len(b) == 0 {
		return nil
	}
	order := binary.NativeEndian
	if order.Uint32(b) != magicNano {
		t.Fatalf("tcpdump wrote %x", b[:4])
	}
	link := capture.LinkType(order.Uint32(b[20:]))
	for b = b[24:]; len(b) >= 16; {
		n := int(order.Uint32(b[8:]))
		packets = append(packets, got{
			Time:   int64(order.Uint32(b))*1e9 + int64(int32(order.Uint32(b[4:]))),
			Length: int(order.Uint32(b[12:])),
			Data:   string(b[16 : 16+n]),
			Link:   link,
		})
		b = b[16+n:]
	}
	return packets
}

// packetDiffers says how two readings of a packet differ, but for what is
// known to: tcpdump writes one number for all link types called RAW, keeps 32
// bits of a fraction of a second even when it is longer than that, and lets a
// packet be shorter than what was captured of it.
func packetDiffers(ours, theirs got) string {
	switch {
	case ours.Data != theirs.Data:
		return fmt.Sprintf("%d bytes %.40x, not %d bytes %.40x", len(ours.Data), ours.Data, len(theirs.Data), theirs.Data)
	case ours.Length != max(theirs.Length, len(theirs.Data)):
		return fmt.Sprintf("%d bytes on the wire, not %d", ours.Length, theirs.Length)
	case (ours.Time-theirs.Time)%(1<<32) != 0:
		return fmt.Sprintf("time %d, not %d", ours.Time, theirs.Time)
	case ours.Link.String() != theirs.Link.String():
		return fmt.Sprintf("link type %s, not %s", ours.Link, theirs.Link)
	}
	return ""
}

// sameAsTshark compares times and lengths with tshark's. Those beyond the year 2262 are none for us.
func sameAsTshark(t *testing.T, path string, packets []got, damages []capture.Damage) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Log("tshark is not installed")
		return
	}
	out, err := exec.Command(tshark, "-n", "-r", path, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len").Output()
	if (err != nil) != (damages != nil) {
		t.Errorf("%v; tshark: %v", damages, err)
	}
	rows := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(rows) != len(packets) {
		t.Errorf("%d packets, tshark has %d", len(packets), len(rows))
	}
	for i := range min(len(rows), len(packets)) {
		p := packets[i]
		ours := fmt.Sprintf("%d.%09d\t%d\t%d", p.Time/1e9, p.Time%1e9, p.Length, len(p.Data))
		theirs := rows[i]
		seconds, _, _ := strings.Cut(theirs, ".")
		if s, err := strconv.ParseUint(seconds, 10, 64); err == nil && s > math.MaxInt64/1_000_000_000 && i > 0 { // that of the packet before stands for it
			_, lengths, _ := strings.Cut(theirs, "\t")
			theirs = fmt.Sprintf("%d.%09d\t%s", packets[i-1].Time/1e9, packets[i-1].Time%1e9, lengths)
		}
		if ours != theirs {
			t.Errorf("packet %d: %q, tshark has %q", i+1, ours, rows[i])
			return
		}
	}
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strconv.Quote(lines[len(lines)-1])
}
