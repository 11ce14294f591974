package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"tcpwatch/internal/account"
)

// dropPrivileges gives up what only opening inputs and outputs needed, in all
// threads and for good: what comes from the wire is read without it. Root becomes
// the user of that name or number, without a name the one who called sudo, else
// nobody. Capabilities go, as does the way to gain any by executing a file.
func dropPrivileges(name string) error {
	var why []error
	if can, err := cap.GetProc().GetFlag(cap.Permitted, cap.SETPCAP); err == nil && can {
		if err := emptyBound(); err != nil {
			why = append(why, fmt.Errorf("bounding set of capabilities: %w", err))
		}
	}
	if os.Geteuid() == 0 || name != "" {
		if err := become(name); err != nil {
			why = append(why, err)
		}
	}
	if err := cap.NewSet().SetProc(); err != nil {
		return fmt.Errorf("capabilities are kept: %w", errors.Join(append(why, err)...))
	}
	if _, err := cap.Prctlw(unix.PR_SET_NO_NEW_PRIVS, 1); err != nil {
		why = append(why, fmt.Errorf("no_new_privs: %w", err))
	}
	if len(why) > 0 {
		return fmt.Errorf("%w; going on without capabilities", why[0])
	}
	return nil
}

// emptyBound empties the bounding set.
func emptyBound() error {
	for c := range cap.MaxBits() {
		if has, err := cap.GetBound(c); err != nil || !has {
			continue
		}
		if err := cap.DropBound(c); err != nil {
			return err
		}
	}
	return nil
}

// become makes the process a user's. The error names the user.
func become(name string) error {
	uid, gid, name, err := account.Find(name)
	if err == nil && uid == os.Getuid() && uid == os.Geteuid() && uid != 0 {
		return nil
	}
	if err == nil {
		err = cap.SetGroups(gid)
	}
	if err == nil {
		err = cap.SetUID(uid)
	}
	if err != nil {
		return fmt.Errorf("cannot become user %s: %w", name, err)
	}
	return nil
}
