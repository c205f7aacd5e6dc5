package pack

import "testing"

func BenchmarkDecide(b *testing.B) {
	p := garden(b)
	f := facts()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Decide(f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	p := garden(b)
	f := facts()
	b.ReportAllocs()
	for b.Loop() {
		if _, errs := p.Form.Validate(p.FormEnv(f)); len(errs) > 0 {
			b.Fatal(errs)
		}
	}
}

func BenchmarkExplain(b *testing.B) {
	p, f, loc := garden(b), facts(), english(b)
	d, err := p.Decide(f)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		p.Explain(loc, d, f, nil)
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		garden(b)
	}
}
