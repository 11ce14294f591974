package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
		if s.netns != nil {
			name += ":" + s.netns.String()
		}
		return name + ":" + s.in.Device()
	}
	return filepath.Base(s.o.read[0])
}

// stored reads the names of --place alone: of which places the records in the files are to be compared.
func (o *pairing) stored(names []string, sides [][]string) error {
	switch {
	case len(sides) > 1:
		return errors.New("--place NAME alone is for files that hold the records of all places: they stand together, without --")
	case len(sides[0]) == 0:
		return fmt.Errorf("--place %s: NAME=FILE is needed, or files that hold the records of all places", names[0])
	case len(names) < 2:
		return errors.New("one place alone: --place is given for each of two or more")
	}
	files, err := capturesOf(sides[0])
	if err != nil {
		return err
	}
	for i, name := range names {
		if _, err := placeOf(name); err != nil {
			return fmt.Errorf("--place %s: %w", name, err)
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("--place %s: given twice", name)
		}
		o.points = append(o.points, point{name: name, files: files, only: true})
	}
	return nil
}

// captured refuses captures of which only the packets of one place shall count.
func (o *pairing) captured(held []*recordFiles) error {
	for i, p := range o.points {
		if p.only && !held[i].are() {
			return fmt.Errorf("--place %s: %s holds no records, which say where they were captured: --place %s=FILE is for captures", p.name, p.files[0], p.name)
		}
	}
	return nil
}
