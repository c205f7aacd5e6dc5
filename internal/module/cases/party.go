package cases

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/engine/feel"
	"passerelle/engine/form"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/mail"
)

// roleParty marks a task of somebody whom the application names: an employer, a
// second parent, a host.
const roleParty = "party"

// Invitation asks a party for its part, by a link and sign-in, until DueAt. Who
// signs in first with the link takes it, if the application does not name the
// one person who may.
type Invitation struct {
	Task, Case, Party string
	Code              string    // in the link; worth nothing without signing in
	Name, Email       string    // as the applicant named the party; Email "": the applicant passes the link on
	Lang              i18n.Lang // in which the party is written to
	Person            string    // the only one who may answer, "" whoever has the link
	Account           string    // who took it
	AnsweredBy        string    // display name of the account
	Status            InvitationStatus
	AskedAt, DueAt    time.Time
	EndedAt           time.Time
	Sent              int64 // mails so far
}

// InvitationStatus is the state of an invitation.
type InvitationStatus string

// The states of an invitation.
const (
	InvitationOpen     InvitationStatus = "open"
	InvitationTaken    InvitationStatus = "taken"    // somebody signed in with it and may answer
	InvitationAnswered InvitationStatus = "answered" //
	InvitationDeclined InvitationStatus = "declined" // it does not concern them
	InvitationEnded    InvitationStatus = "ended"    // its time is over, or the case is
)

// Open reports whether the party can still answer.
func (i Invitation) Open() bool { return i.Status == InvitationOpen || i.Status == InvitationTaken }

// maxMails is how often one party is written to, reminders included.
const maxMails = 12

// Invited is an invitation before the person who is asked: what it is about,
// and nothing of the case but what the service shows to the party.
type Invited struct {
	Invitation
	Number, Applicant string
	Authority         string
	Package           *pack.Package
	Facts             pack.Facts // for Package.Shows; not to be shown otherwise
	Answers           form.Answers
	Deadline          *Deadline // what the time to answer is counted from; nil when it is over
}

// Outside reports whether a task is nobody's of the authority.
func (t Task) Outside() bool { return t.Role == roleApplicant || t.Role == roleParty }

// partying reports whether somebody else than the applicant and the authority
// has a turn.
func (ch *change) partying() bool {
	return slices.ContainsFunc(ch.tasks, func(t Task) bool { return t.Status == TaskOpen && t.Role == roleParty })
}

// invite asks the party of a task that the process just reached.
func (ch *change) invite(t Task, cmd bpmn.Command) {
	x := ch.p.Party(cmd.Attrs["party"])
	if x == nil {
		return // refused at publishing
	}
	delete(ch.c.File.Parties, x.ID) // asked anew
	who := ch.p.Invite(x, ch.facts())
	inv := Invitation{Task: t.ID, Case: ch.c.ID, Party: x.ID, Code: randomCode(20), Name: who.Name, Email: who.Email, Lang: cmp.Or(who.Lang, ch.c.Lang), Person: who.Person,
		Status: InvitationOpen, AskedAt: ch.now, DueAt: t.DueAt}
	spans := strings.Fields(cmd.Attrs["remind"])
	next := t.DueAt
	for i, span := range slices.Backward(spans) {
		v, _ := feel.ParseTemporal(span) // checked at publishing
		if at, err := timerOf(nil, v, CountHours, ch.now); err == nil && at.Due.Before(t.DueAt) {
			ch.job("cases.remind", remindCause(cmd.ID, i), at.Due, inviteJob{Case: ch.c.ID, Task: t.ID, Next: next})
			next = at.Due
		}
	}
	ch.involve(who.Person)
	ch.enter("invited", true, map[string]string{"party": x.ID, "name": who.Name, "until": t.DueAt.Format(time.RFC3339)})
	if who.Email == "" {
		ch.notify("invited") // the applicant passes the link on
	}
	ch.post(&inv, false)
	ch.invitations = append(ch.invitations, inv)
	ch.touched[invitationKey(t.ID)] = taskNew
}

// involve keeps who has a part in the case, so that they do not decide it as an
// official.
func (ch *change) involve(who string) {
	if who != "" && !slices.Contains(ch.c.File.Involved, who) {
		ch.c.File.Involved = append(slices.Clone(ch.c.File.Involved), who)
	}
}

// isParty reports whether the actor has a part in the case.
func isParty(a Actor, c *Case) bool {
	return slices.Contains(c.File.Involved, a.Account) || a.Person != "" && slices.Contains(c.File.Involved, a.Person)
}

func remindCause(id string, i int) string { return "remind/" + id + "/" + strconv.Itoa(i) }

// invitationKey is where change.touched keeps an invitation.
func invitationKey(task string) string { return "invitation/" + task }

func (ch *change) invitation(task string) *Invitation {
	for i := range ch.invitations {
		if ch.invitations[i].Task == task {
			return &ch.invitations[i]
		}
	}
	return nil
}

// post mails the link, at most maxMails times for one invitation, and reports
// whether it does.
func (ch *change) post(inv *Invitation, reminder bool) bool {
	if inv.Email == "" || inv.Sent >= maxMails {
		return false
	}
	inv.Sent++
	ch.job("cases.invite", "invite/"+inv.Task+"/"+strconv.FormatInt(inv.Sent, 10), ch.now,
		inviteJob{Case: inv.Case, Task: inv.Task, Sent: inv.Sent, Reminder: reminder})
	return true
}

// endInvitation takes back an invitation that was not answered.
func (ch *change) endInvitation(task string) {
	if inv := ch.invitation(task); inv != nil && inv.Open() {
		ch.closeInvitation(inv, InvitationEnded)
	}
}

func (ch *change) closeInvitation(inv *Invitation, as InvitationStatus) {
	inv.Status, inv.EndedAt = as, ch.now
	if as == InvitationEnded && inv.EndedAt.After(inv.DueAt) {
		inv.EndedAt = inv.DueAt // not when we came to notice
	}
	ch.touch(invitationKey(inv.Task))
	if e, ok := ch.process().Element(ch.elementOf(inv.Task)); ok {
		for i := range strings.Fields(e.Attrs["remind"]) {
			ch.cancelJob(remindCause(ch.tokenOf(inv.Task), i))
		}
	}
}

func (ch *change) elementOf(task string) string {
	if t := ch.task(task); t != nil {
		return t.Element
	}
	return ""
}

// silence notes that the time of a party is over when the timer at its task is
// the one that fires: what follows in the process may ask for it.
func (ch *change) silence(timerElement string) {
	e, _ := ch.process().Element(timerElement)
	host, _ := ch.process().Element(e.Attached)
	if e.Stays || host.Attrs["kind"] != string(TaskContribute) {
		return
	}
	party := host.Attrs["party"]
	ch.takePart(party, pack.Contribution{Status: pack.Silent})
	ch.since = ch.fired.timer.Due // not when we came to notice
	ch.enter("silent", true, map[string]string{"party": party})
	ch.notify("silent")
}

func (ch *change) takePart(party string, c pack.Contribution) {
	parts := maps.Clone(ch.c.File.Parties)
	if parts == nil {
		parts = map[string]pack.Contribution{}
	}
	parts[party] = c
	ch.c.File.Parties = parts
}

// mayTake reports why somebody may not take an invitation, or nil.
func mayTake(a Actor, c *Case, inv Invitation) error {
	switch {
	case isApplicant(a, c):
		return errs.New(errs.Forbidden, "cases.party.own").With("name", inv.Name)
	case inv.Person != "" && a.Person != inv.Person:
		return errs.New(errs.Forbidden, "cases.party.other")
	case !inv.Open() && inv.Account != a.Account: // a link shows nothing for ever
		return errs.New(errs.Gone, "cases.party.over")
	case inv.Account != "" && inv.Account != a.Account:
		return errs.New(errs.Forbidden, "cases.party.taken")
	}
	return nil
}

// Invited returns the invitation of a link for the actor. Whoever it is not
// meant for gets errs.Forbidden, and the attempt is on record under route.
func (s *Service) Invited(ctx context.Context, a Actor, code, route string) (*Invited, error) {
	inv, err := s.store.invitation(ctx, s.DB.Read(), "code", code)
	if err != nil {
		return nil, err
	}
	c, err := s.store.byID(ctx, s.DB.Read(), inv.Case)
	if err != nil {
		return nil, err
	}
	if err := mayTake(a, c, inv); err != nil {
		s.recordRefusal(ctx, a, inv.Case, route)
		return nil, err
	}
	return s.invited(c, inv)
}

func (s *Service) invited(c *Case, inv Invitation) (*Invited, error) {
	p, err := s.Package(c)
	if err != nil {
		return nil, err
	}
	if p.Party(inv.Party) == nil { // no migration leads here; a package in the folder that was changed might
		return nil, errs.New(errs.Unavailable, "cases.packageMissing").Because("case %s: %s/%s has no party %s", c.ID, p.ID, p.Version, inv.Party)
	}
	x := &Invited{Invitation: inv, Number: c.Number, Applicant: c.Name, Authority: c.Authority, Package: p, Facts: factsOf(c),
		Answers: c.File.Parties[inv.Party].Answers}
	if inv.Open() {
		x.Deadline = s.calendar.ofParty(c, p, inv)
	}
	return x, nil
}

// ofParty explains a party's time: that of the timer at its task.
func (k *Calendar) ofParty(c *Case, p *pack.Package, inv Invitation) *Deadline {
	process := (&Dossier{Case: c, Package: p}).Process()
	for _, w := range c.File.Process.Waits() {
		t, ok := c.File.Timers[w.ID]
		host, _ := process.Element(hostOf(process, w.Element))
		if ok && w.Kind == bpmn.WaitTimer && host.Attrs["party"] == inv.Party && t.Due.Equal(inv.DueAt) {
			x := k.limit(Deadline{Of: OfAnswer, From: t.From, Span: t.Span, Counts: t.Counts}, t.Due)
			return &x
		}
	}
	return nil
}

// Invitations lists what the actor is, or was, asked to contribute; what is
// still open comes first.
func (s *Service) Invitations(ctx context.Context, a Actor, limit int) ([]*Invited, error) {
	all, err := s.store.invited(ctx, s.DB.Read(), a.Account, a.Person, limit)
	if err != nil {
		return nil, err
	}
	var out []*Invited
	for _, inv := range all {
		c, err := s.store.byID(ctx, s.DB.Read(), inv.Case)
		if err != nil {
			return nil, err
		}
		one, err := s.invited(c, inv)
		if errs.KindOf(err) == errs.Unavailable && err != nil {
			continue // its package is not loaded: nothing can be told of it now
		}
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// ofParty changes a case in the name of a party whose invitation is open.
func (s *Service) ofParty(ctx context.Context, a Actor, caseID, task string, fn func(*change, *Task, *Invitation) error) error {
	return s.change(ctx, a, caseID, func(*Case) error { return nil }, func(ch *change) error {
		inv, t := ch.invitation(task), ch.task(task)
		if inv == nil || t == nil {
			return errs.New(errs.NotFound, "cases.party.unknown")
		}
		if err := mayTake(a, ch.c, *inv); err != nil {
			return err
		}
		if !inv.Open() {
			return errs.New(errs.Gone, "cases.party.over")
		}
		return fn(ch, t, inv)
	})
}

// Accept gives the invitation to the actor: nobody else can answer it then.
func (s *Service) Accept(ctx context.Context, a Actor, inv Invitation) error {
	return s.ofParty(ctx, a, inv.Case, inv.Task, func(ch *change, _ *Task, inv *Invitation) error {
		if inv.Account == a.Account {
			return nil
		}
		inv.Account, inv.AnsweredBy, inv.Status = a.Account, a.Name, InvitationTaken
		ch.involve(a.Account)
		ch.touch(invitationKey(inv.Task))
		ch.enter("accepted", true, map[string]string{"party": inv.Party})
		return nil
	})
}

// Decline ends the part of a party: it says that it does not concern them.
func (s *Service) Decline(ctx context.Context, a Actor, inv Invitation, reasons string) error {
	return s.ofParty(ctx, a, inv.Case, inv.Task, func(ch *change, t *Task, inv *Invitation) error {
		if err := checkReasons(reasons, true); err != nil {
			return err
		}
		inv.Account, inv.AnsweredBy = a.Account, a.Name
		ch.involve(a.Account)
		return ch.contribute(t, inv, InvitationDeclined, pack.Contribution{Status: pack.Declined, Name: a.Name}, strings.TrimSpace(reasons))
	})
}

// PartFacts returns what the form of a party's task rests on, for the account
// that has accepted it, also when it has answered: who got no receipt sends again.
func (s *Service) PartFacts(ctx context.Context, a Actor, task string) (pack.Facts, error) {
	inv, err := s.store.invitation(ctx, s.DB.Read(), "task_id", task)
	if err != nil {
		return pack.Facts{}, err
	}
	if inv.Account != a.Account || a.Account == "" {
		s.recordRefusal(ctx, a, inv.Case, "part")
		return pack.Facts{}, errs.New(errs.NotFound, "cases.party.unknown")
	}
	if !inv.Open() && inv.Status != InvitationAnswered {
		return pack.Facts{}, errs.New(errs.Gone, "cases.party.over")
	}
	c, err := s.store.byID(ctx, s.DB.Read(), inv.Case)
	if err != nil {
		return pack.Facts{}, err
	}
	return factsOf(c), nil
}

// Contribute takes the answers of a party and runs the process on. Sending the
// same again returns the same receipt; wrong answers are errs.Invalid with an
// InvalidApplication inside.
func (s *Service) Contribute(ctx context.Context, part services.Part) (Receipt, error) {
	inv, err := s.store.invitation(ctx, s.DB.Read(), "task_id", part.Task)
	if err != nil {
		return Receipt{}, err
	}
	var receipt Receipt
	err = s.ofParty(ctx, part.Actor, inv.Case, part.Task, func(ch *change, t *Task, inv *Invitation) error {
		if inv.Account != part.Actor.Account {
			return errs.New(errs.NotFound, "cases.party.unknown")
		}
		x := ch.p.Party(inv.Party)
		if x == nil {
			return errs.New(errs.Unavailable, "cases.packageMissing").Because("case %s: %s/%s has no party %s", ch.c.ID, ch.p.ID, ch.p.Version, inv.Party)
		}
		clean, wrong := x.Form.Validate(ch.p.PartyEnv(ch.facts(), part.Answers, applicantOf(part.Actor).Value()))
		if len(wrong) > 0 {
			return errs.Wrap(errs.Invalid, "cases.invalid", InvalidApplication{wrong})
		}
		ch.takeDocuments(x.Form, clean)
		receipt, err = partReceipt(ch.c, clean, ch.now)
		if err != nil {
			return err
		}
		return ch.contribute(t, inv, InvitationAnswered, pack.Contribution{Status: pack.Answered, Name: part.Actor.Name, Answers: clean}, "")
	})
	if errs.KindOf(err) == errs.Gone {
		return s.contributed(ctx, part, inv, err)
	}
	return receipt, err
}

// contributed answers a part that is sent a second time: with its receipt.
func (s *Service) contributed(ctx context.Context, part services.Part, inv Invitation, otherwise error) (Receipt, error) {
	inv, err := s.store.invitation(ctx, s.DB.Read(), "task_id", inv.Task)
	if err != nil {
		return Receipt{}, err
	}
	if inv.Status != InvitationAnswered || inv.Account != part.Actor.Account {
		return Receipt{}, otherwise
	}
	c, err := s.store.byID(ctx, s.DB.Read(), inv.Case)
	if err != nil {
		return Receipt{}, err
	}
	p, err := s.Package(c)
	if err != nil {
		return Receipt{}, err
	}
	if p.Party(inv.Party) == nil {
		return Receipt{}, otherwise
	}
	before, err := partReceipt(c, c.File.Parties[inv.Party].Answers, inv.EndedAt)
	if err != nil {
		return Receipt{}, err
	}
	clean, wrong := p.Party(inv.Party).Form.Validate(p.PartyEnv(factsOf(c), part.Answers, applicantOf(part.Actor).Value()))
	if again, err := partReceipt(c, clean, inv.EndedAt); err != nil || len(wrong) > 0 || again != before {
		return Receipt{}, otherwise
	}
	return before, nil
}

func partReceipt(c *Case, answers form.Answers, at time.Time) (Receipt, error) {
	_, hash, err := hashOf(answers)
	return Receipt{Case: c.ID, Number: c.Number, ReceivedAt: at, ContentHash: hash}, err
}

// contribute records the part and completes its task.
func (ch *change) contribute(t *Task, inv *Invitation, as InvitationStatus, c pack.Contribution, reasons string) error {
	ch.closeInvitation(inv, as)
	ch.takePart(inv.Party, c)
	ch.notify("contributed")
	return ch.finishTask(t, Result{Status: c.Status, Reasons: reasons, By: ch.actor.Account, Name: ch.actor.Name, At: ch.now})
}

// Readdress sends a party's link again, to another address if the applicant
// mistook it, and in another language if lang says one. A new link is made: the old one may lie in a stranger's inbox.
// One that somebody has taken begins anew, if it was for nobody by name: the one
// who took it may have been the wrong one.
func (s *Service) Readdress(ctx context.Context, a Actor, caseID, task, email string, lang i18n.Lang) error {
	return s.change(ctx, a, caseID, applicant(a), func(ch *change) error {
		inv := ch.invitation(task)
		switch {
		case inv == nil:
			return errs.New(errs.NotFound, "cases.party.unknown")
		case !inv.Open():
			return errs.New(errs.Gone, "cases.party.over")
		case inv.Sent >= maxMails:
			return errs.New(errs.TooMany, "cases.party.tooMany")
		case inv.Status == InvitationOpen || inv.Person == "":
			inv.Code, inv.Email, inv.Status, inv.Account, inv.AnsweredBy = randomCode(20), email, InvitationOpen, "", ""
		}
		inv.Lang = cmp.Or(lang, inv.Lang)
		ch.post(inv, inv.Status == InvitationTaken)
		ch.touch(invitationKey(task))
		ch.enter("readdressed", true, map[string]string{"party": inv.Party})
		return nil
	})
}

// remind writes to a party that has not answered yet, and tells the applicant.
func (s *Service) remind(ctx context.Context, j inviteJob) error {
	return s.bySystem(ctx, j.Case, func(ch *change) error {
		inv := ch.invitation(j.Task)
		if inv == nil || !inv.Open() || !ch.now.Before(j.Next) { // noticed late: the next one says it
			return nil
		}
		if !ch.post(inv, true) {
			ch.notify("invited") // the applicant passes the link on, once more
			return nil
		}
		ch.touch(invitationKey(j.Task))
		ch.enter("reminded", true, map[string]string{"party": inv.Party})
		ch.notify("reminded")
		return nil
	})
}

// sendInvitation mails the link. The mail names service, authority and date,
// and nobody.
func (s *Service) sendInvitation(ctx context.Context, j inviteJob) error {
	inv, err := s.store.invitation(ctx, s.DB.Read(), "task_id", j.Task)
	if err != nil || s.Mail == nil || !inv.Open() || !s.now().Before(inv.DueAt) {
		return err
	}
	c, err := s.store.byID(ctx, s.DB.Read(), j.Case)
	if err != nil {
		return err
	}
	p, err := s.Package(c)
	if err != nil {
		return err
	}
	loc := s.Texts.For(inv.Lang)
	m := mail.Message{ID: "invite/" + j.Task + "/" + strconv.FormatInt(j.Sent, 10), To: inv.Email}
	about := []any{"service", p.T(inv.Lang, "service.title"), "authority", s.Packages.AuthorityName(inv.Lang, c.Authority),
		"date", inv.DueAt, "link", s.Link(inv)}
	if j.Reminder {
		m.Subject, m.Text = loc.T("cases.mail.remind.subject"), loc.T("cases.mail.remind.text", about...)
	} else {
		m.Subject, m.Text = loc.T("cases.mail.invite.subject"), loc.T("cases.mail.invite.text", about...)
	}
	return s.Mail.Send(ctx, m)
}

// Link is the address that the party opens, in its language.
func (s *Service) Link(inv Invitation) string {
	return s.URL + "/" + string(inv.Lang) + "/invitations/" + inv.Code
}
