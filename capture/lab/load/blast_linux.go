package load

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

// blastOpen is how many connections are open at once in a blast.
const blastOpen = 1024

// blasted is what a blast came to.
type blasted struct {
	sent int
	took time.Duration
}

// shortTemplate is one real short connection, whole.
func shortTemplate() (*template, error) {
	l, err := newLoad()
	if err != nil {
		return nil, err
	}
	defer l.close()
	if err := l.serve(portShort, 1, answerShort); err != nil {
		return nil, err
	}
	r, err := wire.Record(l.net.Client, wire.ClientIf, wire.Ethernet, 1<<16, nil)
	if err != nil {
		return nil, err
	}
	const port = 10000
	err = l.dial(calls{n: 1, atOnce: 1, first: port, port: toShort, ask: askShort})
	time.Sleep(200 * time.Millisecond) // for its last ACK
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	t := templateOf(r.Frames, netip.AddrPortFrom(l.clients[0], port))
	if len(t.frames) < 9 {
		return nil, fmt.Errorf("only %d packets of a short connection", len(t.frames))
	}
	for _, f := range t.frames {
		copy(f.Data, []byte{2, 0, 0, 0, 0, 0}) // a destination that is nobody's
	}
	return t, nil
}

// ready makes what the server's interface is to receive at a rate: nobody's TCP
// sets the pace, and none answers, because no interface has the address that the
// frames are for.
func ready(n *wire.Network, t *template, rate int, length time.Duration) (x *injector, err error) {
	count, longest := int(float64(rate)*length.Seconds())+1, 0
	for k := range t.frames {
		longest = max(longest, t.headOf(k))
	}
	err = n.Server.Do(func() (err error) {
		x, err = newInjector(wire.ServerIf, count*(frameInfo+longest))
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := x.fill(t, count); err != nil {
		x.close()
		return nil, err
	}
	return x, nil
}

// headOf is where the payload of frame k begins.
func (t *template) headOf(k int) int { return atTCP + int(t.frames[k].Data[atFlags-1]>>4)*4 }

// fill puts frames: blastOpen connections side by side go through their packets
// in step, then as many others.
func (x *injector) fill(t *template, count int) (err error) {
	tails := make([]tail, len(t.frames))
	for k, f := range t.frames {
		if tails[k], err = x.tail(f.Data[t.headOf(k):]); err != nil {
			return err
		}
	}
	round := blastOpen * len(t.frames)
	var frame []byte
	for i := range count {
		k := i % round / blastOpen
		frame = t.rewrite(frame, k, idleGuise(i/round*blastOpen+i%blastOpen))
		if err := x.put(frame[:t.headOf(k)], tails[k]); err != nil {
			return err
		}
	}
	return nil
}

// blast has it received, by a thread of its own that keeps to the last core.
func blast(n *wire.Network, x *injector, rate int, length time.Duration) (done blasted, err error) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err = errors.Join(
			n.Server.Join(),
			keepTo(func(core int) bool { return core == blastCore() }))
		if err == nil {
			done.sent, done.took, err = x.run(rate, length)
		}
	}()
	<-ended
	return done, err
}

// blastCore is the core that sends.
func blastCore() int { return runtime.NumCPU() - 1 }

// keepTo binds the calling thread, and what it starts, to some of the cores;
// where that leaves none, nothing changes.
func keepTo(keep func(core int) bool) error {
	var set unix.CPUSet
	for core := range runtime.NumCPU() {
		if keep(core) {
			set.Set(core)
		}
	}
	if set.Count() == 0 {
		return nil
	}
	return unix.SchedSetaffinity(0, &set)
}
