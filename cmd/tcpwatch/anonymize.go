package main

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"os"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/internal/outfile"
)

// unknownKey is what --anonymize is given when it stands alone; no file has that name.
const unknownKey = "\x00"

// anonymizer is what gives addresses others: by a key that nobody knows, or by that in a file.
func anonymizer(file string) (*capture.Anonymizer, error) {
	var key [32]byte
	if file == unknownKey {
		if _, err := rand.Read(key[:]); err != nil {
			return nil, err
		}
		return capture.NewAnonymizer(key), nil
	}
	const least = 16
	b, err := os.ReadFile(file)
	switch {
	case err != nil:
		return nil, fmt.Errorf("no key can be read: %w; head -c 32 /dev/urandom makes one", outfile.Cause(err))
	case len(b) < least:
		return nil, fmt.Errorf("a key has at least %d bytes; head -c 32 /dev/urandom makes one", least)
	}
	return capture.NewAnonymizer(sha256.Sum256(b)), nil
}

// notShown stands for what may hold addresses or names, where those are to be others.
const notShown = "(not shown, it may name addresses)"

// filterName is the filter as outputs may show it.
func (o *options) filterName() string {
	if o.filter != "" && o.run.Anonymize != nil {
		return notShown
	}
	return o.filter
}

// unnamed is a condition that outputs do not show.
type unnamed struct{ tcpwatch.Where }

func (unnamed) String() string { return notShown }

// Err is that of the condition.
func (u unnamed) Err() error {
	if c, ok := u.Where.(interface{ Err() error }); ok {
		return c.Err()
	}
	return nil
}
