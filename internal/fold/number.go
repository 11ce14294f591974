package fold

// Number is what can be added up and compared.
type Number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// Sum walks over numbers that are added up.
func Sum[T Number](w *Walk, fields ...*T) {
	switch w.doing {
	case listing:
		for _, x := range fields {
			w.numbers = append(w.numbers, uint64(*x))
		}
	case merging:
		for _, x := range fields {
			*x += T(w.number())
		}
	default:
		for _, x := range fields {
			code(w, x)
		}
	}
}

// Sums is Sum of each element of an array.
func Sums[T Number](w *Walk, fields []T) {
	for i := range fields {
		Sum(w, &fields[i])
	}
}

// Max walks over numbers of which the greatest stays.
func Max[T Number](w *Walk, fields ...*T) {
	for _, x := range fields {
		if o, ok := number(w, x); ok {
			*x = max(*x, o)
		}
	}
}

// Least walks over numbers of which the least stays, but 0, which stands for none.
func Least[T Number](w *Walk, fields ...*T) {
	for _, x := range fields {
		if o, ok := number(w, x); ok {
			TakeLeast(x, o)
		}
	}
}

// number is what a number that merges takes in; without one to merge it is listed, written or read.
func number[T Number](w *Walk, x *T) (o T, merge bool) {
	switch w.doing {
	case listing:
		w.numbers = append(w.numbers, uint64(*x))
	case merging:
		return T(w.number()), true
	default:
		code(w, x)
	}
	return 0, false
}

// TakeLeast makes x the lesser of itself and v, where 0 stands for none.
func TakeLeast[T Number](x *T, v T) {
	if *x == 0 || v != 0 && v < *x {
		*x = v
	}
}

// code writes or reads a number.
func code[T Number](w *Walk, x *T) {
	if ^T(0) < 0 {
		v := w.int(int64(*x))
		if *x = T(v); int64(*x) != v {
			w.fail(errRange)
		}
		return
	}
	v := w.uint(uint64(*x))
	if *x = T(v); uint64(*x) != v {
		w.fail(errRange)
	}
}

// Bits walks over a set of bits, which holds those of both afterwards; nil is an empty one.
func Bits(w *Walk, field *[]uint64) {
	if o := other(w, field); o != nil {
		if n := len(*o) - len(*field); n > 0 {
			*field = append(*field, make([]uint64, n)...)
		}
		for i, b := range *o {
			(*field)[i] |= b
		}
		return
	}
	if !w.codes() {
		return
	}
	n := w.length(len(*field))
	if w.doing == reading && n > 0 {
		*field = make([]uint64, n)
	}
	for i := range *field {
		code(w, &(*field)[i])
	}
}

// Range is how far numbers lie apart; the zero value holds none.
type Range[T Number] struct {
	Least, Most T // 0 when there is none
	Some        bool
}

// Take widens the range by a number.
func (r *Range[T]) Take(v T) { r.Widen(v, v) }

// Widen widens the range to hold all from low to high.
func (r *Range[T]) Widen(low, high T) {
	if !r.Some {
		*r = Range[T]{low, high, true}
		return
	}
	r.Least, r.Most = min(r.Least, low), max(r.Most, high)
}

// Fields walks over the range.
func (r *Range[T]) Fields(w *Walk) {
	switch w.doing {
	case listing:
		some := uint64(0)
		if r.Some {
			some = 1
		}
		w.numbers = append(w.numbers, some, uint64(r.Least), uint64(r.Most))
	case merging:
		some, low, high := w.number(), T(w.number()), T(w.number())
		if some == 1 {
			r.Widen(low, high)
		}
	default:
		r.Some = w.bool(r.Some)
		code(w, &r.Least)
		code(w, &r.Most)
	}
}
