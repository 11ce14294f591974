package wire

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// claimPatience is how long a process waits for the machine: as long as the tests of
// another package may keep it, under the race detector too.
const claimPatience = 5 * time.Minute

// Claim makes sure that namespaces and the commands are there, and takes the
// machine's lock.
func Claim(commands ...string) (*os.File, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("network namespaces need root")
	}
	for _, command := range commands {
		if _, err := exec.LookPath(command); err != nil {
			return nil, err
		}
	}
	lock, err := lockMachine(claimPatience)
	if err != nil {
		return nil, err
	}
	ns, err := NewNamespace("trial", 256)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	ns.Close()
	return lock, nil
}

// lockMachine takes the lock that the process keeps until its end.
func lockMachine(wait time.Duration) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(os.TempDir(), "tcpwatch-lab.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(wait); ; time.Sleep(200 * time.Millisecond) {
		if err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == nil {
			return f, nil
		}
		if time.Now().After(deadline) {
			f.Close()
			return nil, fmt.Errorf("another process keeps the lab: %w", err)
		}
	}
}
