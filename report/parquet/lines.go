package parquet

import "slices"

// mostWriting is how many files of connections are written at the same time, at the most.
const mostWriting = 4

// restRows is after how many rows of others a file is ended for one of another place or date: so there
// are no more files than those, and one for so many rows.
const restRows = 16384

// Lines takes rows that Parts made; see record.Parallel.
func (o *Output) Lines(b []byte) error {
	for r := (rowReader{b}); len(r.b) > 0; {
		day, start := r.number(), r.number()
		partition, place, row := r.text(), r.text(), r.text()
		if err := o.row(day, start, partition, place, row); err != nil {
			return o.noted(err)
		}
	}
	return nil
}

// row takes a row of a file of connections like that.
func (o *Output) row(day, start int64, partition, place, row []byte) error {
	if o.later != nil && o.later.Full() {
		o.noRoom()
		return nil
	}
	w, err := o.writingOf(day, start, partition, place)
	if err != nil {
		return err
	}
	number := o.rows
	o.rows++
	if w == nil {
		return o.aside.add(kind{string(partition), string(place), day}, number, row)
	}
	return o.writeRow(w, number, row)
}

// writeRow writes a row to the file that had one last.
func (o *Output) writeRow(w *writing, number uint64, row []byte) error {
	if err := w.row(row, number); err != nil || w.part.Rows < o.o.PartRows && !w.refused() {
		return err
	}
	return o.end(0)
}

// writingOf is the file of connections like that, which is the first of those that are written then; nil
// where the row is to be set aside.
func (o *Output) writingOf(day, start int64, partition, place []byte) (*writing, error) {
	for i, w := range o.writing {
		if w.day != day || w.partition != string(partition) || w.place != string(place) {
			continue
		}
		copy(o.writing[1:], o.writing[:i])
		o.writing[0] = w
		return w, nil
	}
	if err := o.begin(start, string(partition)); err != nil {
		return nil, err
	}
	k := kind{string(partition), string(place), day}
	if o.aside.has(k) {
		return nil, nil
	}
	if len(o.writing) == mostWriting {
		if o.aside.file != nil && o.rows-o.writing[mostWriting-1].last < restRows {
			return nil, nil
		}
		if err := o.end(mostWriting - 1); err != nil {
			return nil, err
		}
	}
	return o.newWriting(k)
}

// share shares the memory among the files that are written, and the rows that are set aside.
func (o *Output) share() {
	memory := o.memory
	if o.aside.file != nil {
		memory -= o.aside.most
	}
	for _, w := range o.writing {
		w.t.hold(memory / int64(len(o.writing)))
	}
}

// end ends one of the files of connections that are written.
func (o *Output) end(i int) error {
	w := o.writing[i]
	o.writing = slices.Delete(o.writing, i, i+1)
	o.share()
	if err := w.end(o.run); err != nil {
		return err
	}
	o.parts = append(o.parts, w.part)
	return nil
}

// endAll ends all of them, and writes what was set aside, a file after the other.
func (o *Output) endAll() error {
	for len(o.writing) > 0 {
		if err := o.end(len(o.writing) - 1); err != nil {
			return err
		}
	}
	endLast := func() error {
		if len(o.writing) == 0 {
			return nil
		}
		return o.end(0)
	}
	return o.aside.each(func(k kind, number uint64, row []byte) error {
		if len(o.writing) == 0 {
			if _, err := o.newWriting(k); err != nil {
				return err
			}
		}
		return o.writeRow(o.writing[0], number, row)
	}, endLast)
}
