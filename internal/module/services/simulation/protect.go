package simulation

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"slices"
)

// What a simulation tells is protected by the cell-key method: Thompson,
// Broadfoot and Elazar, "Methodology for the automatic confidentialisation of
// statistical outputs from remote servers at the Australian Bureau of
// Statistics" (UNECE/Eurostat work session on statistical data confidentiality,
// Ottawa 2013).
//
// Every application has a record key, a secret pseudo-random number that is
// always the same for the same applicant. The key of a cell is the sum of the
// record keys of those in it, drawn once more under the secret. From it comes
// the offset by which the figure of the cell is wrong. So the same people have
// the same figure in every table and in every run, and asking again takes
// nothing off the offset; people of whom one is another have an offset of their
// own, so that the difference of two figures says next to nothing about that
// one. Nothing else needs to be hidden for a small figure's sake, because sums
// and differences of figures carry the offsets of all of them.
//
// What the method does not hide is that a figure changed, and so that somebody in
// that cell is between two values. Whoever may choose values freely, and people by
// them, finds out about one person in some dozen runs. The page therefore tries
// whole percentages of all values of a parameter alike; formulas are for the
// command line, whose user holds the people's data anyway. Runs are limited and on
// record.

// Count is a number of applications, a multiple of ten, wrong by at most ten.
// Hidden are one to nine.
type Count int

// Hidden stands for a count that is not told: fewer than ten; in JSON it is null.
const Hidden Count = -1

const (
	smallest = 10      // the smallest group that is told about, and the unit of counts
	wide     = 5       // the largest offset of a count before rounding
	unit     = 100_000 // cents: sums are told to 1,000 euro
)

// MarshalJSON writes null for a hidden count.
func (c Count) MarshalJSON() ([]byte, error) {
	if c == Hidden {
		return []byte("null"), nil
	}
	return json.Marshal(int(c))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Count) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*c = Hidden
		return nil
	}
	return json.Unmarshal(b, (*int)(c))
}

// secret keys everything that is drawn.
type secret []byte

// draw is a pseudo-random number, always the same for the same arguments.
func (s secret) draw(what string, of ...uint64) uint64 {
	h := hmac.New(sha256.New, s)
	h.Write([]byte(what))
	for _, n := range of {
		h.Write(binary.BigEndian.AppendUint64([]byte{0}, n))
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// record is the record key of an applicant.
func (s secret) record(id string) uint64 { return s.draw("record\x00" + id) }

// cell counts applications. The zero cell is empty.
type cell struct {
	n    int
	keys uint64 // the sum of the record keys; it wraps
}

func (c *cell) add(record uint64) { c.n, c.keys = c.n+1, c.keys+record }

func (c *cell) merge(d cell) { c.n, c.keys = c.n+d.n, c.keys+d.keys }

// count is what is told of a cell: nothing of nobody, Hidden of one to nine,
// otherwise the number with an offset of mean zero, to ten.
func (s secret) count(c cell) Count {
	switch {
	case c.n == 0:
		return 0
	case c.n < smallest:
		return Hidden
	}
	r := s.draw("count", c.keys)
	n := c.n + int(r%(2*wide+1)) - wide
	tens, rest := n/10*10, n%10
	if up := r/(2*wide+1)%2 == 1; rest > 5 || rest == 5 && up {
		tens += 10
	}
	return Count(max(tens, smallest))
}

// atMost is count for a cell that a changed value can empty or fill: nobody is
// told like one to nine. Otherwise whoever looks for the limit at which nobody
// is refused any more finds the highest income of all, to the cent.
func (s secret) atMost(c cell) Count {
	if c.n == 0 {
		return Hidden
	}
	return s.count(c)
}

// sum adds up amounts. The zero sum is empty; who contributes nothing is not in
// it.
type sum struct {
	cell
	parts           uint64 // the sum of a key for each applicant with the amount
	cents           int64
	volume, largest int64   // of the amounts without their sign
	top             []int64 // the nine largest of them, in falling order
}

func (x *sum) add(s secret, record uint64, cents int64) {
	if cents == 0 {
		return
	}
	size := max(cents, -cents)
	x.cell.add(record)
	x.parts += s.draw("part", record, uint64(cents))
	x.cents, x.volume, x.largest = x.cents+cents, x.volume+size, max(x.largest, size)
	x.rank(size)
}

// rank keeps the largest amounts.
func (x *sum) rank(size int64) {
	at, _ := slices.BinarySearchFunc(x.top, size, func(a, b int64) int { return cmp.Compare(b, a) })
	if x.top = slices.Insert(x.top, at, size); len(x.top) == smallest {
		x.top = x.top[:smallest-1]
	}
}

func (x *sum) merge(y sum) {
	x.cell.merge(y.cell)
	x.parts += y.parts
	x.cents, x.volume, x.largest = x.cents+y.cents, x.volume+y.volume, max(x.largest, y.largest)
	for _, size := range y.top {
		x.rank(size)
	}
}

// money is what is told of a sum, in cents: nil when fewer than ten contribute,
// one contributes more than half, or nine more than nine tenths (then it is a sum
// about fewer than ten, however many add a little); otherwise the sum with an offset of up to
// the largest contribution either way, to 1,000 euro. So a difference of two
// sums does not tell what one applicant gets.
//
// Half of the offset comes from who contributes and stays in every run: it
// cannot be averaged away by runs that change amounts a little. The other half
// comes from who contributes how much: two runs in which the same people get
// other amounts cannot be subtracted from each other.
func (s secret) money(x sum) *int64 {
	switch {
	case x.n == 0:
		return new(int64)
	case x.n < smallest, 2*x.largest > x.volume:
		return nil
	}
	most := int64(0)
	for _, size := range x.top {
		most += size
	}
	if most/9 > x.volume/10 {
		return nil
	}
	thousandths := func(r uint64) int64 { return int64(r%2001) - 1000 }
	offset := thousandths(s.draw("people", x.keys)) + thousandths(s.draw("amounts", x.parts))
	told := x.cents + x.largest*offset/2000
	half := int64(unit / 2)
	if told < 0 {
		half = -half
	}
	told = (told + half) / unit * unit
	return &told
}
