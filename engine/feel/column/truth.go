package column

// truth is a condition in columns: constant, given, a number against a
// constant, or computed.
type truth struct {
	certain, value bool   // constant
	given          []bool // a column
	base           source // holds where base <= most
	most           int64
	from           *decided
	inverse        bool // the opposite of all this
}

// decided is a condition with its own place for a block, like computed.
type decided struct {
	buf      []bool
	from, to int
	fill     func(dst []bool, from int)
}

func decide(fill func(dst []bool, from int)) *truth { return &truth{from: &decided{fill: fill}} }

func (d *decided) read(from, to int) []bool {
	if d.buf == nil {
		d.buf = make([]bool, block)
	}
	dst := d.buf[:to-from]
	if d.from != from || d.to != to {
		d.fill(dst, from)
		d.from, d.to = from, to
	}
	return dst
}

func always(b bool) *truth { return &truth{certain: true, value: b} }

func not(n node) node {
	t, ok := n.(*truth)
	if !ok || t == nil {
		return nil
	}
	c := *t
	if c.certain {
		c.value = !c.value
	} else {
		c.inverse = !c.inverse
	}
	return &c
}

func both(n, m node) node {
	x, ok1 := n.(*truth)
	y, ok2 := m.(*truth)
	if !ok1 || !ok2 || x == nil || y == nil {
		return nil
	}
	switch {
	case x.certain && x.value:
		return y
	case y.certain && y.value:
		return x
	case x.certain, y.certain:
		return always(false)
	}
	a, b := x.reader(), y.reader()
	return decide(func(dst []bool, from int) {
		p, q := a.read(from, from+len(dst)), b.read(from, from+len(dst))
		q = q[:len(p)]
		dst = dst[:len(p)]
		for i := range p {
			dst[i] = p[i] && q[i]
		}
	})
}

// compare is x op y. Where it can be, it becomes one column against a constant.
func compare(op string, x, y *number) *truth {
	if x, y = aligned(x, y); x == nil || y == nil {
		return nil
	}
	switch op {
	case ">":
		return compare("<", y, x)
	case ">=":
		return compare("<=", y, x)
	case "!=":
		t, _ := not(keepTruth(compare("=", x, y))).(*truth)
		return t
	}
	minus := y.times(-1, 0)
	if minus == nil {
		return nil
	}
	d := add(x, minus) // compared with zero
	if d == nil {
		return nil
	}
	most := int64(0)
	if op == "<" {
		most = -1
	}
	switch {
	case op != "=" && d.hi <= most:
		return always(true)
	case op != "=" && d.lo > most:
		return always(false)
	case op == "=" && (d.lo > 0 || d.hi < 0):
		return always(false)
	case d.base == nil || d.k == 0:
		return always(op == "=" && d.b == 0 || op != "=" && d.b <= most)
	case op == "=":
		s := d.source()
		return decide(func(dst []bool, from int) {
			v := s.read(from, from+len(dst))
			dst = dst[:len(v)]
			for i := range v {
				dst[i] = v[i] == 0
			}
		})
	}
	// k × base + b <= most
	if d.k > 0 {
		return &truth{base: d.base, most: floorDiv(most-d.b, d.k)}
	}
	// base >= (b - most) / -k, rounded up: not base <= that - 1
	return &truth{base: d.base, most: ceilDiv(d.b-most, -d.k) - 1, inverse: true}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func ceilDiv(a, b int64) int64 { return -floorDiv(-a, b) }

// reader gives the truth of rows block by block.
func (t *truth) reader() *decided {
	if t.from != nil && !t.inverse {
		return t.from
	}
	return &decided{fill: t.write}
}

func (t *truth) write(dst []bool, from int) {
	switch {
	case t.certain:
		for i := range dst {
			dst[i] = t.value
		}
		return
	case t.given != nil:
		copy(dst, t.given[from:])
	case t.base != nil:
		s, most := t.base.read(from, from+len(dst)), t.most
		dst = dst[:len(s)]
		for i := range s {
			dst[i] = s[i] <= most
		}
	default:
		copy(dst, t.from.read(from, from+len(dst)))
	}
	if t.inverse {
		for i := range dst {
			dst[i] = !dst[i]
		}
	}
}

func (t *truth) run(n int) Column {
	out := make([]bool, n)
	for from := 0; from < n; from += block {
		to := min(from+block, n)
		t.write(out[from:to], from)
	}
	return Column{bools: out}
}

// choose is x where the condition holds, else y.
func choose(cond *truth, x, y *number) *number {
	if x, y = aligned(x, y); x == nil || y == nil {
		return nil
	}
	z := &number{k: 1, scale: x.scale, lo: min(x.lo, y.lo), hi: max(x.hi, y.hi)}
	if cond.base == nil {
		c, a, b := cond.reader(), x.source(), y.source()
		z.base = compute(func(dst []int64, from int) {
			m, p, q := c.read(from, from+len(dst)), a.read(from, from+len(dst)), b.read(from, from+len(dst))
			p, q, dst = p[:len(m)], q[:len(m)], dst[:len(m)]
			for i := range m {
				v := q[i]
				if m[i] {
					v = p[i]
				}
				dst[i] = v
			}
		})
		return z
	}
	if cond.inverse {
		x, y = y, x
	}
	base, most := cond.base, cond.most
	if x.base == nil { // the common case: a fixed amount up to a limit
		amount, b := x.b, y.source()
		z.base = compute(func(dst []int64, from int) {
			s, q := base.read(from, from+len(dst)), b.read(from, from+len(dst))
			q, dst = q[:len(s)], dst[:len(s)]
			for i := range s {
				v := q[i]
				if s[i] <= most {
					v = amount
				}
				dst[i] = v
			}
		})
		return z
	}
	a, b := x.source(), y.source()
	z.base = compute(func(dst []int64, from int) {
		s, p, q := base.read(from, from+len(dst)), a.read(from, from+len(dst)), b.read(from, from+len(dst))
		p, q, dst = p[:len(s)], q[:len(s)], dst[:len(s)]
		for i := range s {
			v := q[i]
			if s[i] <= most {
				v = p[i]
			}
			dst[i] = v
		}
	})
	return z
}
