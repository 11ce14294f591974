package capture

// mostInterfaces bounds the interfaces of a file, and of a section of it.
const mostInterfaces = 1 << 16

// described are the interfaces of a file, in the order of their first description.
type described struct {
	interfaces []Interface
	index      map[describedAs]int
}

// describedAs tells whether interfaces of two sections are the same one: same
// position, same description.
type describedAs struct {
	Interface
	position int
}

// add returns the place of an interface among the file's; false when there
// are too many.
func (d *described) add(as describedAs) (index int, ok bool) {
	if index, ok = d.index[as]; ok {
		return index, true
	}
	index = len(d.interfaces)
	if index == mostInterfaces {
		return 0, false
	}
	if d.index == nil {
		d.index = make(map[describedAs]int)
	}
	d.index[as] = index
	d.interfaces = append(d.interfaces, as.Interface)
	return index, true
}
