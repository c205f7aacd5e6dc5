package workbench

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"passerelle/internal/module/cases"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/work"
)

// incidentsShown is how many failed jobs and cases stand on the page at once;
// the next come up as these are mended.
const incidentsShown = 100

// runsShown is how many of the last runs over many cases stand on the page.
const runsShown = 5

// operationsPage is what the operator's page is drawn from.
type operationsPage struct {
	bench     *Bench
	l         *i18n.Locale
	now       time.Time
	health    work.Health
	incidents []work.Incident
	stuck     []cases.Stuck
	groups    []cases.Group
	runs      []cases.Run
	done      string // what was mended, a text key below workbench.operations.done
	mended    int    // all jobs: how many
	problem   string
	key       string // of the problem
	typed     url.Values
}

func (b *Bench) showOperations(w http.ResponseWriter, r *http.Request) error {
	done := r.URL.Query().Get("done")
	if !locale(r).Has("workbench.operations.done." + done) {
		done = ""
	}
	mended, _ := strconv.Atoi(r.URL.Query().Get("mended"))
	return b.renderOperations(w, r, http.StatusOK, operationsPage{done: done, mended: max(mended, 0)})
}

func (b *Bench) renderOperations(w http.ResponseWriter, r *http.Request, status int, p operationsPage) error {
	who, _ := web.IdentityFrom(r.Context())
	p.bench, p.l, p.now = b, locale(r), b.Service.Clock.Now()
	var err error
	if p.health, err = b.Queue.Health(r.Context()); err != nil {
		return err
	}
	if p.incidents, err = b.Queue.Incidents(r.Context(), "", incidentsShown); err != nil {
		return err
	}
	if p.stuck, err = b.Service.Stuck(r.Context(), who, incidentsShown); err != nil {
		return err
	}
	if p.groups, err = b.Service.Causes(r.Context(), who, incidentsShown); err != nil {
		return err
	}
	if p.runs, err = b.Service.Runs(r.Context(), who, runsShown); err != nil {
		return err
	}
	return render(w, r, status, "operations", p.page())
}

// mend resumes or discards one job, or resumes one case.
func (b *Bench) mend(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errs.Wrap(errs.Invalid, "", err)
	}
	who, _ := web.IdentityFrom(r.Context())
	action, id := r.PostForm.Get("action"), r.PostForm.Get("id")
	var err error
	switch action {
	case "resume":
		err = b.Queue.Resume(r.Context(), id)
	case "discard":
		reason := strings.TrimSpace(r.PostForm.Get("reason"))
		if len([]rune(reason)) < 10 {
			err = errs.New(errs.Invalid, "workbench.operations.reason")
			break
		}
		err = b.Queue.Discard(r.Context(), id, reason+" ("+who.Name+")")
	case "case":
		err = b.Service.Resume(r.Context(), who, id)
	case "allCases":
		_, err = b.Service.ResumeAll(r.Context(), who)
	case "allJobs":
		mended, err := b.resumeJobs(r.Context())
		if err != nil {
			return err
		}
		return web.SeeOther(w, r, fmt.Sprintf("/operations?done=allJobs&mended=%d", mended))
	default:
		err = errs.New(errs.Invalid, "workbench.error.action")
	}
	if errs.KindOf(err) == errs.NotFound && err != nil {
		err = errs.New(errs.Conflict, "workbench.operations.gone") // it was mended meanwhile
	}
	if shown(err) {
		return b.renderOperations(w, r, status(err), operationsPage{problem: sentence(locale(r), err), key: keyOf(err), typed: r.PostForm})
	}
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, "/operations?done="+action)
}

// resumeJobs puts every failed job back into the queue.
func (b *Bench) resumeJobs(ctx context.Context) (n int, err error) {
	for after := ""; ; {
		failed, err := b.Queue.Incidents(ctx, after, incidentsShown)
		if err != nil || len(failed) == 0 {
			return n, err
		}
		for _, i := range failed {
			after = i.ID
			switch err := b.Queue.Resume(ctx, i.ID); {
			case err == nil:
				n++
			case errs.KindOf(err) != errs.NotFound: // mended meanwhile
				return n, err
			}
		}
	}
}

// isOpen reports whether the form to discard a job is unfolded: its reason was
// refused.
func (p operationsPage) isOpen(id string) bool {
	return p.typed.Get("action") == "discard" && p.typed.Get("id") == id
}
