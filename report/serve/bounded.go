package serve

import (
	"io"
	"log"
	"net"
	"sync"
)

// bounded is a listener that takes so many connections at once, and leaves others waiting.
type bounded struct {
	net.Listener
	slots chan struct{}
}

// Accept waits until there is room, and for a connection.
func (b *bounded) Accept() (net.Conn, error) {
	b.slots <- struct{}{}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.slots
		return nil, err
	}
	return &counted{Conn: c, free: func() { <-b.slots }}, nil
}

// counted is a connection that gives back its place when it is closed.
type counted struct {
	net.Conn
	once sync.Once
	free func()
}

// Close closes the connection.
func (c *counted) Close() error {
	defer c.once.Do(c.free)
	return c.Conn.Close()
}

// silent is a log of nothing: what goes wrong with a client is no news of the capture.
func silent() *log.Logger { return log.New(io.Discard, "", 0) }
