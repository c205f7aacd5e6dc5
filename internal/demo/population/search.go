package population

import "strings"

// Search returns the first n persons whose names begin with the words of the
// query, in any order, without regard to accents and capitals, and how many
// there are in all. A query of 13 digits finds by identification number. An
// empty query finds nobody.
func (p *Population) Search(query string, n int) (found []int, total int) {
	words := strings.Fields(fold(query))
	if len(words) == 0 {
		return nil, 0
	}
	if person, ok := p.Find(words[0]); ok && len(words) == 1 {
		return []int{person}, 1
	}
	// Each name is compared once, not once for every person who bears it.
	match := make([]uint64, len(p.names.folded))
	words = words[:min(len(words), 64)]
	for i, name := range p.names.folded {
		for w, word := range words {
			if strings.HasPrefix(name, word) {
				match[i] |= 1 << w
			}
		}
	}
	all := uint64(1)<<len(words) - 1
	for i := range p.persons {
		given, family := match[p.persons[i].given], match[p.persons[i].family]
		if given|family != all || len(words) > 1 && (given == 0 || family == 0) {
			continue
		}
		if total++; len(found) < n {
			found = append(found, i)
		}
	}
	return found, total
}
