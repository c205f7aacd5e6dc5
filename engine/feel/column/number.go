package column

// block is how many rows are computed at once, so that what one operation wrote
// is still near when the next reads it.
const block = 512

// source gives the integers of rows from–to; buf may be used for them.
type source interface {
	read(from, to int) []int64
}

// plain is a column itself.
type plain []int64

func (p plain) read(from, to int) []int64 { return p[from:to] }

// computed is an operation with its own place for a block. Several operations
// may read it: the block that was computed last is not computed again.
type computed struct {
	buf      []int64
	from, to int // what buf holds
	fill     func(dst []int64, from int)
}

func compute(fill func(dst []int64, from int)) *computed { return &computed{fill: fill} }

func (c *computed) read(from, to int) []int64 {
	if c.buf == nil {
		c.buf = make([]int64, block)
	}
	dst := c.buf[:to-from]
	if c.from != from || c.to != to {
		c.fill(dst, from)
		c.from, c.to = from, to
	}
	return dst
}

// number is k × base + b at a scale; without base it is the constant b.
type number struct {
	base   source
	k, b   int64
	scale  int
	lo, hi int64 // bounds of the result
}

// times returns the number multiplied by an integer and with so many more
// digits of scale, nil when it could leave 64 bits.
func (x *number) times(factor int64, digits int) *number {
	y := &number{base: x.base, scale: x.scale + digits}
	var ok [4]bool
	y.k, ok[0] = product(x.k, factor)
	y.b, ok[1] = product(x.b, factor)
	y.lo, ok[2] = product(x.lo, factor)
	y.hi, ok[3] = product(x.hi, factor)
	if factor < 0 {
		y.lo, y.hi = y.hi, y.lo
	}
	if ok != [4]bool{true, true, true, true} || y.scale > 18 {
		return nil
	}
	return y
}

// aligned brings two numbers to one scale.
func aligned(x, y *number) (*number, *number) {
	switch d := x.scale - y.scale; {
	case d > 0:
		y = y.times(pow10(d), d)
	case d < 0:
		x = x.times(pow10(-d), -d)
	}
	return x, y
}

func add(x, y *number) *number {
	if x, y = aligned(x, y); x == nil || y == nil {
		return nil
	}
	z := &number{scale: x.scale}
	var ok [4]bool
	z.lo, ok[0] = sum(x.lo, y.lo)
	z.hi, ok[1] = sum(x.hi, y.hi)
	z.b, ok[2] = sum(x.b, y.b)
	z.k, ok[3] = sum(x.k, y.k)
	if ok != [4]bool{true, true, true, true} {
		return nil
	}
	switch {
	case x.base == nil:
		z.base, z.k = y.base, y.k
	case y.base == nil:
		z.base, z.k = x.base, x.k
	case sameColumn(x.base, y.base):
		z.base = x.base
	default:
		a, b := x.source(), y.source()
		z.base, z.k, z.b = compute(func(dst []int64, from int) {
			p, q := a.read(from, from+len(dst)), b.read(from, from+len(dst))
			q = q[:len(p)]
			dst = dst[:len(p)]
			for i := range p {
				dst[i] = p[i] + q[i]
			}
		}), 1, 0
	}
	return z
}

// sameColumn reports whether two sources are the same column.
func sameColumn(a, b source) bool {
	p, ok1 := a.(plain)
	q, ok2 := b.(plain)
	return ok1 && ok2 && len(p) == len(q) && len(p) > 0 && &p[0] == &q[0]
}

func multiply(x, y *number) *number {
	if x.base == nil {
		x, y = y, x
	}
	if y.base == nil {
		return x.times(y.b, y.scale)
	}
	z := &number{k: 1, scale: x.scale + y.scale}
	for i, corner := range [4][2]int64{{x.lo, y.lo}, {x.lo, y.hi}, {x.hi, y.lo}, {x.hi, y.hi}} {
		c, ok := product(corner[0], corner[1])
		if !ok || z.scale > 18 {
			return nil
		}
		if i == 0 {
			z.lo, z.hi = c, c
		}
		z.lo, z.hi = min(z.lo, c), max(z.hi, c)
	}
	a, b := x.source(), y.source()
	z.base = compute(func(dst []int64, from int) {
		p, q := a.read(from, from+len(dst)), b.read(from, from+len(dst))
		q = q[:len(p)]
		dst = dst[:len(p)]
		for i := range p {
			dst[i] = p[i] * q[i]
		}
	})
	return z
}

// source gives the number itself: its base where nothing is left to compute.
func (x *number) source() source {
	if x.base != nil && x.k == 1 && x.b == 0 {
		return x.base
	}
	base, k, b := x.base, x.k, x.b
	if base == nil {
		return compute(func(dst []int64, _ int) {
			for i := range dst {
				dst[i] = b
			}
		})
	}
	return compute(func(dst []int64, from int) {
		s := base.read(from, from+len(dst))
		dst = dst[:len(s)]
		for i := range s {
			dst[i] = k*s[i] + b
		}
	})
}

// extreme is the larger (or smaller) of two.
func extreme(larger bool, x, y *number) *number {
	if x, y = aligned(x, y); x == nil || y == nil {
		return nil
	}
	if x.base == nil {
		x, y = y, x
	}
	z := &number{k: 1, scale: x.scale, lo: min(x.lo, y.lo), hi: min(x.hi, y.hi)}
	if larger {
		z.lo, z.hi = max(x.lo, y.lo), max(x.hi, y.hi)
	}
	switch {
	case x.base == nil: // both are constants
		z.k, z.b = 0, z.lo
	case y.base == nil && larger:
		base, k, b, c := x.base, x.k, x.b, y.b
		z.base = compute(func(dst []int64, from int) {
			s := base.read(from, from+len(dst))
			dst = dst[:len(s)]
			for i := range s {
				dst[i] = max(k*s[i]+b, c)
			}
		})
	case y.base == nil:
		base, k, b, c := x.base, x.k, x.b, y.b
		z.base = compute(func(dst []int64, from int) {
			s := base.read(from, from+len(dst))
			dst = dst[:len(s)]
			for i := range s {
				dst[i] = min(k*s[i]+b, c)
			}
		})
	default:
		a, b := x.source(), y.source()
		z.base = compute(func(dst []int64, from int) {
			p, q := a.read(from, from+len(dst)), b.read(from, from+len(dst))
			q = q[:len(p)]
			dst = dst[:len(p)]
			for i := range p {
				if larger {
					dst[i] = max(p[i], q[i])
				} else {
					dst[i] = min(p[i], q[i])
				}
			}
		})
	}
	return z
}

// round keeps so many decimal places.
func round(how string, x *number, places int) *number {
	if x.scale <= places {
		return x
	}
	unit := pow10(x.scale - places)
	one := func(v int64) int64 {
		q, r := v/unit, v%unit // towards zero
		switch {
		case r == 0:
		case how == "floor" && r < 0:
			q--
		case how == "ceiling" && r > 0:
			q++
		case how == "round up", how == "round half up" && 2*int64(magnitude(r)) >= unit && unit <= 1<<61:
			if v < 0 {
				q--
			} else {
				q++
			}
		}
		return q
	}
	z := &number{k: 1, scale: places, lo: one(x.lo), hi: one(x.hi)}
	if x.base == nil {
		z.k, z.b = 0, one(x.b)
		return z
	}
	a := x.source()
	z.base = compute(func(dst []int64, from int) {
		s := a.read(from, from+len(dst))
		for i, v := range s {
			dst[i] = one(v)
		}
	})
	return z
}

// run computes every row.
func (x *number) run(n int) Column {
	out := make([]int64, n)
	last := x.source()
	for from := 0; from < n; from += block {
		to := min(from+block, n)
		if c, ok := last.(*computed); ok {
			c.fill(out[from:to], from)
		} else {
			copy(out[from:to], last.read(from, to))
		}
	}
	return Column{ints: out, scale: x.scale, lo: x.lo, hi: x.hi}
}
