package simulation

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"passerelle/engine/feel"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
)

// Registered is people whom registers know: each gives the plain answers of the
// service, and the registers say the rest.
type Registered struct {
	Source     exchange.Source
	Applicants []string // identification numbers: one for each application
	Basis      string   // the legal basis of the reading, as the registers keep it
}

// Len is the number of applicants.
func (r Registered) Len() int { return len(r.Applicants) }

// Each asks the registers about everybody, for each version what it needs. What
// a register knows nothing about is missing, as in an application; a register
// that does not answer ends the run.
func (r Registered) Each(ctx context.Context, base, variant *pack.Package, yield func(Applicant) error) error {
	for _, id := range r.Applicants {
		source := &purposeful{r: r, known: map[string]answer{}}
		applicant, err := applicantOf(ctx, source, id)
		if err != nil {
			return err
		}
		a := Applicant{ID: id}
		if a.Base, err = gather(ctx, source, base, applicant); err != nil {
			return err
		}
		if a.Variant = a.Base; variant != base {
			if a.Variant, err = gather(ctx, source, variant, applicant); err != nil {
				return err
			}
		}
		if err := yield(a); err != nil {
			return err
		}
	}
	return nil
}

func gather(ctx context.Context, source exchange.Source, p *pack.Package, applicant feel.Value) (pack.Facts, error) {
	f := pack.Facts{Application: p.Plain(), Applicant: applicant}
	got, missing, err := services.Gather(ctx, source, p, f, nil, nil, services.Asker{Actor: actor})
	if err != nil {
		return f, err
	}
	f.Evidence, f.Missing = services.Values(got), missing
	return f, nil
}

// actor asks the registers in nobody's name.
const actor = "system:simulation"

// purposeful says what the reading is for, whatever the case-work asks, and asks
// once about one applicant what both versions need.
type purposeful struct {
	r     Registered
	known map[string]answer
}

// answer is what a register said; err is nil or of kind errs.NotFound.
type answer struct {
	evidence exchange.Evidence
	err      error
}

func (s *purposeful) Fetch(ctx context.Context, q exchange.Request) (exchange.Evidence, error) {
	params, err := json.Marshal(q.Params)
	if err != nil {
		return exchange.Evidence{}, err
	}
	key := fmt.Sprintf("%q %q %s", q.Type, q.Subject, params)
	if a, ok := s.known[key]; ok {
		return a.evidence, a.err
	}
	q.Purpose, q.LegalBasis, q.Actor = "simulation", s.r.Basis, actor
	e, err := s.r.Source.Fetch(ctx, q)
	if err == nil || errs.KindOf(err) == errs.NotFound {
		s.known[key] = answer{e, err}
	}
	return e, err
}

func applicantOf(ctx context.Context, source exchange.Source, id string) (feel.Value, error) {
	e, err := source.Fetch(ctx, exchange.Request{Type: exchange.TypePerson, Subject: id})
	if errs.KindOf(err) == errs.NotFound && err != nil {
		return feel.Context(feel.Entry{Name: "id", Value: feel.String(id)}), nil
	}
	if err != nil {
		return feel.Null(), err
	}
	var person exchange.Person
	if err := e.Decode(&person); err != nil {
		return feel.Null(), err
	}
	return applicant(id, person.GivenName, person.FamilyName, person.BirthDate), nil
}

func applicant(id, given, family, birth string) feel.Value {
	born := feel.Null()
	if t, err := time.Parse(time.DateOnly, birth); err == nil {
		born = feel.DateOf(t)
	}
	return feel.Context(feel.Entry{Name: "id", Value: feel.String(id)}, feel.Entry{Name: "givenName", Value: feel.String(given)},
		feel.Entry{Name: "familyName", Value: feel.String(family)}, feel.Entry{Name: "birthDate", Value: born})
}

// File is people described in a file of JSON lines, one application each:
//
//	{"applicant": {"id": "…", "birthDate": "1980-01-01"}, "application": {…}, "evidence": {…}}
//
// The id is needed. application may be missing: then the plain answers count.
// evidence is by the ids of service.yaml, in the registers' form; what is not
// there, its register does not know.
type File struct {
	Path  string
	lines int
	key   []byte
}

// OpenFile counts the lines of a file; what they hold is read when they are
// needed.
func OpenFile(path string) (*File, error) {
	file, h := &File{Path: path}, sha256.New()
	err := file.lineByLine(func(_ int, line []byte) error {
		file.lines++
		h.Write(line)
		h.Write([]byte{'\n'})
		return nil
	})
	file.key = h.Sum(nil)
	return file, err
}

// Len is the number of lines.
func (f *File) Len() int { return f.lines }

// Key protects figures about the people of the file: the same file gives the same
// figures. It is a hash of the file, so it is a secret only to those who do not
// hold the file, for whom the figures are protected.
func (f *File) Key() []byte { return f.key }

// Each reads the file. A line that is no application is an error with its
// number.
func (f *File) Each(ctx context.Context, base, variant *pack.Package, yield func(Applicant) error) error {
	return f.lineByLine(func(n int, line []byte) error {
		var in struct {
			Applicant struct {
				ID         string `json:"id"`
				GivenName  string `json:"givenName"`
				FamilyName string `json:"familyName"`
				BirthDate  string `json:"birthDate"`
			} `json:"applicant"`
			Application map[string]any             `json:"application"`
			Evidence    map[string]json.RawMessage `json:"evidence"`
		}
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.UseNumber()
		dec.DisallowUnknownFields()
		if err := dec.Decode(&in); err != nil {
			return fmt.Errorf("%s:%d: %w", f.Path, n, err)
		}
		a := in.Applicant
		if a.ID == "" {
			return fmt.Errorf("%s:%d: applicant.id is missing", f.Path, n)
		}
		facts := func(p *pack.Package) pack.Facts {
			x := pack.Facts{Application: in.Application, Evidence: in.Evidence, Applicant: applicant(a.ID, a.GivenName, a.FamilyName, a.BirthDate)}
			if x.Application == nil {
				x.Application = p.Plain()
			}
			for _, e := range p.Service.Evidence {
				if _, ok := in.Evidence[e.ID]; !ok && e.By == "state" {
					x.Missing = append(x.Missing, e.ID)
				}
			}
			return x
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return yield(Applicant{ID: a.ID, Base: facts(base), Variant: facts(variant)})
	})
}

// maxLine bounds one application in a file.
const maxLine = 1 << 20

// lineByLine hands over every line that is not empty, with its number.
func (f *File) lineByLine(yield func(n int, line []byte) error) error {
	file, err := os.Open(f.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	s := bufio.NewScanner(io.Reader(file))
	s.Buffer(make([]byte, 64<<10), maxLine)
	n := 0
	for s.Scan() {
		if n++; len(bytes.TrimSpace(s.Bytes())) == 0 {
			continue
		}
		if err := yield(n, s.Bytes()); err != nil {
			return err
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", f.Path, n+1, err)
	}
	return nil
}
