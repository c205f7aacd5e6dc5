package simulation

import (
	"bufio"
	"bytes"
	"context"
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

// Each asks the registers about everybody. A register that knows nothing of
// somebody leaves that evidence out; one that does not answer ends the run.
func (r Registered) Each(ctx context.Context, p *pack.Package, yield func(pack.Facts) error) error {
	source := purposeful{r}
	for _, id := range r.Applicants {
		applicant, err := applicantOf(ctx, source, id)
		if err != nil {
			return err
		}
		f := pack.Facts{Application: p.Plain(), Applicant: applicant}
		got, _, err := services.Gather(ctx, source, p, f, nil, nil, services.Asker{Actor: actor})
		if err != nil {
			return err
		}
		f.Evidence = services.Values(got)
		if err := yield(f); err != nil {
			return err
		}
	}
	return nil
}

// actor asks the registers in nobody's name.
const actor = "system:simulation"

// purposeful says what the reading is for, whatever the case-work asks.
type purposeful struct{ r Registered }

func (s purposeful) Fetch(ctx context.Context, q exchange.Request) (exchange.Evidence, error) {
	q.Purpose, q.LegalBasis, q.Actor = "simulation", s.r.Basis, actor
	return s.r.Source.Fetch(ctx, q)
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
// application may be missing: then the plain answers count. evidence is by the
// ids of service.yaml, in the registers' form.
type File struct {
	Path  string
	lines int
}

// OpenFile counts the lines of a file; what they hold is read when they are
// needed.
func OpenFile(path string) (*File, error) {
	file := &File{Path: path}
	return file, file.lineByLine(func(int, []byte) error { file.lines++; return nil })
}

// Len is the number of lines.
func (f *File) Len() int { return f.lines }

// Each reads the file. A line that is no application is an error with its
// number.
func (f *File) Each(ctx context.Context, p *pack.Package, yield func(pack.Facts) error) error {
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
		facts := pack.Facts{Application: in.Application, Evidence: in.Evidence, Applicant: applicant(a.ID, a.GivenName, a.FamilyName, a.BirthDate)}
		if facts.Application == nil {
			facts.Application = p.Plain()
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return yield(facts)
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
