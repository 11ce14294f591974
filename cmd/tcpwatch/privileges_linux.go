package main

import (
	"fmt"
	"os"
	"strconv"

	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// dropPrivileges gives up what only opening the capture needed: started through
// sudo, the process becomes the user who called it; all capabilities go. What
// comes from the wire is then read without any.
func dropPrivileges() error {
	if os.Geteuid() == 0 {
		if uid, gid, ok := sudoUser(); ok {
			if err := cap.SetGroups(gid); err != nil {
				return fmt.Errorf("privileges kept: %w", err)
			}
			if err := cap.SetUID(uid); err != nil {
				return fmt.Errorf("privileges kept: %w", err)
			}
		}
	}
	if err := cap.NewSet().SetProc(); err != nil {
		return fmt.Errorf("capabilities kept: %w", err)
	}
	return nil
}

// sudoUser is who called sudo.
func sudoUser() (uid, gid int, ok bool) {
	uid, errUID := strconv.Atoi(os.Getenv("SUDO_UID"))
	gid, errGID := strconv.Atoi(os.Getenv("SUDO_GID"))
	return uid, gid, errUID == nil && errGID == nil && uid > 0 && gid > 0
}
