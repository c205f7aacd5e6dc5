package feel

import (
	"slices"
	"strings"
	"sync"
	"unicode"
)

type runeRange struct{ lo, hi rune }

// runeSet is a set of characters. Sets that operations return are sorted and
// without overlaps.
type runeSet []runeRange

func (s runeSet) normal() runeSet {
	if len(s) < 2 {
		return s
	}
	sorted := slices.Clone(s)
	slices.SortFunc(sorted, func(a, b runeRange) int { return int(a.lo) - int(b.lo) })
	out := sorted[:1]
	for _, r := range sorted[1:] {
		if last := &out[len(out)-1]; r.lo <= last.hi+1 {
			last.hi = max(last.hi, r.hi)
		} else {
			out = append(out, r)
		}
	}
	return out
}

func (s runeSet) negated() runeSet {
	out := runeSet{}
	next := rune(0)
	for _, r := range s.normal() {
		if r.lo > next {
			out = append(out, runeRange{next, r.lo - 1})
		}
		next = r.hi + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, runeRange{next, unicode.MaxRune})
	}
	return out
}

// minus removes the characters of o: not (not s or o).
func (s runeSet) minus(o runeSet) runeSet {
	return append(s.negated(), o...).negated()
}

func (s runeSet) has(r rune) bool {
	for _, x := range s {
		if r >= x.lo && r <= x.hi {
			return true
		}
	}
	return false
}

// foldable are the characters that have another case.
var foldable = sync.OnceValue(func() []rune {
	var out []rune
	for _, t := range []*unicode.RangeTable{unicode.Lu, unicode.Ll, unicode.Lt, unicode.Mn, unicode.Nl, unicode.So} {
		eachRune(t, func(r rune) {
			if unicode.SimpleFold(r) != r {
				out = append(out, r)
			}
		})
	}
	return out
})

// folded adds the other cases of every character.
func (s runeSet) folded() runeSet {
	out := slices.Clone(s)
	if len(s) == 1 && s[0].lo == s[0].hi {
		for r := unicode.SimpleFold(s[0].lo); r != s[0].lo; r = unicode.SimpleFold(r) {
			out = append(out, runeRange{r, r})
		}
		return out.normal()
	}
	for _, r := range foldable() {
		if s.has(r) {
			for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
				out = append(out, runeRange{f, f})
			}
		}
	}
	return out.normal()
}

func eachRune(t *unicode.RangeTable, f func(rune)) {
	for _, r := range t.R16 {
		for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
			f(c)
		}
	}
	for _, r := range t.R32 {
		for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
			f(c)
		}
	}
}

func tableSet(tables ...*unicode.RangeTable) runeSet {
	out := runeSet{}
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			out = append(out, runeRange{lo, hi})
			return
		}
		for c := lo; c <= hi; c += stride {
			out = append(out, runeRange{c, c})
		}
	}
	for _, t := range tables {
		for _, r := range t.R16 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	return out.normal()
}

// multiEscape is a multi-character escape of XML Schema (part 2, appendix G).
func multiEscape(r rune) runeSet {
	var set runeSet
	switch unicode.ToLower(r) {
	case 's':
		set = runeSet{{'\t', '\n'}, {'\r', '\r'}, {' ', ' '}}
	case 'd':
		set = tableSet(unicode.Nd)
	case 'w':
		set = append(tableSet(unicode.P, unicode.Z, unicode.C), unassigned()...).negated()
	case 'i':
		set = append(tableSet(unicode.L), runeRange{'_', '_'}, runeRange{':', ':'})
	case 'c':
		set = append(tableSet(unicode.L, unicode.Nd, unicode.M), runeRange{'_', '_'}, runeRange{':', ':'},
			runeRange{'-', '-'}, runeRange{'.', '.'}, runeRange{0xB7, 0xB7})
	}
	if unicode.IsUpper(r) {
		return set.negated()
	}
	return set.normal()
}

// unassigned is category Cn.
var unassigned = sync.OnceValue(func() runeSet {
	return tableSet(unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C).negated()
})

// propertySet is a category such as Lu, or a block such as IsBasicLatin; nil
// when there is none.
func propertySet(name string) runeSet {
	if block, ok := strings.CutPrefix(name, "Is"); ok {
		if r, ok := blocks[block]; ok {
			return runeSet{r}
		}
		return nil
	}
	switch name {
	case "Cn":
		return unassigned()
	case "C":
		return append(tableSet(unicode.C), unassigned()...).normal()
	}
	if len(name) > 2 {
		return nil
	}
	if t, ok := unicode.Categories[name]; ok {
		return tableSet(t)
	}
	return nil
}

// blocks are the Unicode blocks of the living European and of the large Asian
// scripts, and of symbols, by their names in XML Schema.
var blocks = map[string]runeRange{
	"BasicLatin": {0x0, 0x7F}, "Latin-1Supplement": {0x80, 0xFF}, "LatinExtended-A": {0x100, 0x17F},
	"LatinExtended-B": {0x180, 0x24F}, "IPAExtensions": {0x250, 0x2AF}, "SpacingModifierLetters": {0x2B0, 0x2FF},
	"CombiningDiacriticalMarks": {0x300, 0x36F}, "Greek": {0x370, 0x3FF}, "GreekandCoptic": {0x370, 0x3FF},
	"Cyrillic": {0x400, 0x4FF}, "CyrillicSupplement": {0x500, 0x52F}, "Armenian": {0x530, 0x58F},
	"Hebrew": {0x590, 0x5FF}, "Arabic": {0x600, 0x6FF}, "Syriac": {0x700, 0x74F}, "Thaana": {0x780, 0x7BF},
	"Devanagari": {0x900, 0x97F}, "Bengali": {0x980, 0x9FF}, "Gurmukhi": {0xA00, 0xA7F}, "Gujarati": {0xA80, 0xAFF},
	"Tamil": {0xB80, 0xBFF}, "Telugu": {0xC00, 0xC7F}, "Thai": {0xE00, 0xE7F}, "Lao": {0xE80, 0xEFF},
	"Tibetan": {0xF00, 0xFFF}, "Myanmar": {0x1000, 0x109F}, "Georgian": {0x10A0, 0x10FF}, "HangulJamo": {0x1100, 0x11FF},
	"Ethiopic": {0x1200, 0x137F}, "Cherokee": {0x13A0, 0x13FF}, "Khmer": {0x1780, 0x17FF}, "Mongolian": {0x1800, 0x18AF},
	"LatinExtendedAdditional": {0x1E00, 0x1EFF}, "GreekExtended": {0x1F00, 0x1FFF}, "GeneralPunctuation": {0x2000, 0x206F},
	"SuperscriptsandSubscripts": {0x2070, 0x209F}, "CurrencySymbols": {0x20A0, 0x20CF},
	"CombiningMarksforSymbols": {0x20D0, 0x20FF}, "LetterlikeSymbols": {0x2100, 0x214F}, "NumberForms": {0x2150, 0x218F},
	"Arrows": {0x2190, 0x21FF}, "MathematicalOperators": {0x2200, 0x22FF}, "MiscellaneousTechnical": {0x2300, 0x23FF},
	"BoxDrawing": {0x2500, 0x257F}, "BlockElements": {0x2580, 0x259F}, "GeometricShapes": {0x25A0, 0x25FF},
	"MiscellaneousSymbols": {0x2600, 0x26FF}, "Dingbats": {0x2700, 0x27BF}, "BraillePatterns": {0x2800, 0x28FF},
	"CJKSymbolsandPunctuation": {0x3000, 0x303F}, "Hiragana": {0x3040, 0x309F}, "Katakana": {0x30A0, 0x30FF},
	"CJKUnifiedIdeographs": {0x4E00, 0x9FFF}, "HangulSyllables": {0xAC00, 0xD7A3}, "PrivateUse": {0xE000, 0xF8FF},
	"AlphabeticPresentationForms": {0xFB00, 0xFB4F}, "ArabicPresentationForms-A": {0xFB50, 0xFDFF},
	"HalfwidthandFullwidthForms": {0xFF00, 0xFFEF}, "Specials": {0xFFF0, 0xFFFF},
}
