package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// mostOfPlace is how long, in bytes, the name of a place may be.
const mostOfPlace = 200

// placeOf is the name of --place.
func placeOf(name string) (string, error) {
	switch {
	case name == "":
		return "", errors.New("no name")
	case len(name) > mostOfPlace:
		return "", fmt.Errorf("%d bytes: at most %d", len(name), mostOfPlace)
	}
	return name, nil
}

// place is where the packets were captured: as --place says, else the host and the interface, or the
// name of the first file. Anonymous, nobody but the user names it.
func (s *session) place() string {
	switch {
	case s.o.run.Place != "" || s.o.run.Anonymize != nil:
		return s.o.run.Place
	case s.o.isLive():
		name, _ := os.Hostname() // without one the interface alone is told
		return name + ":" + s.in.Device()
	}
	return filepath.Base(s.o.read[0])
}
