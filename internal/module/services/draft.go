package services

import (
	"time"

	"passerelle/engine/form"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

// Draft is an application being written. Every answer is kept, also those on
// pages that no longer count; only submitting leaves them out.
type Draft struct {
	ID, Account      string
	Service, Version string
	Task, Party      string // the part of somebody whom another's application names; "" for an application
	Answers          form.Answers
	Evidence         map[string]exchange.Evidence // shown as the source of prefilled values
	Missing          []string
	Page             string // where the person left off
	Rev              int64  // of the page shown; a stale one is refused
	CreatedAt        time.Time
	UpdatedAt        time.Time
	Receipt          *Receipt // set once submitted
	Moved            *Moved   // set when it went over to another version since it was stored; not stored
	Refreshed        bool     // the registers say something else than when the draft was stored; not stored

	asked *pack.Facts // a part: the facts of the case; not stored
}

// Receipt proves to the applicant what was received, and when.
type Receipt struct {
	Case        string    `json:"case"`
	Number      string    `json:"number"`
	ReceivedAt  time.Time `json:"receivedAt"`
	ContentHash string    `json:"contentHash"`
}

// Submission is a finished application, handed to the module of cases. Key is
// the same for each attempt to send the same draft.
type Submission struct {
	Service, Version string
	Key              string
	Actor            web.Identity
	Lang             i18n.Lang
	Application      form.Answers
	Evidence         map[string]exchange.Evidence
	StartedAt        time.Time
	Helpers          map[string]string // who answered a page for the applicant, by page
}

// facts are what the package's conditions see.
func (d *Draft) facts(who web.Identity, day time.Time) pack.Facts {
	return pack.Facts{Application: d.Answers, Evidence: Values(d.Evidence), Applicant: Applicant(who), Date: day}
}
