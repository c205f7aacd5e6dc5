package population

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

//go:embed data/*.txt
var data embed.FS

// nameTable interns names: a record holds an index. folded is the same name in
// small letters without accents, for searching and e-mail addresses.
type nameTable struct {
	text        []string
	folded      []string
	index       map[string]uint16
	communities map[string]*community
}

// community is the names that are common among people of one origin.
type community struct {
	given  [2][]uint16 // by sex
	family []uint16
}

func (t *nameTable) intern(name string) uint16 {
	if i, ok := t.index[name]; ok {
		return i
	}
	i := uint16(len(t.text))
	t.index[name] = i
	t.text = append(t.text, name)
	t.folded = append(t.folded, fold(name))
	return i
}

// fold takes accents away and writes small: "Conceição" → "conceicao".
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'ß':
			b.WriteString("ss")
		case r == 'ł':
			b.WriteByte('l')
		case r == 'ı':
			b.WriteByte('i')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// place is a commune of Luxembourg or a town abroad.
type place struct {
	name      string
	country   string
	weight    int
	low, high int // postcodes
}

type trade struct{ name, nace string }

// load reads the embedded tables. They are part of the program: a fault in
// them is a fault of the build, so load panics.
func (p *Population) load() {
	p.names = nameTable{index: map[string]uint16{}, communities: map[string]*community{}}
	var current *community
	for _, line := range lines("names.txt") {
		if name, ok := section(line); ok {
			current = &community{}
			p.names.communities[name] = current
			continue
		}
		words := strings.Fields(line)
		list := map[string]*[]uint16{"f": &current.given[female], "m": &current.given[male], "s": &current.family}[words[0]]
		for _, w := range words[1:] {
			*list = append(*list, p.names.intern(w))
		}
	}
	for _, line := range lines("communes.txt") {
		f := strings.Split(line, "|")
		p.places = append(p.places, place{name: f[0], country: "LU", weight: integer(f[1]), low: integer(f[2]), high: integer(f[3])})
	}
	for _, line := range lines("abroad.txt") {
		f := strings.Split(line, "|")
		p.places = append(p.places, place{name: f[0], country: f[3], weight: integer(f[1]), low: integer(f[2]), high: integer(f[2])})
	}
	for _, line := range lines("streets.txt") {
		if name, ok := section(line); ok {
			p.streetsFrom[name] = len(p.streets)
			continue
		}
		p.streets = append(p.streets, line)
	}
	words := false
	for _, line := range lines("businesses.txt") {
		if name, ok := section(line); ok {
			words = name == "word"
			continue
		}
		if words {
			p.words = append(p.words, line)
			continue
		}
		name, nace, _ := strings.Cut(line, "|")
		p.trades = append(p.trades, trade{name, nace})
	}
}

func lines(file string) []string {
	text, err := data.ReadFile("data/" + file)
	if err != nil {
		panic(err)
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}

func section(line string) (string, bool) {
	if !strings.HasPrefix(line, "[") {
		return "", false
	}
	return strings.Trim(line, "[]"), true
}

func integer(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(fmt.Sprintf("population: table: %v", err))
	}
	return n
}

// nationality is a citizenship, how many per mille of the residents have it
// (STATEC, rounded; a little less for LU, as many children become Luxembourgish),
// whose names its people bear, and their main languages.
type nationality struct {
	code      string
	perMille  int
	community string
	languages []share
}

type share struct{ language, weight uint8 }

// languages are the main languages; the first five are also those of letters.
var languages = [...]string{"fr", "de", "lb", "en", "pt", "it", "es", "nl", "pl", "ro", "uk", "ar", "zh", "hi", "sr", "ti", "tr"}

const (
	fr = iota
	de
	lb
	en
	pt
	it
	es
	nl
	pl
	ro
	uk
	ar
	zh
	hi
	sr
	ti
	tr
)

// The shares of main languages are chosen so that the whole comes out as in
// the census of 2021: Luxembourgish 48.9 %, then Portuguese, then French.
var nationalities = []nationality{
	{"LU", 510, "lu", []share{{lb, 89}, {pt, 5}, {fr, 3}, {de, 1}, {it, 1}, {sr, 1}}},
	{"PT", 140, "pt", []share{{pt, 84}, {lb, 9}, {fr, 7}}},
	{"FR", 75, "fr", []share{{fr, 95}, {lb, 2}, {en, 3}}},
	{"IT", 37, "it", []share{{it, 80}, {fr, 12}, {lb, 5}, {en, 3}}},
	{"BE", 29, "fr", []share{{fr, 75}, {nl, 12}, {de, 5}, {lb, 8}}},
	{"DE", 19, "de", []share{{de, 88}, {lb, 10}, {en, 2}}},
	{"ES", 14, "es", []share{{es, 85}, {fr, 10}, {en, 5}}},
	{"RO", 10, "slavic", []share{{ro, 80}, {fr, 12}, {en, 8}}},
	{"PL", 8, "slavic", []share{{pl, 80}, {en, 12}, {de, 8}}},
	{"GR", 6, "south", []share{{en, 60}, {fr, 40}}},
	{"NL", 6, "de", []share{{nl, 80}, {en, 20}}},
	{"IE", 5, "en", []share{{en, 100}}},
	{"GB", 8, "en", []share{{en, 97}, {fr, 3}}},
	{"UA", 10, "slavic", []share{{uk, 92}, {en, 8}}},
	{"IN", 9, "south", []share{{hi, 40}, {en, 60}}},
	{"ME", 7, "slavic", []share{{sr, 80}, {lb, 15}, {fr, 5}}},
	{"CN", 7, "south", []share{{zh, 85}, {en, 15}}},
	{"SY", 7, "south", []share{{ar, 90}, {fr, 10}}},
	{"BR", 9, "pt", []share{{pt, 92}, {fr, 8}}},
	{"CV", 6, "pt", []share{{pt, 85}, {fr, 10}, {lb, 5}}},
	{"RS", 5, "slavic", []share{{sr, 82}, {lb, 10}, {de, 8}}},
	{"ER", 5, "south", []share{{ti, 90}, {en, 10}}},
	{"TR", 4, "south", []share{{tr, 75}, {fr, 15}, {de, 10}}},
	{"US", 6, "en", []share{{en, 100}}},
	{"MA", 5, "south", []share{{ar, 50}, {fr, 50}}},
	{"BG", 5, "slavic", []share{{en, 60}, {fr, 40}}},
	{"HU", 4, "slavic", []share{{en, 70}, {de, 30}}},
	{"HR", 4, "slavic", []share{{en, 55}, {de, 45}}},
}

func nationalityOf(code string) uint8 {
	for i := range nationalities {
		if nationalities[i].code == code {
			return uint8(i)
		}
	}
	panic("population: no nationality " + code)
}

func languageOf(code string) uint8 {
	for i, l := range languages {
		if l == code {
			return uint8(i)
		}
	}
	panic("population: no language " + code)
}

// european reports whether the nationality is one of the Union's.
func european(nationality uint8) bool {
	switch nationalities[nationality].code {
	case "LU", "PT", "FR", "IT", "BE", "DE", "ES", "RO", "PL", "GR", "NL", "IE", "BG", "HU", "HR":
		return true
	}
	return false
}

// letters is the language of letters: the main language when it is one of the
// five, else French, English or German by chance.
func (r *record) letters() string {
	if r.language <= pt {
		return languages[r.language]
	}
	return languages[[...]int{fr, fr, fr, en, en, de}[mix(r.seed, 'l')%6]]
}
