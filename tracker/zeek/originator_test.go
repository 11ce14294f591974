package zeek

import (
	"testing"

	"tcpwatch/capture"
)

func TestGuessOrig(t *testing.T) {
	const data = capture.ACK | capture.PSH
	tests := []struct {
		name     string
		src, dst uint16
		flags    capture.Flags
		flip     bool
	}{
		{"SYN, whatever the ports", 80, 50000, capture.SYN, false},
		{"SYN/ACK, whatever the ports", 50000, 80, capture.SYN | capture.ACK, true},
		{"from a server port", 443, 50000, data, true},
		{"to a server port", 50000, 443, data, false},
		{"a server port before a lower one", 8080, 1576, data, true},
		{"a server port before a well-known one", 900, 3306, data, false},
		{"from a well-known port", 700, 1500, data, true},
		{"to a well-known port", 1500, 700, data, false},
		{"the lower port", 5000, 50000, capture.RST, true},
		{"the higher port", 50000, 5000, capture.FIN | capture.ACK, false},
		{"two server ports: the lower", 25, 443, data, true},
		{"equal ports", 5000, 5000, data, false},
		{"from the port of active FTP's data", 20, 1500, data, false},
		{"to the port of active FTP's data", 1500, 20, data, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := capture.Segment{Src: capture.Endpoint{Port: tt.src}, Dst: capture.Endpoint{Port: tt.dst}, Flags: tt.flags}
			if got := GuessOrig(&s); got != tt.flip {
				t.Errorf("%d -> %d %v: flip %v, want %v", tt.src, tt.dst, tt.flags, got, tt.flip)
			}
		})
	}
}
