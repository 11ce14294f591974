package tcpwatch

import (
	"bytes"
	"io"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/pcaptest"
)

// A pipe that is quiet keeps nobody waiting: its packets are handed on as they
// come, and between them there is time for signals.
func TestPipedSourceDoesNotBlock(t *testing.T) {
	all := pcaptest.ShortConnections(t, 2)
	r, w := io.Pipe()
	more := make(chan bool)
	go func() {
		half := len(all) / 2
		io.Copy(w, bytes.NewReader(all[:half]))
		<-more
		io.Copy(w, bytes.NewReader(all[half:]))
		w.Close()
	}()
	f, err := capture.NewFile("pipe", r)
	if err != nil {
		t.Fatal(err)
	}
	var blocks capture.Blocks
	f.KeepData(&blocks)
	s := newPiped(f, &blocks)
	var p capture.Packet
	packets, timeouts := 0, 0
	for {
		switch err := s.Next(&p); err {
		case nil:
			packets++
		case capture.ErrTimeout:
			if timeouts++; timeouts == 2 {
				if packets == 0 || packets == 18 {
					t.Errorf("%d packets while the pipe is quiet", packets)
				}
				close(more)
			}
		case io.EOF:
			if packets != 18 || timeouts < 2 {
				t.Errorf("%d packets, %d timeouts; want 18 and 2", packets, timeouts)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			return
		default:
			t.Fatal(err)
		}
	}
}
