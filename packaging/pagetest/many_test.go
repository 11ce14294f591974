package pagetest

import (
	"bufio"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Bits of a TCP header.
const (
	fin = 1 << iota
	syn
	rst
	psh
	ack
)

// manyConnections writes a capture of so many connections, 20 a millisecond, from some thousand
// clients to some thousand servers: most open and close, others are refused, aborted or unanswered.
func manyConnections(t *testing.T, name string, n int) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	head := make([]byte, 24)
	binary.LittleEndian.PutUint32(head, 0xa1b2c3d4)
	binary.LittleEndian.PutUint16(head[4:], 2)
	binary.LittleEndian.PutUint16(head[6:], 4)
	binary.LittleEndian.PutUint32(head[16:], 65535)
	binary.LittleEndian.PutUint32(head[20:], 1)
	w.Write(head)
	packet := make([]byte, 16+14+20+20)
	for i, v := range []int{0x08, 0x00, 0x45} {
		packet[16+12+i] = byte(v)
	}
	packet[30+8], packet[30+9], packet[50+12], packet[50+14] = 64, 6, 0x50, 0xff
	at := uint64(1_700_000_000_000_000) // µs
	send := func(i int, fromServer bool, flags byte, seq, acked uint32, data int) {
		at += 10
		p := append(packet[:70:70], make([]byte, data)...)
		binary.LittleEndian.PutUint32(p, uint32(at/1e6))
		binary.LittleEndian.PutUint32(p[4:], uint32(at%1e6))
		binary.LittleEndian.PutUint32(p[8:], uint32(len(p)-16))
		binary.LittleEndian.PutUint32(p[12:], uint32(len(p)-16))
		binary.BigEndian.PutUint16(p[32:], uint16(len(p)-30))
		client, server := i%7001, i%3001
		a, b := p[42:46], p[46:50]
		pa, pb := p[50:52], p[52:54]
		if fromServer {
			a, b, pa, pb = b, a, pb, pa
		}
		copy(a, []byte{10, 1, byte(client >> 8), byte(client)})
		copy(b, []byte{10, 2, byte(server >> 8), byte(server)})
		binary.BigEndian.PutUint16(pa, uint16(20000+i/7001))
		binary.BigEndian.PutUint16(pb, uint16(80+i%5))
		binary.BigEndian.PutUint32(p[54:], seq)
		binary.BigEndian.PutUint32(p[58:], acked)
		p[63] = flags
		w.Write(p)
	}
	for i := range n {
		send(i, false, syn, 1000, 0, 0)
		if i%11 == 0 {
			send(i, true, rst|ack, 0, 1001, 0)
		}
		if i%11 == 0 || i%53 == 0 {
			continue
		}
		send(i, true, syn|ack, 5000, 1001, 0)
		send(i, false, ack, 1001, 5001, 0)
		send(i, false, psh|ack, 1001, 5001, 20)
		if i%17 == 0 {
			send(i, true, rst|ack, 5001, 1021, 0)
			continue
		}
		send(i, true, fin|psh|ack, 5001, 1021, 30)
		send(i, false, fin|ack, 1021, 5032, 0)
		send(i, true, ack, 5032, 1022, 0)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}

// The page of very many connections is small, and there at once; PAGETEST_CONNECTIONS says how many.
func TestManyConnections(t *testing.T) {
	n := 100_000
	if text := os.Getenv("PAGETEST_CONNECTIONS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	bin, dir := program(t), t.TempDir()
	file, page := filepath.Join(dir, "many.pcap"), filepath.Join(dir, "many.html")
	manyConnections(t, file, n)
	if out, err := exec.Command(bin, "-o", "html:"+page, file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	about, err := os.Stat(page)
	if err != nil {
		t.Fatal(err)
	}
	if about.Size() > 5e6 {
		t.Errorf("the page has %d bytes", about.Size())
	}
	b := openBrowser(t)
	began := time.Now()
	b.do(t, chromedp.Navigate("file://"+page))
	loaded := time.Since(began)
	expect(t, b, "the table of connections", `document.querySelectorAll("#connections tbody").length >= 50`, true)
	sorting := eval[float64](t, b, `(() => {
		const from = performance.now();
		document.querySelector("#connections th button").click();
		document.body.getBoundingClientRect();
		return performance.now() - from;
	})()`)
	t.Logf("%d connections: %d bytes, there after %v, sorted after %.0f ms", n, about.Size(), loaded, sorting)
	if loaded > 2*time.Second || sorting > 500 {
		t.Errorf("there after %v, sorted after %.0f ms", loaded, sorting)
	}
}
