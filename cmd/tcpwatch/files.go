package main

import (
	"fmt"
	"io"
	"os"

	"tcpwatch/internal/outfile"
)

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
func openFiles(o *options, in *input, stdout io.Writer) (outfile.Files, error) {
	var all outfile.Files
	wanted, toStdout := o.wanted()
	taken := &outfile.Taken{}
	for _, f := range in.files {
		if about, err := f.Stat(); err == nil {
			taken.Read(about)
		}
	}
	if f, ok := stdout.(*os.File); ok && toStdout {
		if err := taken.Add("standard output", f); err != nil {
			return nil, err
		}
	}
	for _, want := range wanted {
		f, err := outfile.Open(want.name, want.private)
		if err == nil {
			all = append(all, f)
			err = taken.Add(want.name, f.File)
		} else {
			err = fmt.Errorf("%s: %w", want.name, outfile.Cause(err))
		}
		if err != nil {
			all.Undo()
			return nil, err
		}
	}
	return all, nil
}
