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

// File is a file that is to be written, or a folder that files are to be written to.
type File struct {
	*os.File         // nil of a folder
	folder   *Folder // nil of a file
	name     string
	dir      *os.File // the directory that it is in; nil when that is not to be known
	base     string   // its name there
	fresh    bool     // it was not there before
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
func (t *taken) add(name string, f *File) error {
	about, err := f.about()
	if err != nil || !about.Mode().IsRegular() && !about.IsDir() && about.Mode()&os.ModeNamedPipe == 0 {
		return nil
	}
	for i := range t.about {
		if os.SameFile(about, t.about[i]) {
			return fmt.Errorf("%s: %s", name, t.what[i])
		}
	}
	if !about.Mode().IsRegular() && !about.IsDir() {
		return nil
	}
	t.about, t.what = append(t.about, about), append(t.what, "is the same file as "+name+", and both are to be written")
	return nil
}

// Want is a file that is to be written.
type Want struct {
	Name    string // "" for standard output
	Private bool   // it holds packets or payload: nobody else may read it
	// Folder is that it names a folder, which files are to be written to; Below are those in it, and By is
	// who will write: see OpenFolder.
	Folder bool
	Below  []string
	By     *User
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
		if err := t.add("standard output", &File{File: f}); err != nil {
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
			err = t.add(want.Name, f)
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
	if !w.Folder {
		return Open(w.Name, w.Private)
	}
	f, err := OpenFolder(w.Name, w.By, w.Below...)
	if err != nil {
		return nil, err
	}
	return &File{folder: f, name: w.Name}, nil
}

// about is which file or folder it is.
func (f *File) about() (os.FileInfo, error) {
	if f.folder != nil {
		return f.folder.Stat()
	}
	return f.File.Stat()
}

// Begin empties the files: what is written to them comes now.
func (all Files) Begin() error {
	for _, f := range all {
		about, err := f.about()
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
		if f.folder != nil {
			f.folder.Undo()
			continue
		}
		f.remove()
		f.release()
	}
}

// Close closes the files, and gives the first error. A file or folder that was not there before goes
// when nothing was written to it, as far as the program still may: it would pass for a result.
func (all Files) Close() (err error) {
	for _, f := range all {
		if f.folder != nil {
			f.folder.Undo()
			continue
		}
		if about, e := f.File.Stat(); e == nil && about.Mode().IsRegular() && about.Size() == 0 {
			f.remove()
		}
		err = cmp.Or(err, f.release())
	}
	return err
}

// release closes what belongs to a file.
func (f *File) release() error {
	err := f.File.Close()
	if f.dir != nil {
		f.dir.Close()
	}
	return err
}

// Named is the file of that name; nil when it was not opened.
func (all Files) Named(name string) io.Writer {
	for _, f := range all {
		if f.name == name && f.folder == nil {
			return f.File
		}
	}
	return nil
}

// Folder is the folder of that name; nil when it was not opened.
func (all Files) Folder(name string) *Folder {
	for _, f := range all {
		if f.name == name {
			return f.folder
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
