package pack

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"passerelle/internal/platform/i18n"
)

var (
	prefixRE = regexp.MustCompile(`^[A-Z]{2,5}$`)
	moneyRE  = regexp.MustCompile(`^[0-9]+\.[0-9]{2}$`)
	untilRE  = regexp.MustCompile(`^[0-9]{2}-[0-9]{2}$`)
)

// checkService reports what is wrong in service.yaml itself.
func (l *loader) checkService(p *Package, file string) {
	s := &p.Service
	at := p.lines.at
	bad := func(key, format string, args ...any) { l.fault(file, at(key), format, args...) }
	one := func(key, value string, of ...string) {
		if !slices.Contains(of, value) {
			bad(key, "%s: %q is not one of %q", key, value, of)
		}
	}
	if !prefixRE.MatchString(s.Prefix) {
		bad("prefix", "prefix %q: two to five capital letters", s.Prefix)
	}
	if _, known := p.authorities[s.Authority]; p.authorities != nil && !known {
		bad("authority", "authorities.yaml has no authority %q", s.Authority)
	}
	if len(s.Audience) == 0 {
		bad("audience", "audience is missing: citizen, business or both")
	}
	for i, a := range s.Audience {
		one("audience."+strconv.Itoa(i), a, "citizen", "business")
	}
	for i, e := range s.LifeEvents {
		if _, known := p.lifeEvents[e]; p.lifeEvents != nil && !known {
			bad("lifeEvents."+strconv.Itoa(i), "life-events.yaml has no life event %q", e)
		}
	}
	if s.InForce.From.IsZero() {
		bad("inForce", "inForce.from is missing")
	}
	if !s.InForce.To.IsZero() && s.InForce.To.Before(s.InForce.From) {
		bad("inForce", "the version ends before it begins")
	}
	if u := s.Apply.Until; u != "" {
		if _, err := time.Parse(time.DateOnly, "2023-"+u); err != nil || !untilRE.MatchString(u) {
			bad("apply", "apply.until: %q is no day of the year like 12-31", u)
		}
	}
	if s.LastChecked.IsZero() {
		bad("lastChecked", "lastChecked is missing: when was this page last checked against the law")
	}
	one("offline.kind", s.Offline.Kind, "paper", "office", "none")
	if f := s.Fee; f != nil {
		l.checkLegal(p, file, at("fee"), f.Legal)
		one("fee.status", string(f.Status), string(Verified), string(Derived), string(Unverified), string(NotFound))
		if f.Status != NotFound && (!moneyRE.MatchString(f.Amount) || f.Currency != "EUR") {
			bad("fee", "the fee is written as amount: \"50.00\", currency: EUR")
		}
	}
	if t := s.Time; t != nil {
		one("time.status", string(t.Status), string(Verified), string(Unverified), string(NotFound))
	}
	if b := s.PaperBaseline; b != nil {
		one("paperBaseline.status", string(b.Status), string(Verified), string(Derived), string(Unverified), string(NotFound))
		if (b.Minutes == 0) != (b.Status == NotFound) {
			bad("paperBaseline", "paperBaseline has either minutes or the status not-found")
		}
	}
	l.checkLegalResources(p, file)
	l.checkParts(p, file, one, bad)
}

func (l *loader) checkLegalResources(p *Package, file string) {
	seen := map[string]bool{}
	if len(p.Service.Legal) == 0 {
		l.fault(file, p.lines.at("legal"), "legal is empty: on what law does the service rest")
	}
	for i, r := range p.Service.Legal {
		at := "legal." + strconv.Itoa(i)
		line := p.lines.at(at)
		switch {
		case !folderRE.MatchString(r.ID):
			l.fault(file, line, "legal resource id %q: small letters, digits and hyphens", r.ID)
		case seen[r.ID]:
			l.fault(file, line, "legal resource %q stands twice", r.ID)
		case len(r.Title) == 0:
			l.fault(file, line, "legal resource %q has no title", r.ID)
		case !slices.Contains([]Status{Verified, Unverified, NotFound}, r.Status):
			l.fault(file, line, "legal resource %q: status is verified, unverified or not-found", r.ID)
		}
		for lang := range r.Title {
			if _, ok := i18n.Parse(lang); !ok {
				l.fault(file, line, "legal resource %q: %q is no language", r.ID, lang)
			}
		}
		seen[r.ID] = true
	}
}

// checkParts checks evidence, outputs, decision and deadlines.
func (l *loader) checkParts(p *Package, file string, one func(key, value string, of ...string), bad func(key, format string, args ...any)) {
	s := &p.Service
	seen := map[string]bool{}
	for i, e := range s.Evidence {
		at := "evidence." + strconv.Itoa(i)
		switch {
		case !idRE.MatchString(e.ID):
			bad(at, "evidence id %q is not a lowerCamel name", e.ID)
		case seen[e.ID]:
			bad(at, "evidence %q stands twice", e.ID)
		case e.By == "state" && (e.Type == "" || e.Subject == ""):
			bad(at, "evidence %q: what the State fetches needs type and subject", e.ID)
		case e.By == "state" && e.Legal == "":
			bad(at, "evidence %q: every read of personal data needs its legal basis", e.ID)
		}
		seen[e.ID] = true
		one(at+".by", e.By, "state", "applicant")
		if e.OnMissing != "" || e.By == "state" {
			one(at+".onMissing", e.OnMissing, "refuse-application", "judgement", "null")
		}
		l.checkLegal(p, file, p.lines.at(at+".legal"), e.Legal)
	}
	for i, o := range s.Outputs {
		at := "outputs." + strconv.Itoa(i)
		one(at+".type", o.Type, "payment", "certificate", "permit")
		if o.Type == "payment" && len(o.States) > 0 {
			bad(at, "output %q: a payment states nothing", o.ID)
		}
	}
	if s.Decision.Name == "" {
		bad("decision", "decision.name is missing: the decision in decision.dmn")
	}
	d := s.Deadlines
	l.checkLegal(p, file, p.lines.at("deadlines"), d.Legal)
	one("deadlines.silence", d.Silence, "refusal", "grant", "none")
	if d.Silence != "none" && d.Decide.IsZero() {
		bad("deadlines", "deadlines.decide is missing: when does silence become a decision")
	}
	if !d.Complete.IsZero() {
		one("deadlines.incomplete", d.Incomplete, "refusal", "decide")
	}
	if a := d.Appeal; a == nil {
		bad("deadlines", "deadlines.appeal is missing: how can the decision be contested")
	} else {
		if a.Span().IsZero() || a.To == "" {
			bad("deadlines.appeal", "an appeal has days or months, and to whom it goes")
		}
		l.checkLegal(p, file, p.lines.at("deadlines.appeal"), a.Legal)
	}
}
