// Package outfile opens files for writing before what is to be written is known, while the
// program has the rights of the user who started it: through no trap that others have set
// in a directory for all, and without emptying what is there.
package outfile

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// File is a file that is to be written.
type File struct {
	*os.File
	name  string
	dir   *os.File // the directory that it is in; nil when that is not to be known
	base  string   // its name there
	fresh bool     // it was not there before
	// It is written beside its name: all of it was; the folder that was made for it, "" for none.
	beside, whole bool
	folder        string
}

// Files are those of a run.
type Files []*File

// taken are files that something reads or writes.
type taken struct {
	about []os.FileInfo
	what  []string // why nothing else may write to it
}

// read notes a file that is read.
func (t *taken) read(about os.FileInfo) {
	t.about = append(t.about, about)
	t.what = append(t.what, "is read and cannot be written too")
}

// add takes a file to be written, unless it is another's. A terminal and /dev/null
// anybody may have, and several may write to a pipe; but who reads from the pipe that
// it writes to waits for itself.
func (t *taken) add(name string, f *os.File) error {
	about, err := f.Stat()
	if err != nil || !about.Mode().IsRegular() && about.Mode()&os.ModeNamedPipe == 0 {
		return nil
	}
	for i := range t.about {
		if os.SameFile(about, t.about[i]) {
			return fmt.Errorf("%s: %s", name, t.what[i])
		}
	}
	if !about.Mode().IsRegular() {
		return nil
	}
	t.about, t.what = append(t.about, about), append(t.what, "is the same file as "+name+", and both are to be written")
	return nil
}

// Want is a file that is to be written.
type Want struct {
	Name    string // "" for standard output
	Private bool   // it holds packets or payload: nobody else may read it
	// Whole has nothing stand under the name until File.Whole was called and the files are closed:
	// a run that fails or is killed leaves what was there. By is who will write; nil for who opens.
	Whole bool
	By    *User
}

// isStdout reports whether it is standard output that is wanted.
func (w Want) isStdout() bool { return w.Name == "" }

// OpenAll opens the files for writing but standard output, which is open. None may be one
// that is read, or one of the others, whatever they are called.
func OpenAll(wanted []Want, read []os.FileInfo, stdout io.Writer) (all Files, err error) {
	var t taken
	for _, about := range read {
		t.read(about)
	}
	if f, ok := stdout.(*os.File); ok && slices.ContainsFunc(wanted, Want.isStdout) {
		if err := t.add("standard output", f); err != nil {
			return nil, err
		}
	}
	for _, want := range wanted {
		if want.isStdout() {
			continue
		}
		f, err := want.open()
		if err == nil {
			all = append(all, f)
			err = t.add(want.Name, f.File)
		} else {
			err = fmt.Errorf("%s: %w", want.Name, Cause(err))
		}
		if err != nil {
			all.Undo()
			return nil, err
		}
	}
	return all, nil
}

// open opens the file for writing.
func (w Want) open() (*File, error) {
	if w.Whole {
		return openWhole(w)
	}
	return Open(w.Name, w.Private)
}

// Begin empties the files: what is written to them comes now.
func (all Files) Begin() error {
	for _, f := range all {
		about, err := f.File.Stat()
		if err == nil && about.Mode().IsRegular() && about.Size() > 0 {
			err = f.File.Truncate(0)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, Cause(err))
		}
	}
	return nil
}

// Undo takes back that the files were opened: those that were not there go, as far
// as the program still may.
func (all Files) Undo() {
	for _, f := range all {
		f.discard()
	}
}

// Close closes the files, and gives the first error. A file that was not there before goes
// when nothing was written to it, as far as the program still may: it would pass for a result.
func (all Files) Close() (err error) {
	for _, f := range all {
		if about, e := f.File.Stat(); e == nil && about.Mode().IsRegular() && about.Size() == 0 && !f.beside {
			f.remove()
		}
		for _, e := range [...]error{f.end(), f.release()} {
			err = cmp.Or(err, e)
		}
	}
	return err
}

// Named is the file of that name; nil when it was not opened. One that is to be whole is a *File.
func (all Files) Named(name string) io.Writer {
	for _, f := range all {
		if f.name == name && f.beside {
			return f
		}
		if f.name == name {
			return f.File
		}
	}
	return nil
}

// Cause is the innermost error, for a line that has the file's name already.
func Cause(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}
