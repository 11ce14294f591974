package allowance

import "fmt"

// besideInputs is how many descriptors a run needs for other things, about.
const besideInputs = 32

// Files is the error that so many files to read cannot be open at once, or nil.
func Files(n int) error {
	if limit := descriptors(); uint64(n)+besideInputs > limit {
		return fmt.Errorf("%d files to read, and %d may be open at once (ulimit -n): raise that limit, or join some of the files", n, limit)
	}
	return nil
}
