package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Files to be written are opened while the program has the rights of the user who
// started it, and written to only when its inputs turn out to be readable.

// outFile is a file that is to be written.
type outFile struct {
	name  string
	file  *os.File
	dir   *os.File // the directory that it is in; nil when that is not to be known
	base  string   // its name there
	fresh bool     // it was not there before
}

// outFiles are those of a run.
type outFiles []*outFile

// wantedFile is a file that the command line asks for.
type wantedFile struct {
	name    string
	private bool // it holds packets or payload: nobody else may read it
}

// wanted are the files that o asks for; stdout is whether it writes there too.
func (o *options) wanted() (files []wantedFile, stdout bool) {
	for _, x := range o.outputs {
		files = append(files, wantedFile{x.file, false})
	}
	for _, name := range []string{o.write, o.extract} {
		if name != "" {
			files = append(files, wantedFile{onDisk(name), true})
		}
	}
	if o.follow != nil && o.follow.raw != "" {
		for _, name := range o.follow.rawNames() {
			files = append(files, wantedFile{name, true})
		}
	}
	named := files[:0]
	for _, f := range files {
		if f.name == "" {
			stdout = true
		} else {
			named = append(named, f)
		}
	}
	return named, stdout
}

// onDisk is the name of a file, "" for "-", which is standard output.
func onDisk(name string) string {
	if name == "-" {
		return ""
	}
	return name
}

// openFiles opens what o is to write. None may be a file that is read, or one of the
// others, whatever they are called.
func openFiles(o *options, in *input, stdout io.Writer) (outFiles, error) {
	var all outFiles
	wanted, toStdout := o.wanted()
	taken := in.taken()
	if f, ok := stdout.(*os.File); ok && toStdout {
		if err := taken.add("standard output", f); err != nil {
			return nil, err
		}
	}
	for _, want := range wanted {
		f, err := openOutput(want.name, want.private)
		if err == nil {
			all = append(all, f)
			err = taken.add(want.name, f.file)
		} else {
			err = fmt.Errorf("%s: %w", want.name, cause(err))
		}
		if err != nil {
			all.undo()
			return nil, err
		}
	}
	return all, nil
}

// takenFiles are files that something reads or writes.
type takenFiles struct {
	about []os.FileInfo
	what  []string // why nothing else may write to it
}

// taken are the files that are read.
func (in *input) taken() *takenFiles {
	t := &takenFiles{}
	for _, f := range in.files {
		if about, err := f.Stat(); err == nil {
			t.about = append(t.about, about)
			t.what = append(t.what, "is read and cannot be written too")
		}
	}
	return t
}

// add takes a file to be written, unless it is another's. What is no file on disk
// (a terminal, a pipe, /dev/null) anybody may have.
func (t *takenFiles) add(name string, f *os.File) error {
	about, err := f.Stat()
	if err != nil || !about.Mode().IsRegular() {
		return nil
	}
	for i := range t.about {
		if os.SameFile(about, t.about[i]) {
			return fmt.Errorf("%s: %s", name, t.what[i])
		}
	}
	t.about, t.what = append(t.about, about), append(t.what, "is the same file as "+name+", and both are to be written")
	return nil
}

// begin empties the files: what is written to them comes now.
func (all outFiles) begin() error {
	for _, f := range all {
		if f.dir != nil {
			f.dir.Close()
		}
		about, err := f.file.Stat()
		if err == nil && about.Mode().IsRegular() && about.Size() > 0 {
			err = f.file.Truncate(0)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, cause(err))
		}
	}
	return nil
}

// undo takes back that the files were opened: those that were not there go, as far
// as the program still may.
func (all outFiles) undo() {
	for _, f := range all {
		f.remove()
		f.file.Close()
		if f.dir != nil {
			f.dir.Close()
		}
	}
}

// close closes the files, and gives the first error.
func (all outFiles) close() (err error) {
	for _, f := range all {
		if e := f.file.Close(); err == nil {
			err = e
		}
	}
	return err
}

// named is the file of that name; nil when it was not opened.
func (all outFiles) named(name string) *os.File {
	for _, f := range all {
		if f.name == name {
			return f.file
		}
	}
	return nil
}

// cause is the innermost error, for a line that has the file's name already.
func cause(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}
