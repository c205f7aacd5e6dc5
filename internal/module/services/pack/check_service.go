package pack

import (
	"fmt"
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
	bad := func(key, code string, args ...any) { l.fault(file, at(key), code, args...) }
	one := func(key, value string, of ...string) {
		if !slices.Contains(of, value) {
			bad(key, "pack.finding.service.oneOf", "what", key, "value", value, "list", fmt.Sprintf("%q", of))
		}
	}
	if !prefixRE.MatchString(s.Prefix) {
		bad("prefix", "pack.finding.service.prefix", "prefix", s.Prefix)
	}
	if _, known := p.authorities[s.Authority]; p.authorities != nil && !known {
		bad("authority", "pack.finding.service.authority", "authority", s.Authority)
	}
	if len(s.Audience) == 0 {
		bad("audience", "pack.finding.service.audience")
	}
	for i, a := range s.Audience {
		one("audience."+strconv.Itoa(i), a, "citizen", "business")
	}
	for i, e := range s.LifeEvents {
		if _, known := p.lifeEvents[e]; p.lifeEvents != nil && !known {
			bad("lifeEvents."+strconv.Itoa(i), "pack.finding.service.lifeEvent", "event", e)
		}
	}
	if s.InForce.From.IsZero() {
		bad("inForce", "pack.finding.service.noFrom")
	}
	if !s.InForce.To.IsZero() && s.InForce.To.Before(s.InForce.From) {
		bad("inForce", "pack.finding.service.endsEarly")
	}
	if u := s.Apply.Until; u != "" {
		if _, err := time.Parse(time.DateOnly, "2023-"+u); err != nil || !untilRE.MatchString(u) {
			bad("apply", "pack.finding.service.until", "until", u)
		}
	}
	if s.LastChecked.IsZero() {
		bad("lastChecked", "pack.finding.service.lastChecked")
	}
	one("offline.kind", s.Offline.Kind, "paper", "office", "none")
	if f := s.Fee; f != nil {
		l.checkLegal(p, file, at("fee"), f.Legal)
		one("fee.status", string(f.Status), string(Verified), string(Derived), string(Unverified), string(NotFound))
		if f.Status != NotFound && (!moneyRE.MatchString(f.Amount) || f.Currency != "EUR") {
			bad("fee", "pack.finding.service.fee")
		}
	}
	if t := s.Time; t != nil {
		one("time.status", string(t.Status), string(Verified), string(Unverified), string(NotFound))
	}
	if b := s.PaperBaseline; b != nil {
		one("paperBaseline.status", string(b.Status), string(Verified), string(Derived), string(Unverified), string(NotFound))
		if (b.Minutes == 0) != (b.Status == NotFound) {
			bad("paperBaseline", "pack.finding.service.baseline")
		}
	}
	l.checkLegalResources(p, file)
	l.checkParts(p, file, one, bad)
}

func (l *loader) checkLegalResources(p *Package, file string) {
	seen := map[string]bool{}
	if len(p.Service.Legal) == 0 {
		l.fault(file, p.lines.at("legal"), "pack.finding.legal.none")
	}
	for i, r := range p.Service.Legal {
		at := "legal." + strconv.Itoa(i)
		line := p.lines.at(at)
		switch {
		case !folderRE.MatchString(r.ID):
			l.fault(file, line, "pack.finding.legal.id", "id", r.ID)
		case seen[r.ID]:
			l.fault(file, line, "pack.finding.legal.twice", "id", r.ID)
		case len(r.Title) == 0:
			l.fault(file, line, "pack.finding.legal.noTitle", "id", r.ID)
		case !slices.Contains([]Status{Verified, Unverified, NotFound}, r.Status):
			l.fault(file, line, "pack.finding.legal.status", "id", r.ID)
		}
		for lang := range r.Title {
			if _, ok := i18n.Parse(lang); !ok {
				l.fault(file, line, "pack.finding.legal.language", "id", r.ID, "lang", lang)
			}
		}
		seen[r.ID] = true
	}
}

// checkParts checks evidence, outputs, decision and deadlines.
func (l *loader) checkParts(p *Package, file string, one func(key, value string, of ...string), bad func(key, code string, args ...any)) {
	s := &p.Service
	seen := map[string]bool{}
	for i, e := range s.Evidence {
		at := "evidence." + strconv.Itoa(i)
		switch {
		case !idRE.MatchString(e.ID):
			bad(at, "pack.finding.evidence.id", "id", e.ID)
		case seen[e.ID]:
			bad(at, "pack.finding.evidence.twice", "id", e.ID)
		case e.By == "state" && (e.Type == "" || e.Subject == ""):
			bad(at, "pack.finding.evidence.fetched", "id", e.ID)
		case e.By == "state" && e.Legal == "":
			bad(at, "pack.finding.evidence.legal", "id", e.ID)
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
			bad(at, "pack.finding.outputs.paymentStates", "output", o.ID)
		}
	}
	if s.Decision.Name == "" {
		bad("decision", "pack.finding.service.noDecision")
	}
	d := s.Deadlines
	l.checkLegal(p, file, p.lines.at("deadlines"), d.Legal)
	one("deadlines.silence", d.Silence, "refusal", "grant", "none")
	if d.Silence != "none" && d.Decide.IsZero() {
		bad("deadlines", "pack.finding.deadlines.decide")
	}
	if !d.Complete.IsZero() {
		one("deadlines.incomplete", d.Incomplete, "refusal", "decide")
	}
	if a := d.Appeal; a == nil {
		bad("deadlines", "pack.finding.deadlines.appeal")
	} else {
		if a.Span().IsZero() || a.To == "" {
			bad("deadlines.appeal", "pack.finding.deadlines.appealSpan")
		}
		l.checkLegal(p, file, p.lines.at("deadlines.appeal"), a.Legal)
	}
}
