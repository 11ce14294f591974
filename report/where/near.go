package where

import (
	"errors"

	"tcpwatch/report/schema"
)

// wrong is the first use of something that is no field; nil without one.
func (r *resolver) wrong() error {
	switch {
	case len(r.open) > 0:
		if err := quoted(r.open[0].path); err != nil {
			return err
		}
		return schema.NoField(r.open[0].path)
	case r.misuse == nil && r.netsUsed < len(r.nets):
		return errors.New("cidr(...) stands behind in, as in orig_ip in cidr(10.0.0.0/8)")
	}
	return r.misuse
}
