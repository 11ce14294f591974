//go:build !linux

package outfile

import (
	"errors"
	"io/fs"
	"os"
)

// Open opens a file for writing, without emptying it.
func Open(name string, private bool) (*File, error) {
	mode := os.FileMode(0o666)
	if private {
		mode = 0o600
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	fresh := err == nil
	if errors.Is(err, fs.ErrExist) {
		f, err = os.OpenFile(name, os.O_WRONLY, 0)
	}
	if err != nil {
		return nil, err
	}
	return &File{File: f, name: name, fresh: fresh}, nil
}

// remove removes a file that was not there before.
func (f *File) remove() {
	if f.fresh {
		f.unlink()
	}
}

func (f *File) unlink() { os.Remove(f.File.Name()) }

func lock(*os.File) error { return nil }

func (u *User) mayChange(os.FileInfo) bool { return true }

// openRoot opens a folder; with make one that is not there is made.
func openRoot(name string, make bool, _ *User) (root *os.Root, made bool, err error) {
	if make {
		made = os.Mkdir(name, 0o777) == nil
	}
	root, err = os.OpenRoot(name)
	if err != nil {
		err = Cause(err)
	}
	return root, made, err
}
