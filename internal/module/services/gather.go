package services

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
)

// Asker says in whose name evidence is fetched, and for which case ("" while
// the application is still being written).
type Asker struct {
	Actor, Case string
}

// Gather fetches the evidence a service takes from registers (want names it;
// none means all), in the order of service.yaml, so that one answer can name the
// subjects of the next. What stands in have is not fetched again. The result
// holds have and what was fetched; missing names what its register does not
// have. A register that cannot answer is an error of kind errs.Unavailable,
// with everything gathered before it.
func Gather(ctx context.Context, source exchange.Source, p *pack.Package, f pack.Facts, have map[string]exchange.Evidence, want []string, who Asker) (got map[string]exchange.Evidence, missing []string, err error) {
	got = maps.Clone(have)
	if got == nil {
		got = map[string]exchange.Evidence{}
	}
	if f.Reading == nil {
		f.Reading = new(pack.Reading) // each subject is found in what came before
	}
	for _, spec := range p.Service.Evidence {
		if spec.By != "state" || (len(want) > 0 && !slices.Contains(want, spec.ID)) {
			continue
		}
		if _, done := got[spec.ID]; done {
			continue
		}
		f.Evidence = Values(got)
		subjects, isList, err := p.Subjects(spec, f)
		if err != nil {
			return got, missing, errs.New(errs.Internal, "").Because("%s/%s: evidence %s: %w", p.ID, p.Version, spec.ID, err)
		}
		e, found, err := fetch(ctx, source, p, spec, subjects, isList, who)
		if err != nil {
			return got, missing, err
		}
		if !found {
			missing = append(missing, spec.ID)
			continue
		}
		got[spec.ID] = e
	}
	return got, missing, nil
}

// fetch asks for one piece of evidence about each subject. For a list of
// subjects the answer is an array in their order, null where the register
// knows nothing, as old as its oldest part.
func fetch(ctx context.Context, source exchange.Source, p *pack.Package, spec pack.EvidenceSpec, subjects []string, isList bool, who Asker) (exchange.Evidence, bool, error) {
	all := exchange.Evidence{Type: spec.Type}
	var values [][]byte
	found := false
	for _, subject := range subjects {
		e, err := source.Fetch(ctx, exchange.Request{
			Subject: subject, Type: spec.Type, Params: spec.Params, Case: who.Case, Actor: who.Actor,
			Purpose: p.ID + "/" + spec.ID, LegalBasis: spec.Legal,
		})
		switch {
		case errs.KindOf(err) == errs.NotFound:
			values = append(values, []byte("null"))
			continue
		case err != nil:
			return all, false, fmt.Errorf("evidence %s: %w", spec.ID, err)
		}
		if !isList {
			return e, true, nil
		}
		if !found || e.AsOf.Before(all.AsOf) {
			all.AsOf = e.AsOf
		}
		all.Source, all.Reference, found = e.Source, e.Reference, true
		values = append(values, e.Value)
	}
	all.Value = json.RawMessage("[" + string(bytes.Join(values, []byte(","))) + "]")
	return all, found && isList, nil
}

// Values returns the registers' answers alone, as a package's facts hold them.
func Values(evidence map[string]exchange.Evidence) map[string]json.RawMessage {
	v := make(map[string]json.RawMessage, len(evidence))
	for id, e := range evidence {
		v[id] = e.Value
	}
	return v
}

// Meta returns where each piece of evidence came from, as an explanation cites
// it.
func Meta(evidence map[string]exchange.Evidence) map[string]pack.EvidenceMeta {
	m := make(map[string]pack.EvidenceMeta, len(evidence))
	for id, e := range evidence {
		m[id] = pack.EvidenceMeta{Source: e.Source, AsOf: e.AsOf}
	}
	return m
}
