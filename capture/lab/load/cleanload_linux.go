package load

import (
	"errors"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"tcpwatch/capture/lab/wire"
)

// Ports and client ports of a clean load. The calls of each kind have client
// ports of their own.
const (
	shortPort = 8001
	keptPort  = 8002
	bulkPort  = 8003
	halfPort  = 8004
	idlePort  = 8005
)

// Clean makes traffic of every healthy kind for about as long as it is told
// and writes what the client's interface carries to dir: short connections,
// kept ones with several exchanges, bulk transfers, half-closes that both ends
// finish, and idle ones that keepalive probes. It returns the capture's name, and
// needs tcpdump.
func Clean(dir string, last time.Duration) (file string, err error) {
	l, err := newLoad()
	if err != nil {
		return "", err
	}
	defer l.close()
	for port, kind := range cleanKinds(last) {
		if err := l.serve(port, kind.atOnce+1, kind.answer); err != nil {
			return "", err
		}
	}
	file = filepath.Join(dir, "clean-load.pcap")
	d, err := dumpTCP(l.net, file, 64<<20)
	if err != nil {
		return "", err
	}
	var group sync.WaitGroup
	for port, kind := range cleanKinds(last) {
		c := kind.calls
		c.port = func(int) uint16 { return port }
		if c.n == 0 {
			c.n = int(last / c.pace)
		}
		group.Go(func() { l.dial(c) })
	}
	group.Wait()
	if l.err != nil {
		return "", errors.Join(l.err, d.kill())
	}
	_, err = d.end()
	return file, err
}

// cleanKind is calls and how they are answered.
type cleanKind struct {
	calls
	answer func(fd int, b []byte) error
}

func cleanKinds(last time.Duration) map[uint16]cleanKind {
	answerAll := func(times, question, answer int, pause time.Duration) (ask func(int, int, []byte) error, reply func(int, []byte) error) {
		ask = func(_, fd int, b []byte) error {
			for i := range times {
				if i > 0 {
					time.Sleep(pause)
				}
				if err := errors.Join(send(fd, question, b), receive(fd, answer, b)); err != nil {
					return err
				}
			}
			return nil
		}
		reply = func(fd int, b []byte) error {
			for range times {
				if err := errors.Join(receive(fd, question, b), send(fd, answer, b)); err != nil {
					return err
				}
			}
			return receive(fd, -1, b)
		}
		return ask, reply
	}
	shortAsk, shortAnswer := answerAll(1, 300, 2000, 0)
	keptAsk, keptAnswer := answerAll(10, 400, 5000, 300*time.Millisecond)
	bulkAsk, bulkAnswer := answerAll(1, 200, 2<<20, 0)
	halfAsk := func(_, fd int, b []byte) error {
		return errors.Join(send(fd, 5000, b), unix.Shutdown(fd, unix.SHUT_WR), receive(fd, -1, b))
	}
	halfAnswer := func(fd int, b []byte) error { return errors.Join(receive(fd, -1, b), send(fd, 20_000, b)) }
	// An idle connection rests for most of the time, probed, and then goes on.
	rest := last * 7 / 10
	idleAsk := func(i, fd int, b []byte) error {
		var err error
		for _, o := range [...]wire.Option{wire.Opt(unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1), wire.TCP(unix.TCP_KEEPIDLE, 15), wire.TCP(unix.TCP_KEEPINTVL, 15)} {
			err = errors.Join(err, unix.SetsockoptInt(fd, o.Level, o.Name, o.Value))
		}
		if err = errors.Join(err, send(fd, 100, b), receive(fd, 100, b)); err != nil {
			return err
		}
		time.Sleep(rest)
		return errors.Join(send(fd, 100, b), receive(fd, 100, b))
	}
	idleAnswer := func(fd int, b []byte) error {
		patient := unix.NsecToTimeval((rest + wire.Patience).Nanoseconds())
		err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &patient)
		for range 2 {
			err = errors.Join(err, receive(fd, 100, b), send(fd, 100, b))
		}
		return errors.Join(err, receive(fd, -1, b))
	}
	return map[uint16]cleanKind{
		shortPort: {calls{atOnce: 4, first: 10000, pace: 25 * time.Millisecond, ask: shortAsk}, shortAnswer},
		keptPort:  {calls{atOnce: 12, first: 20000, pace: 300 * time.Millisecond, ask: keptAsk}, keptAnswer},
		bulkPort:  {calls{atOnce: 2, first: 30000, pace: 2 * time.Second, ask: bulkAsk}, bulkAnswer},
		halfPort:  {calls{atOnce: 2, first: 40000, pace: 200 * time.Millisecond, ask: halfAsk}, halfAnswer},
		idlePort:  {calls{n: 8, atOnce: 8, first: 50000, pace: last / 40, ask: idleAsk}, idleAnswer},
	}
}
