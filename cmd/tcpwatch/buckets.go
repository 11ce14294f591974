package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"tcpwatch"
	"tcpwatch/internal/account"
	"tcpwatch/internal/allowance"
	"tcpwatch/internal/store"
	"tcpwatch/report/objects"
	"tcpwatch/report/parquet"
	"tcpwatch/report/stored"
)

// targetOf is the bucket that a URL names, with the keys of the environment or of the user's file: under
// sudo that of who called it. They are read while the privileges are there, and used without them.
func targetOf(url string) (*objects.Target, error) {
	home := account.CallerHome()
	if home == "" {
		home, _ = os.UserHomeDir() // without one there is no such file
	}
	return objects.NewTarget(url, objects.Environment{Getenv: os.Getenv, Home: home})
}

// openBuckets asks whether the buckets are there that the run writes to.
func (s *session) openBuckets() error {
	s.archives = map[*objects.Target]*parquet.Output{}
	for _, x := range s.o.outputs {
		if x.bucket == nil {
			continue
		}
		b, err := x.bucket.Bucket(objects.Options{Version: tcpwatch.Version, Write: true, Memory: s.o.memory.Waiting(objects.MostHeld)})
		if err == nil {
			err = b.Check()
		}
		if err != nil {
			return fmt.Errorf("-o %s:%s: %w", x.name, x.bucket, err)
		}
		var to store.Store = b
		if s.o.isLive() {
			to = objects.NewLive(b)
		}
		s.archives[x.bucket] = s.newParquet(x, to)
	}
	return nil
}

// inBucket is the archive that a URL leads into, and what in it; false where it leads into another table.
func inBucket(url string) (archive, inside string, ok bool) {
	url = strings.TrimRight(url, "/")
	at := strings.Index(url+"/", "/"+parquet.Layout+"/")
	if at < 0 {
		return url, "", true
	}
	_, table, _ := cutLast(url[:at], "/")
	return url[:at], url[at+1:], !slices.Contains([]string{parquet.Findings, parquet.Stats, parquet.Folds}, table)
}

// cutLast cuts a text at the last sep.
func cutLast(text, sep string) (before, after string, found bool) {
	if at := strings.LastIndex(text, sep); at >= 0 {
		return text[:at], text[at+len(sep):], true
	}
	return "", text, false
}

// addBucket adds the archive that a URL leads into. Nobody asks for it yet.
func (all *recordFiles) addBucket(url string, memory allowance.Share) error {
	archive, inside, ok := inBucket(url)
	if !ok {
		return fmt.Errorf("%s: no connections but another table of an archive: name the archive, %s", url, archive[:strings.LastIndex(archive, "/")])
	}
	i := slices.IndexFunc(all.files, func(f stored.File) bool { return f.Archive != nil && f.Name == archive })
	if i < 0 {
		t, err := targetOf(archive)
		if err != nil {
			return err // it does not name the URL, which may hold what is secret
		}
		b, err := t.Bucket(objects.Options{Version: tcpwatch.Version, Memory: memory.Waiting(objects.MostHeld)})
		if err != nil {
			return fmt.Errorf("%s: %w", archive, err)
		}
		i = len(all.files)
		all.files, all.disk, all.about = append(all.files, stored.File{Name: archive, Archive: b}), append(all.disk, nil), append(all.about, nil)
	} else if len(all.files[i].Only) == 0 {
		return nil // all of it is read already
	}
	if inside == "" {
		all.files[i].Only = nil
	} else {
		all.files[i].Only = append(all.files[i].Only, inside)
	}
	return nil
}

// notWritten refuses to have an archive in a bucket written to that is read.
func (all *recordFiles) notWritten(o *options) error {
	for _, x := range o.outputs {
		if x.bucket != nil && slices.ContainsFunc(all.files, func(f stored.File) bool { return f.Archive != nil && f.Name == x.folder }) {
			return fmt.Errorf("%s: is read and cannot be written too", x.folder)
		}
	}
	return nil
}
