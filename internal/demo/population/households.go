package population

// Applicants returns the identification number of the first adult of each
// household in Luxembourg, in the order of the households.
func (p *Population) Applicants() []string {
	var ids []string
	for _, h := range p.households {
		for i := int(h.first); i < int(h.first)+int(h.count); i++ {
			if r := &p.persons[i]; r.flags&flagAbroad == 0 && r.age() >= 18 {
				ids = append(ids, p.ID(i))
				break
			}
		}
	}
	return ids
}
