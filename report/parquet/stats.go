package parquet

import (
	"encoding/json"
	"errors"

	"tcpwatch/internal/store"
)

// RunStats is what an archive has of a run besides its connections.
type RunStats struct {
	Run   string
	Line  []byte // of JSON Lines
	Parts []Part // that the run wrote, by name
}

// errNoStats is that a file holds something else.
var errNoStats = errors.New("no stats as -o parquet writes them")

// ReadStats reads a file of stats. Its errors are one line, and do not name the file.
func ReadStats(from store.Store, name string) (s *RunStats, err error) {
	defer recovered(&err)
	in, err := from.Open(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	f, err := openFile(in, in.Size())
	if err != nil {
		return nil, err
	}
	s = new(RunStats)
	line, ok1 := f.Lookup(statsKey)
	parts, ok2 := f.Lookup(partsKey)
	if s.Run, _ = f.Lookup(runKey); s.Run == "" || !ok1 || !ok2 {
		return nil, errNoStats
	}
	s.Line = []byte(line)
	if err := json.Unmarshal([]byte(parts), &s.Parts); err != nil {
		return nil, damaged(err)
	}
	return s, nil
}

// partsIn are those that the stats of that name tell of; none where there are no stats, or damaged ones.
func partsIn(from store.Store, name string) []Part {
	s, err := ReadStats(from, name)
	if err != nil {
		return nil
	}
	return s.Parts
}
