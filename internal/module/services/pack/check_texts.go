package pack

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"passerelle/engine/form"
	"passerelle/internal/platform/i18n"
)

// need is a text the package must have, and why.
type need struct {
	key  string
	why  string
	args []string // placeholders that can be filled; nil: not checked
	list bool
	any  bool // a text or a list
}

// checkTexts reports texts that are missing in a language, that differ in their
// placeholders, and that nobody shows.
func (l *loader) checkTexts(p *Package) {
	needs := p.needs()
	known := map[string]bool{}
	for _, n := range needs {
		known[n.key] = true
		l.needIn(p, n)
	}
	for _, key := range p.Keys() {
		if !known[key] && !optionalText(p, key) {
			for _, lang := range i18n.Langs {
				if t, ok := p.texts[lang][key]; ok {
					l.warn(textFile(lang), t.line, "text %s is shown nowhere", key)
					break
				}
			}
			continue
		}
		if !known[key] && p.hasSome(key) {
			l.needIn(p, need{key: key, why: "other languages have it", any: true})
		}
	}
}

func (p *Package) hasSome(key string) bool {
	n := 0
	for _, lang := range i18n.Langs {
		if _, ok := p.texts[lang][key]; ok {
			n++
		}
	}
	return n < len(i18n.Langs)
}

func (l *loader) needText(p *Package, key, why string) { l.needIn(p, need{key: key, why: why}) }

var placeholderRE = regexp.MustCompile(`\{([a-zA-Z][a-zA-Z0-9]*)\}`)

// needIn reports the languages that lack a text or have another shape of it.
func (l *loader) needIn(p *Package, n need) {
	var missing []string
	for _, lang := range i18n.Langs {
		t, ok := p.texts[lang][n.key]
		if !ok {
			missing = append(missing, textFile(lang))
			continue
		}
		switch {
		case n.list && !t.isList():
			l.fault(textFile(lang), t.line, "text %s is one text, a list is expected", n.key)
		case !n.list && t.isList() && !n.any:
			l.fault(textFile(lang), t.line, "text %s is a list, one text is expected", n.key)
		}
		if n.args == nil {
			continue
		}
		for _, m := range placeholderRE.FindAllStringSubmatch(t.text, -1) {
			if !slices.Contains(n.args, m[1]) {
				l.fault(textFile(lang), t.line, "text %s: nothing fills {%s}", n.key, m[1])
			}
		}
	}
	switch {
	case len(missing) == len(i18n.Langs):
		l.fault("texts", 0, "text %s is missing in all languages: %s", n.key, n.why)
	default:
		for _, file := range missing {
			l.fault(file, 0, "text %s is missing: %s", n.key, n.why)
		}
	}
}

// needs lists every text the package must have.
func (p *Package) needs() []need {
	var out []need
	add := func(why string, keys ...string) {
		for _, k := range keys {
			out = append(out, need{key: k, why: why})
		}
	}
	add("the service page shows it", "service.title", "service.summary", "service.gives", "service.receiptNext")
	for _, k := range []string{"service.who", "service.steps", "service.keywords"} {
		out = append(out, need{key: k, why: "the service page shows it", list: true})
	}
	if p.Service.Offline.Kind != "none" {
		add("one can apply without the internet", "service.offline")
	}
	for _, e := range p.Service.Evidence {
		add("service.yaml has this evidence", "evidence."+e.ID+".label", "evidence."+e.ID+".purpose")
	}
	for _, o := range p.Service.Outputs {
		add("service.yaml has this output", "outputs."+o.ID)
		for _, s := range o.States {
			add("the certificate states it", "outputs."+o.ID+".states."+s.ID)
		}
	}
	if a := p.Service.Deadlines.Appeal; a != nil {
		to := "appeal." + a.To
		out = append(out, need{key: to + ".name", why: "the appeal goes there"}, need{key: to + ".how", why: "the appeal goes there", args: []string{"until"}})
	}
	for _, r := range p.Service.Legal {
		if r.Note != "" && r.Status != Verified {
			add("service.yaml notes why this legal resource is not verified", "legal."+r.ID)
		}
	}
	for _, prm := range p.Parameters.List {
		add("parameters.yaml has this parameter", "parameters."+prm.ID)
	}
	out = append(out, p.partyNeeds()...)
	for _, file := range sortedKeys(p.forms()) {
		out = append(out, formNeeds(file, p.forms()[file])...)
	}
	out = append(out, p.explanationNeeds()...)
	return append(out, p.processNeeds()...)
}

func formNeeds(file string, of *form.Form) []need {
	var out []need
	add := func(f *form.Field, key string) {
		out = append(out, need{key: key, why: fmt.Sprintf("%s:%d asks it", file, f.Line)})
	}
	var field func(f *form.Field)
	field = func(f *form.Field) {
		base := "form." + f.Path()
		add(f, base+".label")
		for _, o := range f.Options {
			add(f, base+".options."+o)
		}
		for _, c := range f.Checks {
			add(f, base+".error."+c.ID)
		}
		if f.Pattern != nil {
			add(f, base+".error.pattern")
		}
		if f.Type == form.Group {
			add(f, base+".add")
			out = append(out, need{key: base + ".item", why: fmt.Sprintf("%s:%d asks it", file, f.Line), args: []string{"n"}})
		}
		for _, sub := range f.Fields {
			field(sub)
		}
	}
	for _, pg := range of.Pages {
		out = append(out, need{key: "form." + pg.ID + ".title", why: fmt.Sprintf("%s:%d has this page", file, pg.Line)})
		for _, f := range pg.Fields {
			field(f)
		}
	}
	return out
}

func (p *Package) explanationNeeds() []need {
	var out []need
	names := func(as []argument) []string {
		list := []string{}
		for _, a := range as {
			list = append(list, a.name)
		}
		return list
	}
	x := p.Explanation
	outcomes := []string{"granted", "refused"}
	if strings.Contains(string(p.files["decision.dmn"]), "judgement") {
		outcomes = append(outcomes, "judgement")
	}
	switch p.Service.Deadlines.Silence {
	case "grant":
		outcomes = append(outcomes, "tacitGrant")
	case "refusal":
		outcomes = append(outcomes, "impliedRefusal")
	}
	for _, o := range outcomes {
		out = append(out, need{key: "decision." + o, why: "a decision can come out so", args: names(x.headline)})
	}
	for _, c := range x.conditions {
		for _, s := range []State{Met, Failed, Unknown} {
			out = append(out, need{key: "explanation.conditions." + c.id + "." + string(s), why: "explanation.yaml has this condition", args: names(c.args)})
		}
	}
	for _, r := range x.rows {
		out = append(out, need{key: "explanation.rows." + r.id, why: "explanation.yaml has this row", args: names(r.args)})
	}
	if x.result != nil {
		out = append(out, need{key: "explanation.result", why: "explanation.yaml has a result"})
	}
	for _, n := range x.nearest {
		for _, how := range n.told() {
			out = append(out, need{key: "explanation.nearest." + n.id + "." + how, why: "explanation.yaml varies it", args: []string{"from", "to", "last", "amount"}})
		}
	}
	return out
}

// processNeeds: people see every task, events and gateways that have a name, and
// whatever else the drawing labels, such as the ways out of a question.
func (p *Package) processNeeds() []need {
	var out []need
	for _, id := range p.Process.Labels() {
		if _, isElement := p.Process.Element(id); !isElement {
			out = append(out, need{key: "process." + id, why: "the drawing of the process has this label"})
		}
	}
	for _, e := range p.Process.Elements() {
		task := strings.HasSuffix(e.Kind, "Task") || e.Kind == "task" || e.Kind == "subProcess" || e.Kind == "callActivity"
		if task || e.Name != "" {
			out = append(out, need{key: "process." + e.ID, why: "the process has this " + e.Kind})
		}
	}
	return out
}

// optionalText reports whether a text that nobody needs may still be shown.
func optionalText(p *Package, key string) bool {
	parts := strings.Split(key, ".")
	switch parts[0] {
	case "reasons", "decision", "service":
		return true
	case "process":
		_, ok := p.Process.Element(strings.TrimPrefix(key, "process."))
		return ok
	case "appeal", "outputs":
		return true
	case "decisions": // names of what the rules compute, for the full account
		return slices.Contains(p.decisions, strings.TrimPrefix(key, "decisions."))
	case "form":
		last := parts[len(parts)-1]
		name := strings.Join(parts[1:len(parts)-1], ".")
		if len(parts) < 3 {
			return false
		}
		switch last {
		case "intro":
			return p.page(name) != nil
		case "hint":
			return p.Field(name) != nil
		}
		if len(parts) >= 4 && parts[len(parts)-2] == "error" { // the package's own sentence for a general code
			_, ok := form.Codes[last]
			return ok && p.Field(strings.Join(parts[1:len(parts)-2], ".")) != nil
		}
		if len(parts) >= 4 && parts[len(parts)-2] == "optionHints" {
			f := p.Field(strings.Join(parts[1:len(parts)-2], "."))
			return f != nil && (f.Type == form.Choice || f.Type == form.Choices) && slices.Contains(f.Options, last)
		}
	}
	return false
}
