package main

import (
	"errors"
	"fmt"
	"slices"

	"tcpwatch"
	"tcpwatch/report/follow"
)

// followed is what --follow, --follow-as and --raw ask for.
type followed struct {
	pick *why
	as   string
	raw  string // prefix of the files; "" for text on standard output
}

func parseFollow(id, as, raw string) (*followed, error) {
	switch {
	case id == "" && as != "":
		return nil, errors.New("--follow-as needs --follow")
	case id == "" && raw != "":
		return nil, errors.New("--raw needs --follow")
	case id == "":
		return nil, nil
	case raw != "" && as != "":
		return nil, errors.New("--follow-as is for text: not with --raw")
	case as != "" && !slices.Contains([]string{follow.AsAuto, follow.AsText, follow.AsHex}, as):
		return nil, fmt.Errorf("--follow-as %s: auto, text or hex", as)
	}
	pick, err := parseWhy(id)
	if err != nil {
		return nil, fmt.Errorf("--follow %w", err)
	}
	return &followed{pick, as, raw}, nil
}

// rawNames are the files of --raw, by direction.
func (f *followed) rawNames() [2]string { return [2]string{f.raw + "-orig.bin", f.raw + "-resp.bin"} }

// endFollow says what --raw's files hold, and whether there was anything to follow.
func (s *session) endFollow(stats *tcpwatch.Stats) bool {
	f := s.follow
	if f == nil {
		return true
	}
	if f.Begun() == 0 {
		s.warn(s.o.noConnection(s.o.follow.pick, stats.Packets))
		return false
	}
	if s.raw != nil {
		for _, line := range s.raw.Told(s.o.follow.rawNames()) {
			s.warn(errors.New(line))
		}
	}
	return true
}
