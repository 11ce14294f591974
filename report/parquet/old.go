package parquet

import (
	"errors"
	"fmt"
	"io/fs"
)

// removeOld removes what earlier runs of the same name wrote and this one did not: files of connections
// that they told of, or that are beside those of this run.
func (o *Output) removeOld() error {
	written, folders := map[string]bool{}, map[string]bool{}
	for _, p := range o.parts {
		written[p.Name] = true
		if n, ok := ParseName(p.Name); ok {
			folders[n.folder()] = true
		}
	}
	old := map[string]bool{}
	for _, p := range o.was {
		if n, ok := ParseName(p.Name); ok && n.Run == o.run {
			old[p.Name] = true
		}
	}
	for folder := range folders {
		all, err := o.to.List(folder)
		if errors.Is(err, fs.ErrPermission) {
			continue // who may only write: a report tells what an earlier run left
		}
		if err != nil {
			return fmt.Errorf("%s: %w", folder, err)
		}
		for _, e := range all {
			if n, ok := ParseName(e.Name); ok && n.Run == o.run {
				old[e.Name] = true
			}
		}
	}
	for name := range old {
		if written[name] {
			continue
		}
		if err := o.to.Remove(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
