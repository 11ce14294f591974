// Package inputs finds out what the words of a command line name.
package inputs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Leading are the captures that the first words name: files that exist, folders with captures
// or records in them, URLs, and "-" for standard input; rest are the words after those. A word that names a
// folder without a slash in it, where none is, is one of the rest.
func Leading(words []string) (names, rest []string, err error) {
	for i, word := range words {
		about, err := os.Stat(word)
		switch {
		case word == "-", strings.Contains(word, "://"): // no filter has that
			names = append(names, word)
		case err != nil:
			return names, words[i:], nil
		case about.IsDir():
			inside, err := inFolder(word)
			if err != nil && !strings.Contains(word, "/") && !errors.Is(err, errOlder) {
				return names, words[i:], nil
			} else if err != nil {
				return nil, nil, err
			}
			names = append(names, inside...)
		default:
			names = append(names, word)
		}
	}
	return names, nil, nil
}

// NoneIn is the error that a word is a folder without captures and records, or nil.
func NoneIn(word string) error {
	if about, err := os.Stat(word); err != nil || !about.IsDir() {
		return nil
	}
	_, err := inFolder(word)
	return err
}

// Mistyped is the error that a word has the name of a capture and there is no such file, or
// nil.
func Mistyped(word string) error {
	if !looksLikeCapture(word) {
		return nil
	}
	if _, err := os.Stat(word); err != nil {
		return fmt.Errorf("%s: %w", word, errors.Unwrap(err))
	}
	return nil
}

// layout is the folder of connections in an archive to which -o parquet wrote; older is the file of
// connections in one of an older version.
const (
	layout = "v=1"
	older  = "connections.parquet"
)

// errOlder is that a folder is an archive as it was.
var errOlder = errors.New("written as one file by an older version: write it again with -o parquet:DIR")

// inFolder are the captures of a folder, by name, or the folder itself where it is an archive of records
// or in one; those of folders in it are not among them.
func inFolder(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", folder, errors.Unwrap(err))
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && looksLikeCapture(e.Name()) {
			names = append(names, filepath.Join(folder, e.Name()))
		}
	}
	if len(names) == 0 {
		if IsArchive(folder) {
			return []string{folder}, nil
		}
		if kept := filepath.Join(folder, older); exists(kept) {
			return nil, fmt.Errorf("%s: %w", kept, errOlder)
		}
		return nil, fmt.Errorf("%s: no capture in this folder (names with .pcap, .pcapng or .cap, also .gz and .zst)", folder)
	}
	return names, nil
}

// IsArchive reports whether a folder is an archive of records, or in one.
func IsArchive(folder string) bool {
	return slices.Contains(strings.Split(filepath.ToSlash(folder), "/"), layout) || exists(filepath.Join(folder, layout))
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// looksLikeCapture tells the name of a capture, with what a rotating writer adds to it,
// from others: eth0.pcap, eth0.pcap12, eth0.pcapng.gz, eth0.pcap.2026-11-29.
func looksLikeCapture(name string) bool {
	parts := strings.Split(filepath.Base(name), ".")
	return slices.ContainsFunc(parts[1:], func(part string) bool {
		switch strings.TrimRight(part, "0123456789") {
		case "pcap", "pcapng", "cap", "ntar":
			return true
		}
		return false
	})
}

// Piped reports whether standard input is a file or a pipe: what "< FILE" and "|" make
// of it. A terminal, /dev/null and the socket of a remote shell are neither.
func Piped(stdin *os.File) bool {
	about, err := stdin.Stat()
	return err == nil && (about.Mode().IsRegular() || about.Mode()&os.ModeNamedPipe != 0)
}

// OnlyOnce is the error that a capture cannot be read a second time, or nil.
func OnlyOnce(name string) error {
	about, err := os.Stat(name)
	switch {
	case name == "-":
		return errors.New("standard input cannot: write them to a file first")
	case err == nil && !about.Mode().IsRegular() && !about.IsDir():
		return fmt.Errorf("%s cannot: it is no regular file", name)
	}
	return nil
}
