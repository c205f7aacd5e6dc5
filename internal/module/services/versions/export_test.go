package versions

// Kept is how many verdicts of open proposals are remembered.
func (s *Service) Kept() (n int) {
	s.verdicts.Range(func(any, any) bool { n++; return true })
	return n
}
