package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tcpwatch"
	"tcpwatch/internal/allowance"
	"tcpwatch/internal/outfile"
	"tcpwatch/internal/store"
	"tcpwatch/report/objects"
	"tcpwatch/report/parquet"
	"tcpwatch/report/schema"
	"tcpwatch/report/stored"
	"tcpwatch/tracker/record"
)

// chooseArchive is the output to an archive in a folder.
func (o *options) chooseArchive(f format, folder string) (output, error) {
	if onDisk(folder) == "" {
		return output{}, fmt.Errorf("names no folder for its files: -o %s:DIR", f.name)
	}
	if err := parquet.CheckPlace(o.run.Place); err != nil {
		return output{}, fmt.Errorf("--place %s: %w", o.run.Place, err)
	}
	if !objects.Is(folder) {
		return output{format: f, folder: folder}, nil
	}
	bucket, err := targetOf(folder)
	return output{format: f, folder: strings.TrimRight(folder, "/"), bucket: bucket}, err
}

// partition is the place in the names of an archive's files.
func (o *options) partition() string { return cmp.Or(o.run.Place, parquet.Unnamed) }

// newParquet writes an archive of Parquet.
func (s *session) newParquet(x output, to store.Store) *parquet.Output {
	o := parquet.Options{Records: s.records, Version: tcpwatch.Version, Called: x.folder, Memory: s.o.memory.Waiting(parquet.MostHeld), Read: s.whatIsRead(),
		Partition: func(*record.Record) string { return s.o.partition() }}
	if !s.o.isLive() {
		o.Temporary = func() (parquet.Temporary, error) { return temporary() }
	}
	if s.stored != nil {
		h := s.stored.Headline()
		o.Partition, o.Start = s.stored.Partition, cmp.Or(h.First.V, h.Start)
		if o.Run, o.Read = s.stored.Run(); s.o.where != nil { // other connections: another run
			o.Run, o.Read = "", append(o.Read, o.Run, s.o.where.String())
		}
	}
	return parquet.New(to, o)
}

// whatIsRead tells what the run reads from what others do: the same command reads the same.
func (s *session) whatIsRead() []string {
	all := []string{s.place(), s.o.filter, s.o.from.String(), s.o.to.String(), fmt.Sprint(s.o.run.Count)}
	if s.o.where != nil {
		all = append(all, s.o.where.String())
	}
	if s.o.isLive() {
		return append(all, s.in.Device())
	}
	about := s.in.About()
	for i, name := range s.o.read {
		text := filepath.Base(name)
		if i < len(about) && about[i] != nil && about[i].Mode().IsRegular() {
			text += fmt.Sprint(" ", about[i].Size())
		}
		all = append(all, text)
	}
	return all
}

// archiveOf is the folder of an archive that a name leads into, and what in it; false where it leads into
// none.
func archiveOf(name string) (folder, inside string, ok bool) {
	parts := strings.Split(filepath.ToSlash(filepath.Clean(name)), "/")
	if i := slices.Index(parts, parquet.Layout); i >= 0 {
		table := ""
		if i > 0 {
			table = parts[i-1]
		}
		folder = cmp.Or(strings.Join(parts[:i], "/"), ".")
		if i == 1 && parts[0] == "" {
			folder = "/"
		}
		return filepath.FromSlash(folder), strings.Join(parts[i:], "/"), !slices.Contains([]string{parquet.Findings, parquet.Stats, parquet.Folds}, table)
	}
	about, err := os.Stat(name)
	return name, "", err == nil && about.IsDir()
}

// standardInput is how it is called.
const standardInput = "standard input"

// recordFiles are files of records that are open: those of them that are archives are read file by file.
type recordFiles struct {
	files []stored.File
	disk  []*os.File // those that are no archive, by their place among the files; else nil
	about []os.FileInfo
	roots []*outfile.Folder
}

// openRecordFiles opens files of records and archives.
func openRecordFiles(names []string, memory allowance.Share) (all *recordFiles, err error) {
	all = new(recordFiles)
	defer func() {
		if err != nil {
			all.close()
		}
	}()
	for _, name := range names {
		if objects.Is(name) {
			if err := all.addBucket(name, memory); err != nil {
				return all, err
			}
			continue
		}
		folder, inside, ok := archiveOf(name)
		if !ok {
			f, err := openRecords(name)
			if err != nil {
				return all, err
			}
			if name == "-" {
				name = standardInput
			}
			about, _ := f.Stat()
			all.files, all.disk, all.about = append(all.files, stored.File{Name: name, In: f}), append(all.disk, f), append(all.about, about)
			continue
		}
		i := slices.IndexFunc(all.files, func(f stored.File) bool { return f.Archive != nil && f.Name == folder })
		if i < 0 {
			root, err := outfile.ReadFolder(folder)
			if err != nil {
				return all, fmt.Errorf("%s: %w", folder, err)
			}
			about, err := root.Stat()
			if err != nil {
				return all, fmt.Errorf("%s: %w", folder, outfile.Cause(err))
			}
			i = len(all.files)
			all.files, all.disk, all.about = append(all.files, stored.File{Name: folder, Archive: root}), append(all.disk, nil), append(all.about, about)
			all.roots = append(all.roots, root)
		} else if len(all.files[i].Only) == 0 {
			continue // all of it is read already
		}
		if inside == "" {
			all.files[i].Only = nil
			continue
		}
		if _, err := os.Stat(name); err != nil {
			return all, fmt.Errorf("%s: %w", name, errors.Unwrap(err))
		}
		all.files[i].Only = append(all.files[i].Only, inside)
	}
	return all, nil
}

// are reports whether they are records, which -o jsonl or -o parquet wrote: the first is, or an archive
// is among them.
func (all *recordFiles) are() bool {
	if slices.Contains(all.disk, nil) {
		return true
	}
	f := all.disk[0]
	defer f.Seek(0, io.SeekStart)
	return parquet.Is(f) || schema.IsJSONL(bufio.NewReader(f))
}

// shares tells of a file that others are too, or of two archives that are one of which both have a part.
func (all *recordFiles) shares(others *recordFiles) (a, b string, twice bool) {
	for i, x := range all.files {
		for j, y := range others.files {
			same := all.about[i] == nil && others.about[j] == nil && x.Name == y.Name // in a bucket
			if (same || os.SameFile(all.about[i], others.about[j])) && (x.Archive == nil || x.Overlaps(&y)) {
				return x.Name, y.Name, true
			}
		}
	}
	return "", "", false
}

// close closes them.
func (all *recordFiles) close() {
	for _, f := range all.disk {
		if f != nil {
			f.Close()
		}
	}
	for _, root := range all.roots {
		root.Close()
	}
}
