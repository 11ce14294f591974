package outfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"tcpwatch/internal/store"
)

// listed are the files below a folder, in words.
func listed(t *testing.T, s store.Store, folder string) (all []string) {
	t.Helper()
	entries, err := s.List(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text := fmt.Sprint(e.Name, " ", e.Size)
		if e.Unfinished {
			text += " unfinished"
		}
		all = append(all, text)
	}
	return all
}

// put writes a file, whole or not to its end.
func put(t *testing.T, s store.Store, name, text string) store.File {
	t.Helper()
	f, err := s.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, text); err != nil {
		t.Fatal(err)
	}
	return f
}

// A file stands under its name when it is whole; until then, and where it never is, what was there stays.
func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	s, err := OpenFolder(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := put(t, s, "v=1/a/part-2", "first").Whole(); err != nil {
		t.Fatal(err)
	}
	f := put(t, s, "v=1/a/part-2", "second one")
	want := func(folder string, all ...string) {
		t.Helper()
		if got := listed(t, s, folder); !slices.Equal(got, all) {
			t.Errorf("%q: %q, want %q", folder, got, all)
		}
	}
	want("", "v=1/a/part-2 5", "v=1/a/part-2 10 unfinished")
	f.Undo()
	want("", "v=1/a/part-2 5")
	if err := put(t, s, "v=1/a/part-2", "second one").Whole(); err != nil {
		t.Fatal(err)
	}
	put(t, s, "v=1/b/part-1", "x").Undo()
	if err := put(t, s, "w", "x").Whole(); err != nil {
		t.Fatal(err)
	}
	want("v=1", "v=1/a/part-2 10")
	want("v=1/b")
	want("never")
	if _, err := os.Stat(filepath.Join(dir, "v=1", "b")); err == nil {
		t.Error("the folder of a file that was not written is left")
	}
	o, err := s.Open("v=1/a/part-2")
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, o.Size())
	if _, err := o.ReadAt(b, 0); err != nil && err != io.EOF || string(b) != "second one" {
		t.Errorf("%q, %v", b, err)
	}
	o.Close()
	for range 2 {
		if err := s.Remove("v=1/a/part-2"); err != nil {
			t.Fatal(err)
		}
	}
	want("", "w 1")
	if _, err := s.Open("v=1/a/part-2"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opened: %v", err)
	}
	if _, err := s.Create("../out"); err == nil {
		t.Error("a name leads out of the folder")
	}
}

// While a file is written no other process writes it; what a killed one left is taken.
func TestFolderBusy(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("files are locked on Linux")
	}
	dir := t.TempDir()
	s, err := OpenFolder(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := OpenFolder(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := put(t, s, "a/part", "a long text")
	if _, err := other.Create("a/part"); !errors.Is(err, errBusy) {
		t.Errorf("%v, want %v", err, errBusy)
	}
	f.(*part).Close() // as if it had been killed
	if err := put(t, other, "a/part", "short").Whole(); err != nil {
		t.Fatal(err)
	}
	if got := listed(t, other, ""); !slices.Equal(got, []string{"a/part 5"}) {
		t.Errorf("%q", got)
	}
}

// Several processes may make a folder at the same time.
func TestFolderTogether(t *testing.T) {
	for range 20 {
		dir := filepath.Join(t.TempDir(), "kept")
		errs := make(chan error)
		for range 8 {
			go func() {
				_, err := OpenFolder(dir, nil)
				errs <- err
			}()
		}
		for range 8 {
			if err := <-errs; err != nil {
				t.Fatal(err)
			}
		}
	}
}

// What is in the way is not replaced, and a folder that was made goes when nothing is in it.
func TestFolderInTheWay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	s, err := OpenFolder(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "a", "part"), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create("a/part"); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("%v", err)
	}
	if _, err := s.Open("a/part"); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("%v", err)
	}
	s.Undo()
	if _, err := os.Stat(dir); err != nil {
		t.Error("a folder that is not empty was removed")
	}
	if err := os.RemoveAll(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	if s, err = OpenFolder(dir, nil); err != nil {
		t.Fatal(err)
	}
	s.Undo()
	if _, err := os.Stat(dir); err != nil {
		t.Error("a folder that was there before was removed")
	}
	if s, err = OpenFolder(filepath.Join(dir, "new"), nil); err != nil {
		t.Fatal(err)
	}
	s.Undo()
	if _, err := os.Stat(filepath.Join(dir, "new")); err == nil {
		t.Error("the folder is left")
	}
	for _, name := range []string{filepath.Join(dir, "no", "such"), os.Args[0]} {
		if _, err := OpenFolder(name, nil); err == nil {
			t.Errorf("%s is opened", name)
		}
		if _, err := ReadFolder(name); err == nil {
			t.Errorf("%s is opened", name)
		}
	}
}

// Nobody is led to another folder by a link that anyone may have made, and who writes has to have the
// rights.
func TestFolderTraps(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("as on Linux")
	}
	shared, own := t.TempDir(), t.TempDir()
	if err := os.Chmod(shared, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	trap := filepath.Join(shared, "kept")
	if err := os.Symlink(own, trap); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFolder(trap, nil); err == nil || !strings.Contains(err.Error(), "leads through a symbolic link") {
		t.Errorf("%v", err)
	}
	link := filepath.Join(own, "link")
	if err := os.Symlink(shared, link); err != nil {
		t.Fatal(err)
	}
	if s, err := OpenFolder(link, nil); err != nil {
		t.Error(err)
	} else {
		s.Close()
	}
	nobody := &User{UID: 65534, GID: 65534}
	if os.Geteuid() == 0 {
		foreign := filepath.Join(shared, "foreign")
		if err := errors.Join(os.Mkdir(foreign, 0o777), os.Chown(foreign, 4711, 4711), os.Chmod(foreign, 0o777)); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenFolder(foreign, nobody); err == nil || !strings.Contains(err.Error(), "another user's") {
			t.Errorf("%v", err)
		}
		if s, err := OpenFolder(filepath.Join(shared, "his"), nobody); err != nil {
			t.Error(err)
		} else if about, err := s.Stat(); err != nil || !nobody.mayChange(about) {
			t.Errorf("%v, %v", about, err)
		}
		if err := os.MkdirAll(filepath.Join(own, "open", "v=1"), 0o777); err != nil {
			t.Fatal(err)
		}
		os.Chmod(filepath.Join(own, "open"), 0o777)
		os.Chmod(filepath.Join(own, "open", "v=1"), 0o755)
		for _, x := range []struct{ name, below, wrong string }{
			{"new", "v=1", ""}, {"", "v=1", "may not put files into it"}, {"open", "w=1", ""}, {"open", "v=1", "v=1: the user"},
		} {
			s, err := OpenFolder(filepath.Join(own, x.name), nobody, x.below)
			if x.wrong == "" && err != nil || x.wrong != "" && (err == nil || !strings.Contains(err.Error(), x.wrong)) {
				t.Errorf("%q: %v, want %q", x.name, err, x.wrong)
			}
			if err == nil {
				s.Close()
			}
		}
	}
}
