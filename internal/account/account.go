// Package account finds the user whom a process of root serves.
package account

import (
	"errors"
	"os"
	"os/user"
	"strconv"
)

const (
	defaultUser = "nobody"
	overflowID  = 65534 // the kernel's own nobody, where the system knows none
)

// Caller is who called sudo, of a program that runs as root; ok is false without.
func Caller() (uid, gid int, ok bool) {
	uid, errUID := strconv.Atoi(os.Getenv("SUDO_UID"))
	gid, errGID := strconv.Atoi(os.Getenv("SUDO_GID"))
	return uid, gid, errUID == nil && errGID == nil && uid > 0 && gid > 0
}

// Find is the user of a name or number, and what to call it: for "" the Caller, else nobody.
func Find(name string) (uid, gid int, called string, err error) {
	if name == "" {
		if uid, gid, ok := Caller(); ok {
			return uid, gid, strconv.Itoa(uid), nil
		}
		if uid, gid, err := lookUp(defaultUser); err == nil {
			return uid, gid, defaultUser, nil
		}
		return overflowID, overflowID, defaultUser, nil
	}
	uid, gid, err = lookUp(name)
	return uid, gid, name, err
}

// lookUp finds a user by name or number.
func lookUp(name string) (uid, gid int, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		if u, _ = user.LookupId(name); u == nil {
			return 0, 0, errors.New("there is none")
		}
	}
	uid, errUID := strconv.Atoi(u.Uid)
	gid, errGID := strconv.Atoi(u.Gid)
	return uid, gid, errors.Join(errUID, errGID)
}

// CallerHome is the home folder of the Caller; "" without one.
func CallerHome() string {
	uid, _, ok := Caller()
	if !ok {
		return ""
	}
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return ""
	}
	return u.HomeDir
}
