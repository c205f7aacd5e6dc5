package services

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/analysis/lang/de"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/analysis/lang/fr"
	"github.com/blevesearch/bleve/v2/analysis/lang/pt"
	"github.com/blevesearch/bleve/v2/registry"
	"golang.org/x/text/unicode/norm"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
)

// index finds services by what people type. It is built from the texts of all
// packages, anew when a version was published, in all languages at once: somebody who reads German may
// still type the French name of an allowance. It is immutable and safe for
// concurrent use.
type index struct {
	terms     map[string][]posting // normalised term → where it stands
	sorted    []string             // the terms in order, for prefixes and spelling
	analysers map[i18n.Lang]analysis.Analyzer
	services  int
	edition   int64 // of the set it was built from
}

type posting struct {
	service string // id
	lang    i18n.Lang
	weight  float64
}

// The weight of a word by where it stands.
const (
	inTitle   = 5
	inKeyword = 4
	inSummary = 2
	inText    = 1
)

// languageBonus lifts texts in the reader's own language.
const languageBonus = 1.5

func newIndex(set *pack.Set) *index {
	ix := &index{terms: map[string][]posting{}, analysers: analysers()}
	seen := map[string]bool{}
	for _, p := range set.All() {
		seen[p.ID] = true
		for _, lang := range i18n.Langs {
			ix.add(p.ID, lang, inTitle, p.T(lang, "service.title"))
			ix.add(p.ID, lang, inKeyword, p.List(lang, "service.keywords")...)
			ix.add(p.ID, lang, inSummary, p.T(lang, "service.summary"))
			ix.add(p.ID, lang, inText, p.T(lang, "service.gives"))
			ix.add(p.ID, lang, inText, p.List(lang, "service.who")...)
			for _, e := range p.Service.LifeEvents {
				if le, ok := set.LifeEvent(e); ok {
					ix.add(p.ID, lang, inSummary, le.Name[lang], le.Summary[lang])
				}
			}
		}
	}
	ix.services = len(seen)
	for t := range ix.terms {
		ix.sorted = append(ix.sorted, t)
	}
	slices.Sort(ix.sorted)
	return ix
}

// analysers returns bleve's for the languages it has. Luxembourgish has none:
// its words are folded only.
func analysers() map[i18n.Lang]analysis.Analyzer {
	cache := registry.NewCache()
	all := map[i18n.Lang]analysis.Analyzer{}
	for lang, name := range map[i18n.Lang]string{"fr": fr.AnalyzerName, "de": de.AnalyzerName, "en": en.AnalyzerName, "pt": pt.AnalyzerName} {
		a, err := cache.AnalyzerNamed(name)
		if err != nil {
			panic(err) // compiled in
		}
		all[lang] = a
	}
	return all
}

func (ix *index) add(service string, lang i18n.Lang, weight float64, texts ...string) {
	for _, t := range texts {
		for _, term := range ix.analyse(lang, t) {
			ix.terms[term] = append(ix.terms[term], posting{service, lang, weight})
		}
	}
}

// analyse returns the terms of a text: its stems in the language and its plain
// words, both without accents and in lower case.
func (ix *index) analyse(lang i18n.Lang, text string) []string {
	terms := words(text)
	if a := ix.analysers[lang]; a != nil {
		for _, token := range a.Analyze([]byte(text)) {
			terms = append(terms, fold(string(token.Term)))
		}
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

func words(text string) []string {
	return strings.FieldsFunc(fold(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// fold removes case and accents: "Élection" and "election" are one word.
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'ß':
			b.WriteString("ss")
		case r == 'œ':
			b.WriteString("oe")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// stop are words too common in any of the languages to say what is meant.
var stop = func() map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(`a an and are at be can do for from get have how i in is it my need of on or the to want what with you
		au aux avec ce dans de des du en est et je j la le les l ma mes mon ne pas pour que qui sur un une vous d n
		das der die den dem ein eine einen fur haben ich ist kann mein meine mit und von wie zu
		d de den dat ech eng fir hunn ass mat meng mäin mein vun wéi wei
		com da das do dos e em eu me meu minha na no o os para por que quero um uma`) {
		all[fold(w)] = true
	}
	return all
}()

// Search returns ids of services, best first, that answer the query in any
// language. It forgives missing accents, unfinished words and small mistakes
// of spelling.
func (ix *index) Search(query string, lang i18n.Lang) []string {
	scores := map[string]float64{}
	for _, word := range words(query) {
		if stop[word] || len(word) < 2 {
			continue
		}
		best := map[string]float64{} // per service, the best sense of this word
		for term, likeness := range ix.alike(word) {
			hits := ix.terms[term]
			rarity := math.Log(1 + float64(ix.services*len(i18n.Langs))/float64(len(hits)))
			for _, h := range hits {
				score := likeness * h.weight * rarity
				if h.lang == lang {
					score *= languageBonus
				}
				best[h.service] = max(best[h.service], score)
			}
		}
		for service, score := range best {
			scores[service] += score
		}
	}
	ids := make([]string, 0, len(scores))
	for id := range scores {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int {
		if scores[a] != scores[b] {
			if scores[a] > scores[b] {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	return ids
}

// maxQuery bounds what is looked at of a query, in characters.
const maxQuery = 200

// alike returns the terms that a typed word may mean, with how sure that is.
func (ix *index) alike(word string) map[string]float64 {
	found := map[string]float64{}
	note := func(term string, likeness float64) {
		if likeness > found[term] {
			found[term] = likeness
		}
	}
	candidates := []string{word}
	for _, a := range ix.analysers {
		for _, token := range a.Analyze([]byte(word)) {
			candidates = append(candidates, fold(string(token.Term)))
		}
	}
	for _, c := range candidates {
		if _, ok := ix.terms[c]; ok {
			note(c, 1)
		}
	}
	if len(word) >= 3 {
		i, _ := slices.BinarySearch(ix.sorted, word)
		for ; i < len(ix.sorted) && strings.HasPrefix(ix.sorted[i], word); i++ {
			note(ix.sorted[i], 0.7)
		}
	}
	if len(found) > 0 {
		return found
	}
	mistakes := 0
	switch {
	case len(word) >= 8:
		mistakes = 2
	case len(word) >= 4:
		mistakes = 1
	}
	if mistakes == 0 {
		return found
	}
	for _, term := range ix.sorted {
		if d := len(term) - len(word); d > mistakes || d < -mistakes || term[0] != word[0] {
			continue
		}
		if d := distance(word, term, mistakes); d <= mistakes {
			note(term, 0.5/float64(d))
		}
	}
	return found
}

// distance is the number of insertions, deletions, replacements and swaps of
// neighbours between a and b (Damerau 1964, restricted), or more than limit.
func distance(a, b string, limit int) int {
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		least := cur[0]
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
			least = min(least, cur[j])
		}
		if least > limit {
			return limit + 1
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}

// cut returns the first n characters of s.
func cut(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// find returns the index of what is published now.
func (s *Service) find() *index {
	edition := s.Packages.Edition()
	if ix := s.index.Load(); ix != nil && ix.edition == edition {
		return ix
	}
	ix := newIndex(s.Packages)
	ix.edition = edition
	s.index.Store(ix)
	return ix
}

// Find returns the packages in force today that answer the query, best first.
func (s *Service) Find(query string, lang i18n.Lang, today time.Time) []*pack.Package {
	query = cut(query, maxQuery)
	var found []*pack.Package
	for _, id := range s.find().Search(query, lang) {
		if p, ok := s.Packages.InForce(id, today); ok {
			found = append(found, p)
		}
	}
	return found
}
