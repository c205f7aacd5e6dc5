package cases

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"passerelle/engine/bpmn"
	"passerelle/engine/form"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
)

// TestWhateverHappens lets random people do random things, rightly and
// wrongly, while registers fail and time passes. Whatever they do, each case
// has something by name that it waits for, or has ended; and what the store
// says agrees with the process.
func TestWhateverHappens(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		rapid.Check(t, func(rt *rapid.T) {
			w.at(monday)
			w.Service.Payments, w.reg.down = w.bank, false
			p := &play{world: w, rt: rt}
			p.world.t = t
			a := wish(rapid.SampledFrom([]string{"granted", "refused", "judgement"}).Draw(rt, "hoped"), "1817.00")
			delete(a, "name")
			service := rapid.SampledFrom([]string{"grant", "permit", "permit", "extract", "leave", "leave"}).Draw(rt, "service")
			w.reg.set(rapid.Bool().Draw(rt, "register down"))
			r, err := w.Submit(context.Background(), w.submission(alice, service, db.NewID(w.clock), a))
			if err != nil {
				rt.Fatal(err)
			}
			p.ids = []string{r.Case}
			p.check("submitted")
			for range rapid.IntRange(1, 16).Draw(rt, "steps") {
				p.check(p.step())
			}
		})
	})
}

// play is one random story: a case and the appeal against it.
type play struct {
	*world
	rt  *rapid.T
	ids []string

	back bool // the clock was put back: the order of the timeline is its numbers'
	cut  bool // transactions may be cut between two writes
	cuts int  // how many commands failed for that
}

var crowd = []Actor{alice, bob, fritz, fiona, pierre, paula, helene, official("a-hugo", "Hugo", "permits", RoleHeadOfUnit), frieda, oscar, firm}

// step does one thing and returns its name.
func (p *play) step() string {
	ctx, rt := context.Background(), p.rt
	id := rapid.SampledFrom(p.ids).Draw(rt, "case")
	c, err := p.store.byID(ctx, p.DB.Read(), id)
	p.ok(err)
	tasks, err := p.store.tasks(ctx, p.DB.Read(), id)
	p.ok(err)
	requests, err := p.store.requests(ctx, p.DB.Read(), id)
	p.ok(err)
	whole, itsTasks, itsRequests, err := p.store.whole(ctx, p.DB.Read(), id)
	p.ok(err)
	if whole.ID != id || whole.rev != c.rev || !reflect.DeepEqual(itsTasks, tasks) || !reflect.DeepEqual(itsRequests, requests) {
		rt.Fatalf("read by one statement: revision %d, %+v, %+v; one by one: revision %d, %+v, %+v", whole.rev, itsTasks, itsRequests, c.rev, tasks, requests)
	}

	// mostly somebody who may, sometimes anybody
	who := rapid.SampledFrom(crowd).Draw(rt, "who")
	task := Task{ID: "nothing"}
	if len(tasks) > 0 {
		task = rapid.SampledFrom([]Task{tasks[len(tasks)-1], tasks[len(tasks)-1], tasks[0]}).Draw(rt, "task")
	}
	reasons := rapid.SampledFrom([]string{because, because, ""}).Draw(rt, "reasons")
	outcome := rapid.SampledFrom([]pack.Outcome{pack.Granted, pack.Granted, pack.Refused}).Draw(rt, "outcome")
	yes := rapid.Bool().Draw(rt, "yes")
	request := "nothing"
	if len(requests) > 0 {
		request = requests[len(requests)-1].ID
	}
	steps := []struct {
		name string
		do   func() error
	}{
		{"work", func() error { // do what the task asks for
			switch task.Kind {
			case TaskPay:
				return p.Paid(ctx, alice, id, task.ID, "receipt")
			case TaskJudge:
				return p.Judge(ctx, who, id, task.ID, yes, reasons)
			case TaskApprove:
				return p.Approve(ctx, who, id, task.ID, yes, reasons)
			case TaskContribute:
				return p.contributes(task, who, yes)
			}
			return p.Decide(ctx, who, id, task.ID, outcome, "", reasons)
		}},
		{"ask", func() error { return p.Ask(ctx, who, id, reasons) }},
		{"answer", func() error { return p.Answer(ctx, alice, id, request, "Here it is.", nil) }},
		{"claim", func() error { return p.Claim(ctx, who, id, task.ID) }},
		{"release", func() error { return p.Release(ctx, who, id, task.ID) }},
		{"reassign", func() error { return p.Reassign(ctx, who, id, task.ID, paula.Account, paula.Name) }},
		{"extend", func() error { return p.Extend(ctx, who, id, reasons) }},
		{"note", func() error { return p.Note(ctx, who, id, reasons) }},
		{"withdraw", func() error { return p.Withdraw(ctx, who, id) }},
		{"appeal", func() error {
			r, err := p.Appeal(ctx, alice, id, "I contest this decision.", "fr")
			if err == nil && !slices.Contains(p.ids, r.Case) {
				p.ids = append(p.ids, r.Case)
			}
			return err
		}},
		{"run", func() error { _, err := p.Queue.RunDue(ctx); return err }},
		{"an hour", func() error { p.clock.Advance(time.Hour); _, err := p.Queue.RunDue(ctx); return err }},
		{"a month", func() error { p.clock.Advance(30 * day); _, err := p.Queue.RunDue(ctx); return err }},
		// A clock is set wrong, or put right.
		{"the clock jumps", func() error {
			jump := rapid.SampledFrom([]time.Duration{-time.Second, -time.Hour, -2 * day, 400 * day}).Draw(rt, "jump")
			p.back = p.back || jump < 0
			p.clock.Advance(jump)
			_, err := p.Queue.RunDue(ctx)
			return err
		}},
		{"to the deadline", func() error {
			if deadline, ok := c.File.Clock.Deadline(); ok && deadline.After(p.clock.Now()) {
				p.at(deadline.Add(time.Microsecond))
			}
			_, err := p.Queue.RunDue(ctx)
			return err
		}},
		{"register", func() error { p.reg.set(!yes); return nil }},
		{"bank", func() error {
			if p.Service.Payments = p.bank; yes {
				p.Service.Payments = nil
			}
			return nil
		}},
		{"party", func() error { // the one who is meant, mostly
			invitations, err := p.store.invitations(ctx, p.DB.Read(), id)
			p.ok(err)
			if len(invitations) == 0 {
				return nil
			}
			i := rapid.SampledFrom(invitations).Draw(rt, "invitation")
			meant := map[string]Actor{"employer": firm, "partner": bob}[i.Party]
			return p.contributes(Task{ID: i.Task, Case: id, Element: i.Party + "Answers"}, rapid.SampledFrom([]Actor{meant, meant, who}).Draw(rt, "party"), yes)
		}},
		{"readdress", func() error {
			invitations, err := p.store.invitations(ctx, p.DB.Read(), id)
			p.ok(err)
			if len(invitations) == 0 {
				return nil
			}
			return p.Readdress(ctx, rapid.SampledFrom([]Actor{alice, alice, who}).Draw(rt, "by"), id, invitations[0].Task, "other@example.test", "")
		}},
		{"operator", func() error {
			incidents, err := p.Queue.Incidents(ctx, "", 100)
			p.ok(err)
			for _, i := range incidents {
				if err := p.Queue.Resume(ctx, i.ID); err != nil {
					return err
				}
			}
			return p.Resume(ctx, oscar, id)
		}},
	}
	weights := []int{0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 11, 12, 13, 14, 15, 16, 16, 17, 18, 19}
	s := steps[rapid.SampledFrom(weights).Draw(rt, "step")]
	switch err := s.do(); {
	case err == nil:
	case p.cut && strings.Contains(err.Error(), "cut between two writes"):
		p.cuts++
	case errs.KindOf(err) == errs.Internal:
		rt.Fatalf("%s: %v", s.name, err)
	}
	return s.name
}

// contributes takes an invitation, and answers or declines it.
func (p *play) contributes(t Task, who Actor, yes bool) error {
	ctx := context.Background()
	inv, err := p.store.invitation(ctx, p.DB.Read(), "task_id", t.ID)
	if err != nil {
		return err
	}
	switch rapid.SampledFrom([]string{"accept", "answer", "answer", "decline"}).Draw(p.rt, "part") {
	case "accept":
		return p.Accept(ctx, who, inv)
	case "decline":
		return p.Decline(ctx, who, inv, because)
	}
	if err := p.Accept(ctx, who, inv); err != nil {
		return err
	}
	answers := confirms
	if inv.Party == "employer" {
		if answers = (form.Answers{"agrees": false}); yes {
			answers = agrees
		}
	}
	_, err = p.Contribute(ctx, services.Part{Task: t.ID, Actor: who, Answers: answers})
	return err
}

func (p *play) ok(err error) {
	if err != nil {
		p.rt.Fatal(err)
	}
}

// check holds the cases against what must always be true.
func (p *play) check(after string) {
	for _, id := range p.ids {
		d := p.file(id)
		fail := func(format string, args ...any) {
			p.rt.Fatalf("after %q, %s %s (%s): "+format, append([]any{after, d.Service, d.Kind, d.Status}, args...)...)
		}
		for i, e := range d.Timeline {
			if e.Seq != int64(i+1) || i > 0 && !p.back && e.At.Before(d.Timeline[i-1].At) {
				fail("entry %d is %+v", i+1, e)
			}
		}
		if d.entries != int64(len(d.Timeline)) {
			fail("%d entries are counted, %d stored", d.entries, len(d.Timeline))
		}
		if err := d.Process().Verify(d.File.Process); err != nil {
			fail("%v", err)
		}

		var waits, people, open []string
		for _, x := range d.File.Process.Waits() {
			switch x.Kind {
			case bpmn.WaitSignal: // the event subprocess for silence: nothing by itself
			case bpmn.WaitUser:
				people = append(people, id+"/"+x.ID)
				waits = append(waits, x.ID)
			case bpmn.WaitService:
				waits = append(waits, x.ID)
				if p.count(`SELECT COUNT(*) FROM work_job WHERE id = $1 OR id = $2`, id+"/evidence/"+x.ID, id+"/payout/"+x.ID) == 0 {
					fail("nothing works on %s", x.ID)
				}
			case bpmn.WaitTimer:
				waits = append(waits, x.ID)
				if p.count(`SELECT COUNT(*) FROM work_job WHERE id = $1`, id+"/timer/"+x.ID) != 1 {
					fail("nobody watches the timer %s", x.ID)
				}
			default:
				waits = append(waits, x.ID)
			}
		}
		owing, partying := false, 0
		for _, x := range d.Tasks {
			if x.Status == TaskOpen || x.Status == TaskWaiting {
				open = append(open, x.ID)
				owing = owing || x.Role == roleApplicant
				if x.Role == roleParty {
					partying++
					if i := p.part(id, strings.TrimSuffix(x.Element, "Answers")); !i.Open() || !i.DueAt.Equal(x.DueAt) || x.DueAt.IsZero() {
						fail("%+v is open, and its invitation is %+v", x, i)
					}
				}
			}
		}
		slices.Sort(open)
		slices.Sort(people)
		if strings.Join(open, " ") != strings.Join(people, " ") {
			fail("tasks %v, the process waits for %v", open, people)
		}

		asking := false
		for _, r := range d.Requests {
			if r.Status != RequestOpen {
				continue
			}
			asking = true
			if p.count(`SELECT COUNT(*) FROM work_job WHERE id = $1`, id+"/request/"+r.ID) != 1 {
				fail("nobody notices when %+v lapses", r)
			}
		}
		for _, x := range d.Tasks {
			if asking && x.Status == TaskOpen && !x.Outside() {
				fail("%+v is open while the applicant is asked", x)
			}
			if !asking && x.Status == TaskWaiting {
				fail("%+v waits for nothing", x)
			}
		}

		invited := 0
		for _, i := range d.Invitations {
			said, part := d.File.Parties[i.Party], i.Status != InvitationEnded && !i.Open()
			switch {
			case i.Open():
				invited++
			case p.count(`SELECT COUNT(*) FROM work_job WHERE kind = 'cases.remind' AND job_key = $1 AND payload LIKE $2`, id, "%"+i.Task+"%") > 0:
				fail("a reminder is planned for %+v", i)
			}
			if part && said.Status != string(i.Status) || i.Open() && said.Status != "" {
				fail("the part is %+v, the invitation %+v", said, i)
			}
		}
		if invited != partying {
			fail("%d tasks of parties, %d open invitations", partying, invited)
		}

		ended := d.Status == Closed || d.Status == Withdrawn
		deadline, running := d.File.Clock.Deadline()
		switch {
		case ended && (len(waits) > 0 || asking || running):
			fail("it has ended, but waits for %v, asks %v, clock %+v", waits, asking, d.File.Clock)
		case !ended && len(waits) == 0:
			fail("it waits for nothing: %+v", d.File.Process)
		case (d.Status == Waiting) != (!ended && (asking || owing)):
			fail("asking %v, owing %v", asking, owing)
		case (d.Status == Asking) != (!ended && partying > 0 && !asking && !owing):
			fail("%d parties have their turn", partying)
		case running && (asking || owing || partying > 0):
			fail("the clock runs while the applicant has to act")
		case running && p.count(`SELECT COUNT(*) FROM work_job WHERE id = $1`, id+"/"+deadlineCause(deadline)) != 1:
			fail("nobody notices the deadline %v", deadline)
		case !running && !ended && !asking && !owing && partying == 0 && d.File.Clock.End == "":
			fail("the clock stands still for nobody: %+v", d.File.Clock)
		case d.File.Decision != nil && d.Outcome != d.File.Decision.Outcome:
			fail("outcome %s, decision %+v", d.Outcome, d.File.Decision)
		case (d.Status == Decided) != (d.File.Decision != nil && !ended):
			fail("decision %+v", d.File.Decision)
		case d.File.Incident != "" && !slices.ContainsFunc(d.File.Process.Waits(), func(x bpmn.Wait) bool { return x.Kind == bpmn.WaitIncident }):
			fail("incident %q, but none waits", d.File.Incident)
		}
		var in, out int
		for _, x := range d.Payments {
			if x.Direction == "in" {
				in++
			} else {
				out++
			}
		}
		standing := 0 // not revoked by a granted appeal
		for _, x := range d.Certificates {
			if x.RevokedAt.IsZero() {
				standing++
			}
		}
		if in > 1 || out > 1 || standing > 1 {
			fail("%d fees, %d payouts, %d certificates", in, out, standing)
		}
	}
}
