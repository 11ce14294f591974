package load

import (
	"bytes"
	"testing"
	"time"

	"tcpwatch/capture/lab/wire"
)

// What is injected is received whole, in order and at the rate asked for.
func TestInject(t *testing.T) {
	lock, err := wire.Claim("ip")
	if err != nil {
		t.Skip("no lab here: ", err)
	}
	defer lock.Close()
	const frames, rate = 2000, 20000
	net, err := wire.New(wire.Pair, rateNetwork, false, false, rateEntries)
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	var x *injector
	err = net.Server.Do(func() (err error) {
		x, err = newInjector(wire.ServerIf, frames*(frameInfo+headMax))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer x.close()
	var tails []tail
	for i := range 8 {
		end, err := x.tail(bytes.Repeat([]byte{byte(i)}, i*200))
		if err != nil {
			t.Fatal(err)
		}
		tails = append(tails, end)
	}
	var want [][]byte
	for i := range frames {
		head := bytes.Repeat([]byte{byte(i), byte(i >> 8)}, headMin/2+i%58)
		// To nobody, of a protocol for experiments (IEEE 802).
		copy(head, []byte{2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0x88, 0xb5})
		end := tails[i%len(tails)]
		if err := x.put(head, end); err != nil {
			t.Fatal(err)
		}
		want = append(want, append(head, x.value[end.at:end.at+end.length]...))
	}
	r, err := wire.Record(net.Server, wire.ServerIf, wire.Ethernet, 1<<16, nil)
	if err != nil {
		t.Fatal(err)
	}
	done, err := blast(net, x, rate, 500*time.Millisecond)
	time.Sleep(100 * time.Millisecond)
	if e := r.Close(); err != nil || e != nil {
		t.Fatal(err, e)
	}
	if done.sent != frames || len(r.Frames) != frames {
		t.Fatalf("%d sent, %d received, want %d", done.sent, len(r.Frames), frames)
	}
	for i, f := range r.Frames {
		if !bytes.Equal(f.Data, want[i]) {
			t.Fatalf("frame %d: received\n%x, want\n%x", i, f.Data, want[i])
		}
	}
	// What was late when it began catches up; all at once would take two milliseconds.
	last := time.Duration(r.Frames[frames-1].Time - r.Frames[0].Time)
	if least := time.Second * (frames - 1) / rate; last < least/2 {
		t.Errorf("%v from the first to the last, want about %v", last, least)
	}
}
