package outfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// partName is what a file's name ends in while it is written, where it is to be whole under its own.
const partName = ".part"

// openWhole opens the file beside that of the name, in a folder that is made where there is none. What
// is there of a run that was killed is taken, and who writes may put it under the name.
func openWhole(want Want) (f *File, err error) {
	for _, name := range [...]string{want.Name, want.Name + partName} {
		if about, err := os.Lstat(name); err == nil && !about.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is no regular file, and would be replaced by one", filepath.Base(name))
		}
	}
	folder := filepath.Dir(want.Name)
	made := os.Mkdir(folder, 0o777) == nil
	about, err := os.Stat(folder)
	if err != nil {
		return nil, err
	} else if !about.IsDir() {
		return nil, syscall.ENOTDIR
	}
	defer func() {
		if err != nil && made {
			os.Remove(folder)
		}
	}()
	if made && want.By != nil {
		if err := os.Chown(folder, want.By.UID, want.By.GID); err != nil {
			return nil, err
		}
		if about, err = os.Stat(folder); err != nil {
			return nil, err
		}
	}
	if want.By != nil && !want.By.mayChange(about) {
		return nil, errors.New("the user whom the program becomes may not put files into its folder: change the folder's owner, or choose the user (-Z)")
	}
	if f, err = Open(want.Name+partName, want.Private); err != nil {
		return nil, err
	}
	f.name, f.beside = want.Name, true
	if made {
		f.folder = folder
	}
	if err = lock(f.File); err != nil { // it is not ours to remove
		f.release()
		return nil, err
	}
	if want.By != nil {
		if err = f.File.Chown(want.By.UID, want.By.GID); err != nil {
			f.discard()
			return nil, err
		}
	}
	return f, nil
}

// Whole says that all of the file was written: Close puts it under its name.
func (f *File) Whole() { f.whole = true }

// end puts a file that was written beside its name under it, if it is whole, or removes it.
func (f *File) end() error {
	if !f.beside {
		return nil
	}
	if !f.whole {
		f.unlink()
		return nil
	}
	err := f.File.Sync()
	if err == nil {
		err = f.rename()
	}
	if err != nil {
		f.unlink()
		return fmt.Errorf("%s: %w", f.name, Cause(err))
	}
	return nil
}

// discard closes a file as if it had not been opened.
func (f *File) discard() {
	if f.beside {
		f.unlink()
	} else {
		f.remove()
	}
	f.release()
}

// release closes what belongs to a file.
func (f *File) release() error {
	err := f.File.Close()
	if f.dir != nil {
		f.dir.Close()
	}
	if f.folder != "" {
		os.Remove(f.folder) // which stays when something is in it
	}
	return err
}
