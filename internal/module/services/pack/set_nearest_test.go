package pack

import (
	"testing"
	"time"
)

// A service that is closed, or not yet open, still has a version to speak of.
func TestNearestVersion(t *testing.T) {
	on := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	version := func(id, v, from, to string) *Package {
		p := &Package{ID: id, Version: v}
		p.Service.InForce.From = on(from)
		if to != "" {
			p.Service.InForce.To = on(to)
		}
		return p
	}
	s := &Set{}
	s.keep([]*Package{
		version("a", "1", "2020-01-01", "2020-12-31"), version("a", "2", "2021-01-01", "2021-12-31"), version("a", "3", "2023-01-01", ""),
		version("b", "1", "2030-01-01", ""),
	})
	for _, c := range []struct{ id, day, want string }{
		{"a", "2020-06-01", "1"}, {"a", "2021-12-31", "2"}, {"a", "2022-06-01", "2"}, {"a", "2024-01-01", "3"},
		{"a", "2019-01-01", "1"}, {"b", "2025-01-01", "1"}, {"c", "2025-01-01", ""},
	} {
		p, ok := s.Nearest(c.id, on(c.day))
		if got := map[bool]func() string{true: func() string { return p.Version }, false: func() string { return "" }}[ok](); got != c.want {
			t.Errorf("%s on %s: %q, want %q", c.id, c.day, got, c.want)
		}
	}
}
