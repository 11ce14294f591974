//go:build !linux

package host

// Diag asks the kernel for its sockets.
type Diag struct{}

// OpenDiag returns ErrUnsupported.
func OpenDiag(netns int) (*Diag, error) { return nil, ErrUnsupported }

// TCP returns ErrUnsupported.
func (d *Diag) TCP(states StateSet, f func(*Socket)) error { return ErrUnsupported }

// Close does nothing.
func (d *Diag) Close() error { return nil }

// ReadLimits returns the zero value.
func ReadLimits() Limits { return Limits{} }

// serve says that there are none.
func (n *Namespace) serve(file string, entered chan<- error) { entered <- ErrUnsupported }

// why is the error itself.
func why(name string, err error) error { return err }
