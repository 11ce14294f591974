package outfile

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"tcpwatch/internal/account"
)

// maxLinks is how many symbolic links a name may lead through, as in the kernel.
const maxLinks = 40

var (
	errSymlink = errors.New("leads through a symbolic link in a directory where anyone may make one: not written")
	errForeign = errors.New("is another user's, in a directory where anyone may make one: not written")
)

// Open opens a file for writing, without emptying it. In a directory with the
// sticky bit, such as /tmp, anyone may have made what is there: no symbolic link is
// followed in one, and no file is taken that is another user's or has another name.
func Open(name string, private bool) (f *File, err error) {
	if strings.HasSuffix(name, "/") {
		return nil, unix.EISDIR
	}
	err = walk(name, func(dir int, base string, at last) error {
		switch at {
		case absent:
			f, err = create(dir, base, name, private)
		case ofKernels:
			f, err = take(dir, base, name, private, 0)
		case there:
			f, err = take(dir, base, name, private, unix.O_NOFOLLOW)
		}
		return err
	})
	return f, err
}

// last is what the last part of a name is, when no link is left to follow.
type last int

const (
	absent    last = iota
	there          // no symbolic link
	ofKernels      // a link of the kernel's: not a name but the file itself, as /proc/self/fd/1 is
)

// walk leads to the directory that the last part of a name is in, and calls end there. The name of a
// directory itself, such as "/", ends in ".".
func walk(name string, end func(dir int, base string, at last) error) error {
	dir, err := unix.Open(root(name), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { unix.Close(dir) }()
	left := parts(name)
	for links := 0; len(left) > 0; {
		part := left[0]
		left = left[1:]
		var about unix.Stat_t
		err := unix.Fstatat(dir, part, &about, unix.AT_SYMLINK_NOFOLLOW)
		next := 0
		switch {
		case errors.Is(err, unix.ENOENT) && len(left) == 0:
			return end(dir, part, absent)
		case err != nil:
			return err
		case about.Mode&unix.S_IFMT == unix.S_IFLNK:
			if sticky(dir) {
				return errSymlink
			}
			if links++; links > maxLinks {
				return unix.ELOOP
			}
			if ofKernel(dir) {
				if len(left) == 0 {
					return end(dir, part, ofKernels)
				}
				next, err = unix.Openat(dir, part, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
				break
			}
			target, err := readLink(dir, part)
			if err != nil {
				return err
			}
			left = append(parts(target), left...)
			if !path.IsAbs(target) {
				continue
			}
			next, err = unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
			if err != nil {
				return err
			}
		case len(left) == 0:
			return end(dir, part, there)
		default:
			next, err = unix.Openat(dir, part, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		}
		if err != nil {
			return err
		}
		unix.Close(dir)
		dir = next
	}
	return end(dir, ".", there)
}

// root is where a name begins.
func root(name string) string {
	if path.IsAbs(name) {
		return "/"
	}
	return "."
}

// parts are the parts of a name between its slashes.
func parts(name string) (all []string) {
	for part := range strings.SplitSeq(name, "/") {
		if part != "" && part != "." {
			all = append(all, part)
		}
	}
	return all
}

func readLink(dir int, name string) (string, error) {
	b := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(dir, name, b)
	if err != nil {
		return "", err
	}
	return string(b[:n]), nil
}

// sticky reports whether in a directory users may make files and not remove those
// of others.
func sticky(dir int) bool {
	var about unix.Stat_t
	return unix.Fstat(dir, &about) != nil || about.Mode&unix.S_ISVTX != 0
}

// ofKernel reports whether a directory is the kernel's own, whose links are no names.
func ofKernel(dir int) bool {
	var about unix.Statfs_t
	return unix.Fstatfs(dir, &about) == nil && about.Type == unix.PROC_SUPER_MAGIC
}

// create makes a file that is not there. It belongs to who called sudo.
func create(dir int, base, name string, private bool) (*File, error) {
	mode := uint32(0o666)
	if private {
		mode = 0o600
	}
	fd, err := unix.Openat(dir, base, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
	if err != nil {
		return nil, err
	}
	f := fileIn(dir, base, name, fd)
	f.fresh = true
	if uid, gid, ok := account.Caller(); ok && os.Geteuid() == 0 {
		if err := unix.Fchown(fd, uid, gid); err != nil {
			Files{f}.Undo()
			return nil, err
		}
	}
	return f, nil
}

// fileIn is a file that is open, in a directory that is.
func fileIn(dir int, base, name string, fd int) *File {
	f := &File{File: os.NewFile(uintptr(fd), name), name: name, base: base}
	if again, err := unix.Openat(dir, ".", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err == nil {
		f.dir = os.NewFile(uintptr(again), path.Dir(name))
	}
	return f
}

// openThere opens a file that is there. Where anyone may have made it, a pipe that is
// another user's is not waited for: nobody may ever read from it.
func openThere(dir int, base string, noFollow int) (int, error) {
	flags := unix.O_WRONLY | unix.O_CLOEXEC | noFollow
	if !sticky(dir) {
		return unix.Openat(dir, base, flags, 0)
	}
	fd, err := unix.Openat(dir, base, flags|unix.O_NONBLOCK, 0)
	if err == nil {
		return fd, unix.SetNonblock(fd, false)
	}
	var about unix.Stat_t
	if !errors.Is(err, unix.ENXIO) || unix.Fstatat(dir, base, &about, unix.AT_SYMLINK_NOFOLLOW) != nil {
		return fd, err
	}
	if !ours(about.Uid) {
		return fd, errForeign
	}
	return unix.Openat(dir, base, flags, 0) // nobody else may put another in its place
}

// take opens a file that is there.
func take(dir int, base, name string, private bool, noFollow int) (*File, error) {
	fd, err := openThere(dir, base, noFollow)
	if err != nil {
		return nil, err
	}
	f := fileIn(dir, base, name, fd)
	var about unix.Stat_t
	err = unix.Fstat(fd, &about)
	regular := about.Mode&unix.S_IFMT == unix.S_IFREG
	switch {
	case err != nil:
	case sticky(dir) && (!ours(about.Uid) || regular && about.Nlink > 1):
		err = errForeign
	case private && regular && about.Mode&0o077 != 0:
		err = unix.Fchmod(fd, 0o600)
		if errors.Is(err, unix.EPERM) && !ours(about.Uid) {
			err = errors.New("is another user's, who may read it: packets are not written there")
		}
	}
	if err != nil {
		f.release()
		return nil, err
	}
	return f, nil
}

// ours reports whether a user is who started the program, with sudo or without.
func ours(uid uint32) bool {
	if caller, _, ok := account.Caller(); ok && os.Geteuid() == 0 && uid == uint32(caller) {
		return true
	}
	return uid == uint32(os.Geteuid())
}

// remove removes a file that was not there before.
func (f *File) remove() {
	if f.fresh {
		f.unlink()
	}
}

// unlink removes a file. What may not be removed any more stays, empty.
func (f *File) unlink() {
	if f.dir != nil {
		unix.Unlinkat(int(f.dir.Fd()), f.base, 0)
	}
}

// lock has a file for this process.
func lock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errBusy
	}
	return err
}

// mayChange reports whether a user without capabilities may make and rename files in a folder.
func (u *User) mayChange(folder os.FileInfo) bool {
	about, ok := folder.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	mode := about.Mode >> 6
	switch {
	case uint32(u.UID) == about.Uid:
	case uint32(u.GID) == about.Gid:
		mode = about.Mode >> 3
	default:
		mode = about.Mode
	}
	return mode&0o3 == 0o3
}

// mkdir makes a folder, which is another user's from the beginning where by is one; false when another
// process made it meanwhile.
func mkdir(dir int, base string, by *User) (made bool, err error) {
	tmp := base
	if by != nil {
		tmp = fmt.Sprintf(".%s.%d", base, os.Getpid())
	}
	if err = unix.Mkdirat(dir, tmp, 0o777); err == nil && by != nil {
		if err = unix.Fchownat(dir, tmp, by.UID, by.GID, unix.AT_SYMLINK_NOFOLLOW); err == nil {
			if err = unix.Renameat2(dir, tmp, dir, base, unix.RENAME_NOREPLACE); errors.Is(err, unix.EINVAL) {
				err = unix.Renameat(dir, tmp, dir, base)
			}
		}
		if err != nil {
			unix.Unlinkat(dir, tmp, unix.AT_REMOVEDIR)
		}
	}
	if errors.Is(err, unix.EEXIST) {
		return false, nil
	}
	return err == nil, err
}

// openRoot opens a folder, through no trap; with make one that is not there is made, for by.
func openRoot(name string, make bool, by *User) (root *os.Root, made bool, err error) {
	err = walk(name, func(dir int, base string, at last) error {
		follow := unix.O_NOFOLLOW
		switch {
		case at == absent && !make:
			return unix.ENOENT
		case at == absent:
			if made, err = mkdir(dir, base, by); err != nil {
				return err
			}
		case at == ofKernels:
			follow = 0
		}
		fd, err := unix.Openat(dir, base, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|follow, 0)
		if err != nil {
			return err
		}
		is := os.NewFile(uintptr(fd), name)
		defer is.Close()
		about, err := is.Stat()
		if err != nil {
			return err
		}
		if owner := about.Sys().(*syscall.Stat_t).Uid; make && sticky(dir) && !ours(owner) && !(by != nil && owner == uint32(by.UID)) {
			return errForeign
		}
		if root, err = os.OpenRoot(name); err != nil {
			return err
		}
		if there, err := root.Stat("."); err != nil || !os.SameFile(about, there) {
			root.Close()
			return errors.New("another folder came into its place")
		}
		return nil
	})
	if err != nil {
		return nil, false, Cause(err)
	}
	return root, made, nil
}
