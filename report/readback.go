package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"tcpwatch/internal/say"
)

// ReadConn is what is read back of a "conn" line: what comparing takes.
type ReadConn struct {
	ID       uint64    `json:"id"`
	RespIP   string    `json:"resp_ip"`
	RespPort uint16    `json:"resp_port"`
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	Final    *bool     `json:"final"`
	Open     struct {
		Kind string   `json:"kind"`
		Felt *float64 `json:"felt_s"`
	} `json:"open"`
	Close struct {
		Kind string `json:"kind"`
	} `json:"close"`
	TimeWait struct {
		Holder string `json:"holder"`
	} `json:"time_wait"`
	Keepalive struct {
		Outcome string `json:"outcome"`
	} `json:"keepalive"`
	Orig ReadEnd `json:"orig"`
	Resp ReadEnd `json:"resp"`
}

// ReadEnd is what one end sent.
type ReadEnd struct {
	Packets     uint64   `json:"packets"`
	Retx        uint64   `json:"retx"`
	ZeroWindows uint64   `json:"zero_windows"`
	RTT         *float64 `json:"rtt_p50_s"`
}

// ReadFinding is what is read back of a "finding" line.
type ReadFinding struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
	Count    uint64 `json:"count"`
}

// ReadStats is what is read back of the "stats" line.
type ReadStats struct {
	Packets       uint64  `json:"packets"`
	Where         string  `json:"where"`
	KernelDrops   uint64  `json:"kernel_drops"`
	Evicted       uint64  `json:"evicted"`
	Span          float64 `json:"span_s"`
	Damaged       bool    `json:"damaged"`
	TimeWaitPeaks []struct {
		Peak uint64 `json:"peak"`
	} `json:"time_wait_peak"`
}

// ReadSink takes what ReadJSONL reads; what it is handed is its own.
type ReadSink interface {
	Conn(c *ReadConn)
	Finding(f *ReadFinding)
	Stats(s *ReadStats)
}

// longestLine is how long a line of JSON Lines may be: transitions can be many.
const longestLine = 64 << 20

// ReadJSONL reads back what JSONL wrote. Types of lines and fields that it does
// not know are left out. The error names the input and the line.
func ReadJSONL(r io.Reader, name string, sink ReadSink) error {
	lines := bufio.NewReaderSize(r, 1<<16)
	var line []byte
	for n := 1; ; n++ {
		var end error
		line, end = readLine(lines, line[:0])
		if end != nil && end != io.EOF {
			return fmt.Errorf("%s: line %d: %w", name, n, end)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			if err := readObject(line, sink); err != nil {
				return fmt.Errorf("%s: line %d: %w", name, n, err)
			}
		}
		if end == io.EOF {
			return nil
		}
	}
}

// readLine appends the next line to b; io.EOF when it is the last.
func readLine(r *bufio.Reader, b []byte) ([]byte, error) {
	for {
		part, err := r.ReadSlice('\n')
		b = append(b, part...)
		switch {
		case len(b) > longestLine:
			return b, fmt.Errorf("longer than %d bytes", longestLine)
		case err != bufio.ErrBufferFull:
			return b, err
		}
	}
}

func readObject(line []byte, sink ReadSink) error {
	var what struct {
		Type string `json:"type"`
	}
	if err := decode(line, &what); err != nil {
		return err
	}
	switch what.Type {
	case "":
		return errors.New("an object without a type: not what -o jsonl writes")
	case "conn":
		c := new(ReadConn)
		if err := decode(line, c); err != nil {
			return err
		}
		sink.Conn(c)
	case "finding":
		f := new(ReadFinding)
		if err := decode(line, f); err != nil {
			return err
		}
		sink.Finding(f)
	case "stats":
		s := new(ReadStats)
		if err := decode(line, s); err != nil {
			return err
		}
		sink.Stats(s)
	}
	return nil
}

// decode is json.Unmarshal with errors for people.
func decode(line []byte, to any) error {
	err := json.Unmarshal(line, to)
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong) && wrong.Field != "":
		return fmt.Errorf("%s cannot be %s", wrong.Field, wrong.Value)
	case errors.As(err, &wrong):
		return fmt.Errorf("%s, not an object", wrong.Value)
	}
	if errors.As(err, &syntax) {
		return fmt.Errorf("not JSON: %s", say.Escape(err.Error()))
	}
	return errors.New(say.Escape(err.Error()))
}
