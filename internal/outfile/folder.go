package outfile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"tcpwatch/internal/store"
)

// unfinished is what the name of a file in a Folder ends in while it is written; it begins with a point.
const unfinished = ".tmp"

// User is who writes, where that is not who opens.
type User struct{ UID, GID int }

// errBusy is that another process writes a file.
var errBusy = errors.New("another run is writing it")

// errNotIts is that who writes may not.
var errNotIts = errors.New("the user whom the program becomes may not put files into it: change its owner, or choose the user (-Z)")

// Folder is a store.Store on disk. No name leads out of it.
type Folder struct {
	name string
	root *os.Root
	made bool // it was not there before

	mu    sync.Mutex
	under []string // folders that were made in it
}

// OpenFolder opens a folder that files are to be written to; one that is not there is made in one that
// is. by is who will write, nil for who opens: it is an error when he may not, there or in one of the
// folders below, as far as they are there.
func OpenFolder(name string, by *User, below ...string) (*Folder, error) {
	root, made, err := openRoot(name, true, by)
	if err != nil {
		return nil, err
	}
	f := &Folder{name: name, root: root, made: made}
	if err := f.check(by, below); err != nil {
		f.Undo()
		return nil, err
	}
	return f, nil
}

// check looks whether who will write may.
func (f *Folder) check(by *User, below []string) error {
	if by == nil {
		return nil
	}
	for _, folder := range append([]string{"."}, below...) {
		about, err := f.root.Stat(folder)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return Cause(err)
		case !by.mayChange(about) && folder != ".":
			return fmt.Errorf("%s: %w", folder, errNotIts)
		case !by.mayChange(about):
			return errNotIts
		}
	}
	return nil
}

// ReadFolder opens a folder that files are to be read from.
func ReadFolder(name string) (*Folder, error) {
	root, _, err := openRoot(name, false, nil)
	if err != nil {
		return nil, err
	}
	return &Folder{name: name, root: root}, nil
}

// Stat tells which folder it is.
func (f *Folder) Stat() (os.FileInfo, error) { return f.root.Stat(".") }

// Close ends its use.
func (f *Folder) Close() error { return f.root.Close() }

// Undo ends its use, and takes back that it was made, where it is empty.
func (f *Folder) Undo() {
	f.unmake()
	f.root.Close()
	if f.made {
		os.Remove(f.name)
	}
}

// unmake removes the folders that were made in it and are empty.
func (f *Folder) unmake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, folder := range slices.Backward(f.under) {
		f.root.Remove(folder)
	}
	f.under = nil
}

// make makes the folders that are on the way to a file.
func (f *Folder) make(folder string) error {
	if folder == "." {
		return nil
	}
	if err := f.make(path.Dir(folder)); err != nil {
		return err
	}
	err := f.root.Mkdir(folder, 0o777)
	if err == nil {
		f.mu.Lock()
		f.under = append(f.under, folder)
		f.mu.Unlock()
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// beside is the name of a file while it is written.
func beside(name string) string {
	folder, base := path.Split(name)
	return folder + "." + base + unfinished
}

// Create begins a file; see store.Store. What is there of a process that was killed is taken.
func (f *Folder) Create(name string) (store.File, error) {
	if about, err := f.root.Lstat(name); err == nil && !about.Mode().IsRegular() {
		return nil, errors.New("it is no regular file, and would be replaced by one")
	}
	for tries := 0; ; tries++ {
		err := f.make(path.Dir(name))
		var file *os.File
		if err == nil {
			file, err = f.root.OpenFile(beside(name), os.O_WRONLY|os.O_CREATE, 0o666)
		}
		if errors.Is(err, fs.ErrNotExist) && tries < 10 { // another process removed the folder
			continue
		}
		if err != nil {
			return nil, Cause(err)
		}
		if err = lock(file); err == nil && f.has(beside(name), file) {
			err = file.Truncate(0)
		} else if err == nil && tries < 10 { // another process put it under its name just now
			file.Close()
			continue
		} else {
			err = cmp.Or(err, errBusy)
		}
		if err != nil {
			file.Close()
			return nil, Cause(err)
		}
		return &part{File: file, in: f, name: name}, nil
	}
}

// has reports whether a file is the one of that name.
func (f *Folder) has(name string, file *os.File) bool {
	is, err := file.Stat()
	there, err2 := f.root.Lstat(name)
	return cmp.Or(err, err2) == nil && is.Mode().IsRegular() && os.SameFile(is, there)
}

// part is a file that is being written.
type part struct {
	*os.File
	in   *Folder
	name string
}

// Whole puts the file under its name; see store.File.
func (p *part) Whole() error {
	err := p.Sync()
	if err == nil {
		err = p.in.root.Rename(beside(p.name), p.name)
	}
	if err != nil {
		p.Undo()
		return Cause(err)
	}
	return p.Close()
}

// Undo removes what was written; see store.File.
func (p *part) Undo() {
	p.in.root.Remove(beside(p.name))
	p.Close()
	p.in.unmake()
}

// List are the files below a folder; see store.Store.
func (f *Folder) List(folder string) (all []store.Entry, err error) {
	err = fs.WalkDir(f.root.FS(), path.Clean("./"+folder), func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // gone meanwhile, or never there
		case err != nil:
			return fmt.Errorf("%s: %w", name, Cause(err))
		case !d.Type().IsRegular():
			return nil
		}
		about, err := d.Info()
		if err != nil {
			return nil
		}
		e := store.Entry{Name: name, Size: about.Size()}
		if base, hidden := strings.CutPrefix(d.Name(), "."); hidden && strings.HasSuffix(base, unfinished) {
			e.Name, e.Unfinished = path.Join(path.Dir(name), strings.TrimSuffix(base, unfinished)), true
		}
		all = append(all, e)
		return nil
	})
	slices.SortFunc(all, func(a, b store.Entry) int {
		if by := strings.Compare(a.Name, b.Name); by != 0 || a.Unfinished == b.Unfinished {
			return by
		} else if a.Unfinished {
			return 1
		}
		return -1
	})
	return all, err
}

// object is a file that is read.
type object struct {
	*os.File
	size int64
}

// Size is how many bytes it has.
func (o object) Size() int64 { return o.size }

// Open opens a file that is whole; see store.Store.
func (f *Folder) Open(name string) (store.Object, error) {
	about, err := f.root.Stat(name)
	if err == nil && !about.Mode().IsRegular() {
		err = errors.New("it is no regular file")
	}
	if err != nil {
		return nil, Cause(err)
	}
	file, err := f.root.Open(name)
	if err == nil {
		about, err = file.Stat()
	}
	if err != nil {
		return nil, Cause(err)
	}
	return object{file, about.Size()}, nil
}

// Remove removes a file; see store.Store.
func (f *Folder) Remove(name string) error {
	for _, name := range [...]string{name, beside(name)} {
		if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Cause(err)
		}
	}
	return nil
}
