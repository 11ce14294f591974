package load

import (
	"errors"
)

// How much traffic the inputs of real connections hold.
const (
	shortConns = 200_000
	bulkConns  = 64
	bulkBytes  = 57 << 20 // of each
	mixedShort = 80_000
	mixedBulk  = 32
	mixedBytes = 40 << 20
	request    = 100
	answerHead = 1000 // the answer comes in two segments
	answerTail = 200
)

// Ports of the servers.
const (
	portShort  = 80
	portOther  = 8080 // short connections beside the flooded port
	portSink   = 9000
	portSource = 9001
)

// answerShort is a short connection as the server has it.
func answerShort(fd int, b []byte) error {
	if err := receive(fd, request, b); err != nil {
		return err
	}
	if err := errors.Join(send(fd, answerHead, b), send(fd, answerTail, b)); err != nil {
		return err
	}
	return receive(fd, -1, b)
}

// askShort is a short connection as the client has it; it closes first.
func askShort(_, fd int, b []byte) error {
	if err := send(fd, request, b); err != nil {
		return err
	}
	return receive(fd, answerHead+answerTail, b)
}

func toShort(int) uint16 { return portShort }

// serveBulk takes transfers of n bytes in both directions.
func (l *load) serveBulk(n, atOnce int) error {
	return errors.Join(
		l.serve(portSink, atOnce, func(fd int, b []byte) error { return receive(fd, -1, b) }),
		l.serve(portSource, atOnce, func(fd int, b []byte) error { return send(fd, n, b) }))
}

// toBulk lets every second transfer go the other way.
func toBulk(i int) uint16 { return portSink + uint16(i%2) }

// askBulk transfers n bytes.
func askBulk(n int) func(i, fd int, b []byte) error {
	return func(i, fd int, b []byte) error {
		if toBulk(i) == portSink {
			return send(fd, n, b)
		}
		return receive(fd, -1, b)
	}
}

// dumped captures what traffic makes into a file.
func (l *load) dumped(file string, traffic func() error) (packets int, err error) {
	// The kernel holds all of a capture: on a machine whose cores make the traffic
	// tcpdump is late.
	d, err := dumpTCP(l.net, file, 1<<30)
	if err != nil {
		return 0, err
	}
	if err := traffic(); err != nil {
		return 0, errors.Join(err, d.kill())
	}
	return d.end()
}

func makeShort(file string) (int, error) {
	l, err := newLoad()
	if err != nil {
		return 0, err
	}
	defer l.close()
	if err := l.serve(portShort, 32, answerShort); err != nil {
		return 0, err
	}
	return l.dumped(file, func() error {
		return l.dial(calls{n: shortConns, atOnce: 32, first: 10000, port: toShort, ask: askShort})
	})
}

func makeBulk(file string) (int, error) {
	l, err := newLoad()
	if err != nil {
		return 0, err
	}
	defer l.close()
	if err := l.serveBulk(bulkBytes, bulkConns/2); err != nil {
		return 0, err
	}
	return l.dumped(file, func() error {
		return l.dial(calls{n: bulkConns, atOnce: bulkConns, first: 10000, port: toBulk, ask: askBulk(bulkBytes)})
	})
}

func makeMixed(file string) (int, error) {
	l, err := newLoad()
	if err != nil {
		return 0, err
	}
	defer l.close()
	const atOnce = 256
	if err := errors.Join(l.serveBulk(mixedBytes, mixedBulk/2), l.serve(portShort, atOnce, answerShort)); err != nil {
		return 0, err
	}
	// Lost on arrival: the tap at the client sees what its host then drops, and
	// not what the server's drops.
	for _, ns := range l.net.Namespaces() {
		if err := ns.NFT("table ip loss {", "chain input {", "type filter hook input priority 0;",
			"meta l4proto tcp numgen random mod 100 < 1 drop", "}", "}"); err != nil {
			return 0, err
		}
	}
	return l.dumped(file, func() error {
		done := make(chan error, 1)
		go func() {
			done <- l.dial(calls{n: mixedBulk, atOnce: mixedBulk, first: 9000, port: toBulk, ask: askBulk(mixedBytes)})
		}()
		err := l.dial(calls{n: mixedShort, atOnce: atOnce, first: 10000, port: toShort, ask: askShort})
		return errors.Join(err, <-done)
	})
}
