package cases

import (
	"context"
	"slices"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/internal/platform/errs"
)

// maxLookup is the most cases that Lookup returns at once.
const maxLookup = 200

// Lookup finds cases of an authority the actor works for, in whatever state:
// by parts of the number or name, all words of text in any order, regardless
// of case and accents. It returns at most limit of them (1 to 200), newest
// first, and none for an empty text. Another authority is errs.Forbidden.
func (s *Service) Lookup(ctx context.Context, a Actor, authority, text string, limit int) ([]Row, error) {
	if !worksFor(a, authority) {
		return nil, errs.New(errs.Forbidden, "cases.notYourAuthority")
	}
	return s.store.lookup(ctx, s.DB.Read(), authority, text, min(max(limit, 1), maxLookup))
}

// NextTask looks at no more than this many rows: pages times rows. It costs a
// query for each page, and one more for a page on which four eyes matter.
const (
	nextRows  = 20
	nextPages = 5
)

// NextTask returns the first task of a queue that the actor could complete:
// nobody else has it, it is in their role, the case is not their own, and they
// neither took part in the contested decision nor did the work that is to be
// approved. Cases with the id except are left out. It is nil when there is none
// among the first hundred that are theirs to take; f.Limit is ignored.
func (s *Service) NextTask(ctx context.Context, a Actor, f QueueFilter, except string) (*QueueRow, error) {
	if !worksFor(a, f.Authority) {
		return nil, errs.New(errs.Forbidden, "cases.notYourAuthority")
	}
	f.Limit = nextRows
	f.takers = &takers{account: a.Account, person: a.Person, headOfUnit: a.HasIn(f.Authority, RoleHeadOfUnit), except: except}
	for range nextPages {
		rows, err := s.store.queue(ctx, s.DB.Read(), f)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		row, err := s.firstUnbarred(ctx, a, rows)
		if row != nil || err != nil || len(rows) < nextRows {
			return row, err
		}
		f.After = rows[len(rows)-1].Cursor()
	}
	return nil, nil
}

// firstUnbarred returns the first row whose task the actor is not barred from,
// or nil.
func (s *Service) firstUnbarred(ctx context.Context, a Actor, rows []QueueRow) (*QueueRow, error) {
	i := slices.IndexFunc(rows, func(r QueueRow) bool { return r.Kind != Appeal && s.fourEyesOf(r) == "" && !s.hasParties(r) })
	if i < 0 {
		i = len(rows)
	}
	var ids []string // of the rows before it: their files know who worked on them
	for _, r := range rows[:i] {
		ids = append(ids, r.ID)
	}
	files, err := s.store.workersOf(ctx, s.DB.Read(), ids)
	if err != nil {
		return nil, err
	}
	for n := range i {
		w := files[rows[n].ID]
		party := slices.Contains(w.Involved, a.Account) || a.Person != "" && slices.Contains(w.Involved, a.Person)
		if before := s.fourEyesOf(rows[n]); !party && !slices.Contains(w.Excluded, a.Account) && (before == "" || w.Results[before].By != a.Account) {
			return &rows[n], nil
		}
	}
	if i < len(rows) {
		return &rows[i], nil
	}
	return nil, nil
}

// hasParties reports whether others may have a part in the row's case.
func (s *Service) hasParties(r QueueRow) bool {
	p, ok := s.Packages.Kept(r.Service, r.Version)
	return ok && len(p.Parties()) > 0
}

// fourEyesOf returns the element whose worker may not complete the row's task,
// or "".
func (s *Service) fourEyesOf(r QueueRow) string {
	var process *bpmn.Process
	if r.Kind == Appeal {
		process = appealProcess
	} else if p, ok := s.Packages.Kept(r.Service, r.Version); ok {
		process = p.Process
	} else {
		return ""
	}
	e, ok := process.Element(r.Element)
	if !ok {
		return ""
	}
	return e.Attrs["fourEyes"]
}

// Applied returns the identification numbers of all who have applied for a
// service since a moment and have not withdrawn. It is for counting only: who
// asks shows no number and no small count.
func (s *Service) Applied(ctx context.Context, service string, since time.Time) (map[string]bool, error) {
	return s.store.applied(ctx, s.DB.Read(), service, since)
}
