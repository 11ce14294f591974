package fold

// Optional walks over a value that is there or not, such as what few inputs have;
// create makes an empty one.
func Optional[V any, P Folded[V]](w *Walk, field *P, create func() P) {
	if o := other(w, field); o != nil {
		if *o != nil {
			if *field == nil {
				*field = create()
			}
			w.merge(*field, *o)
		}
		return
	}
	if !w.codes() {
		return
	}
	if some := w.bool(*field != nil); some && w.err == nil {
		if *field == nil {
			*field = create()
		}
		(*field).Fields(w)
	}
}
