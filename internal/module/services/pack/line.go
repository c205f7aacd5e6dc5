package pack

import (
	"slices"
	"strings"
	"unicode"
)

// Line is one thing that a part says, as people read it.
type Line struct {
	Text string // in the reader's language, or the words themselves
	Code string // what has no words, as it is written, such as FEEL: Text introduces it
	Raw  bool   // it stands in the file and means something to programs only
}

func say(text string) Line { return Line{Text: text} }

func says(texts []string) []Line {
	lines := make([]Line, len(texts))
	for i, text := range texts {
		lines[i] = say(text)
	}
	return lines
}

// coded are lines as a file has them.
func coded(texts []string) []Line {
	var lines []Line
	for _, text := range texts {
		lines = append(lines, Line{Code: text})
	}
	return lines
}

// raw are lines that mean something to programs only.
func raw(texts []string) []Line {
	lines := coded(texts)
	for i := range lines {
		lines[i].Raw = true
	}
	return lines
}

// Run is a piece of a text; it is Changed when the other version lacks it.
type Run struct {
	Text    string
	Changed bool
}

// MarkedLine is a line whose changed words are marked.
type MarkedLine struct {
	Text, Code []Run
	Raw        bool
}

// Mark marks the words that differ between lines of two versions. Each line is
// held against the one of the other version that is most like it; a line that is
// like none is changed as a whole.
func Mark(was, is []Line) (before, after []MarkedLine) {
	before, after = make([]MarkedLine, len(was)), make([]MarkedLine, len(is))
	partner := make([]int, len(is))
	for j := range is {
		partner[j] = -1
	}
	var mine, theirs []wording
	if len(was)*len(is) <= mostPaired {
		mine, theirs = wordings(was), wordings(is)
	}
	for i, a := range was {
		best, score := -1, 0.4
		for j, b := range theirs {
			if partner[j] >= 0 {
				continue
			}
			if like := likeness(mine[i], b); like > score {
				best, score = j, like
			}
		}
		if best < 0 {
			before[i] = whole(a, true)
			continue
		}
		partner[best] = i
		b := is[best]
		before[i], after[best] = MarkedLine{Raw: a.Raw}, MarkedLine{Raw: b.Raw}
		before[i].Text, after[best].Text = runs(a.Text, b.Text)
		before[i].Code, after[best].Code = runs(a.Code, b.Code)
	}
	for j, b := range is {
		if partner[j] < 0 {
			after[j] = whole(b, true)
		}
	}
	return before, after
}

// Unmarked are lines of which nothing is marked.
func Unmarked(lines []Line) []MarkedLine {
	out := make([]MarkedLine, len(lines))
	for i, x := range lines {
		out[i] = whole(x, false)
	}
	return out
}

func whole(x Line, changed bool) MarkedLine {
	run := func(text string) []Run {
		if text == "" {
			return nil
		}
		return []Run{{text, changed}}
	}
	return MarkedLine{Text: run(x.Text), Code: run(x.Code), Raw: x.Raw}
}

// likeness is how many of their words two lines share, and 1 more when both say
// the same thing of another value ("Kind of answer: …").
func likeness(a, b wording) float64 {
	if a.raw != b.raw || len(a.words)+len(b.words) == 0 {
		return 0
	}
	common := 0
	for i, j := 0, 0; i < len(a.words) && j < len(b.words); {
		switch c := strings.Compare(a.words[i], b.words[j]); {
		case c < 0:
			i++
		case c > 0:
			j++
		default:
			common, i, j = common+1, i+1, j+1
		}
	}
	like := 2 * float64(common) / float64(len(a.words)+len(b.words))
	if a.topic != "" && a.topic == b.topic {
		like++
	}
	return like
}

// wording is what counts for the likeness of a line: each is held against many.
type wording struct {
	words []string // sorted
	topic string
	raw   bool
}

func wordings(lines []Line) []wording {
	out := make([]wording, len(lines))
	for i, x := range lines {
		for _, t := range tokens(x.Text + " " + x.Code) {
			if strings.TrimSpace(t) != "" {
				out[i].words = append(out[i].words, t)
			}
		}
		slices.Sort(out[i].words)
		out[i].raw = x.Raw
		if before, _, ok := strings.Cut(x.Text+x.Code, ": "); ok {
			out[i].topic = before
		}
	}
	return out
}

// tokens cuts a text into words, blanks and signs.
func tokens(text string) []string {
	var out []string
	kind := func(r rune) int {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return 1
		case unicode.IsSpace(r):
			return 2
		}
		return 0
	}
	start, last := 0, -1
	for i, r := range text {
		if k := kind(r); i > 0 && (k != last || k == 0) {
			out, start = append(out, text[start:i]), i
		}
		last = kind(r)
	}
	if start < len(text) {
		out = append(out, text[start:])
	}
	return out
}

// What is compared can be a stranger's file: beyond so many pairs of words, of
// lines within a part, and of lines that are held against one another, texts
// differ as a whole.
const (
	mostCompared = 4_000_000
	mostPaired   = 10_000
)

// runs cuts two texts where they differ.
func runs(a, b string) (was, is []Run) {
	x, y := tokens(a), tokens(b)
	inX, inY := common(x, y)
	return joined(x, inX), joined(y, inY)
}

// joined makes runs of words, common or not. A blank between two changed words is
// changed with them.
func joined(words []string, common []bool) []Run {
	for i := 1; i+1 < len(words); i++ {
		if common[i] && strings.TrimSpace(words[i]) == "" && !common[i-1] && !common[i+1] {
			common[i] = false
		}
	}
	var out []Run
	for i, word := range words {
		if n := len(out); n > 0 && out[n-1].Changed == !common[i] {
			out[n-1].Text += word
		} else {
			out = append(out, Run{word, !common[i]})
		}
	}
	return out
}

// unlike returns the items of each that the other lacks (a longest common
// subsequence stays out).
func unlike[T comparable](a, b []T) (was, is []T) {
	inA, inB := common(a, b)
	left := func(list []T, in []bool) (out []T) {
		for i, x := range list {
			if !in[i] {
				out = append(out, x)
			}
		}
		return out
	}
	return left(a, inA), left(b, inB)
}

// common tells of each item whether it belongs to a longest common subsequence.
func common[T comparable](a, b []T) (inA, inB []bool) {
	inA, inB = make([]bool, len(a)), make([]bool, len(b))
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		inA[start], inB[start] = true, true
		start++
	}
	if start == len(a) || start == len(b) {
		return inA, inB
	}
	n, m := len(a)-start, len(b)-start
	if n*m > mostCompared {
		return inA, inB
	}
	length := slices.Repeat([][]int32{nil}, n+1)
	for i := range length {
		length[i] = make([]int32, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if a[start+i] == b[start+j] {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < n && j < m; {
		switch {
		case a[start+i] == b[start+j]:
			inA[start+i], inB[start+j] = true, true
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return inA, inB
}
