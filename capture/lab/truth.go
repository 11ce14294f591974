package lab

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// How a state is known.
const (
	ByTracepoint = "tracepoint" // sock:inet_sock_set_state
	ByPolling    = "polling"    // sock_diag: between two polls
	ByRule       = "rule"       // too short to be polled: see the package comment
)

// StateAt is a state that one end entered.
type StateAt struct {
	State  string        `json:"state"`            // as RFC 9293 names it
	At     time.Duration `json:"at_ns"`            // since Truth.Start
	By     string        `json:"by"`               // one of By*
	Silent bool          `json:"silent,omitempty"` // nothing on the wire tells it
}

// TruthConn is one connection, or one attempt, as the kernel went through it.
// Orig and Resp are the states that each end entered, in order; an end without
// a socket (a refused or unanswered attempt) entered none. A connection that
// another one on the same addresses and ports follows is a TruthConn of its own.
type TruthConn struct {
	OrigAddr netip.AddrPort `json:"orig_addr"`
	RespAddr netip.AddrPort `json:"resp_addr"`
	Orig     []StateAt      `json:"orig"`
	Resp     []StateAt      `json:"resp"`
}

// Tap is one capture of a scenario.
type Tap struct {
	File    string        `json:"file"`              // base name of the capture
	Where   string        `json:"where"`             // what it was taken on, in words
	Start   time.Duration `json:"start_ns"`          // since Truth.Start: when it began
	Packets int           `json:"packets"`           // in the file
	Deaf    string        `json:"deaf,omitempty"`    // "orig" or "resp": see Scenario.Deaf
	OneWay  string        `json:"one_way,omitempty"` // "orig" or "resp": see TapSpec.OneWay
	Unseen  string        `json:"unseen,omitempty"`  // "orig" or "resp": see TapSpec.Unseen
}

// Truth is what the kernel says of a scenario.
type Truth struct {
	Name    string `json:"name"`
	Doc     string `json:"doc"`
	Kernel  string `json:"kernel"`
	Tracing bool   `json:"tracing"`          // false: no tracefs, polling only, edges are missing
	Forged  bool   `json:"forged,omitempty"` // see Scenario.Forged
	// Translated: see Scenario.Translated. Ends are then told one by one.
	Translated bool          `json:"translated,omitempty"`
	Start      time.Time     `json:"start"`
	Length     time.Duration `json:"length_ns"` // the truth ends here
	Taps       []Tap         `json:"taps"`
	Conns      []TruthConn   `json:"conns"`
	Counts     []Counts      `json:"counts,omitempty"` // of transfers, both ends
	Notes      []string      `json:"notes,omitempty"`  // what the sockets were told by the kernel
	// Counters are those of each end's namespace that are not zero when the
	// scenario is done, "orig" and "resp": what nstat(8) shows.
	Counters map[string]map[string]int64 `json:"nstat,omitempty"`
}

// truthSuffix ends the names of truth files; ".gz" may follow.
const truthSuffix = ".truth.json"

// LoadTruths reads every truth file of a directory, in order of names.
func LoadTruths(dir string) ([]*Truth, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*"+truthSuffix+"*"))
	if err != nil {
		return nil, err
	}
	var all []*Truth
	for _, name := range names {
		t, err := loadTruth(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, t)
	}
	return all, nil
}

func loadTruth(name string) (*Truth, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, err
		}
		if b, err = io.ReadAll(z); err != nil {
			return nil, err
		}
	}
	t := new(Truth)
	return t, json.Unmarshal(b, t)
}

// Save writes the truth to dir, compressed when it is large.
func (t *Truth) Save(dir string) error {
	b, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, t.Name+truthSuffix), append(b, '\n'), len(t.Conns) > 100)
}

// writeFile writes b, through gzip and with ".gz" added to the name when asked.
func writeFile(name string, b []byte, compress bool) error {
	if compress {
		var z bytes.Buffer
		w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		name, b = name+".gz", z.Bytes()
	}
	return os.WriteFile(name, b, 0o644)
}
