package form

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"passerelle/engine/feel"
	"passerelle/engine/form/source"
)

// Defaults of what a form file leaves out.
const (
	defaultRows     = 50      // of a group
	defaultFiles    = 1       // of a file field
	defaultFileSize = 5 << 20 // bytes
	defaultDecimals = 2       // of a number
	maxRows         = 200     // no group may have more
)

// defaultLength is how many characters a text may have when the form says
// nothing.
var defaultLength = map[Type]int{Text: 200, Textarea: 5000, Email: 254, Phone: 30, IBAN: 50, NationalID: 30, BusinessNumber: 30, Country: 2}

// Files of a kind that can be accepted, with their media types.
var acceptable = map[string]string{"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png"}

// MediaType returns the media type of a kind of file that a form can accept
// (pdf, jpeg, png), "" for any other.
func MediaType(kind string) string { return acceptable[kind] }

type rawForm struct {
	Pages []rawPage `yaml:"pages"`
}

type rawPage struct {
	ID     source.Text  `yaml:"id"`
	When   *source.Text `yaml:"when"`
	Fields []rawField   `yaml:"fields"`
}

type rawField struct {
	ID           source.Text   `yaml:"id"`
	Type         source.Text   `yaml:"type"`
	Required     *source.Text  `yaml:"required"`
	When         *source.Text  `yaml:"when"`
	Min          *source.Text  `yaml:"min"`
	Max          *source.Text  `yaml:"max"`
	MinLength    *int          `yaml:"minLength"`
	MaxLength    *int          `yaml:"maxLength"`
	Pattern      *source.Text  `yaml:"pattern"`
	Decimals     *int          `yaml:"decimals"`
	Options      []source.Text `yaml:"options"`
	Accept       []source.Text `yaml:"accept"`
	MaxSize      *source.Text  `yaml:"maxSize"`
	Checks       []rawCheck    `yaml:"checks"`
	Autocomplete string        `yaml:"autocomplete"`
	Width        *int          `yaml:"width"`
	Prefill      *rawPrefill   `yaml:"prefill"`
	Fields       []rawField    `yaml:"fields"`
}

type rawCheck struct {
	ID   source.Text `yaml:"id"`
	That source.Text `yaml:"that"`
}

type rawPrefill struct {
	Evidence source.Text `yaml:"evidence"`
	Value    source.Text `yaml:"value"`
	Editable *bool       `yaml:"editable"`
}

var (
	nameRE   = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)
	optionRE = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)
	sizeRE   = regexp.MustCompile(`^([0-9]+) ?(KB|MB)$`)
	clockRE  = regexp.MustCompile(`\b(?:today|now)\s*\(\s*\)`)
)

// Parse reads a form file. file is its name in problems. more are names that
// conditions may read besides the usual ones: Env.More gives their values. The
// form is nil when there are problems.
func Parse(src []byte, file string, types Types, more ...string) (*Form, []Problem) {
	var raw rawForm
	p := &parser{file: file, more: more, form: &Form{file: file, types: types, fields: map[string]*Field{}}}
	p.problems = source.Decode(src, file, &raw)
	if len(raw.Pages) == 0 && len(p.problems) == 0 {
		p.problems = append(p.problems, Problem{File: file, Msg: "the form has no pages"})
	}
	for _, rp := range raw.Pages {
		p.page(rp)
	}
	app := p.form.Type()
	p.base = []feel.Option{feel.Names(append([]string{"evidence", "parameters", "date", "applicant"}, more...)...), feel.Var("application", app)}
	for _, compile := range p.later {
		compile()
	}
	if len(p.problems) > 0 {
		slices.SortStableFunc(p.problems, func(a, b Problem) int { return a.Line - b.Line })
		return nil, p.problems
	}
	return p.form, nil
}

type parser struct {
	file     string
	more     []string
	form     *Form
	problems []Problem
	base     []feel.Option
	order    []string // top-level field ids as asked
	later    []func() // FEEL is compiled once all fields are known
}

func (p *parser) fault(line int, format string, args ...any) {
	p.problems = append(p.problems, Problem{File: p.file, Line: line, Msg: fmt.Sprintf(format, args...)})
}

func (p *parser) page(rp rawPage) {
	page := &Page{ID: rp.ID.Text, Line: rp.ID.Line}
	if !nameRE.MatchString(page.ID) {
		p.fault(page.Line, "page id %q is not a lowerCamel name", page.ID)
	}
	if p.form.Page(page.ID) != nil {
		p.fault(page.Line, "page %q stands twice", page.ID)
	}
	asked := len(p.order)
	if rp.When != nil {
		p.condition(&page.When, *rp.When, "pages."+page.ID+".when", asked)
	}
	p.form.Pages = append(p.form.Pages, page)
	if len(rp.Fields) == 0 {
		p.fault(page.Line, "page %q has no fields", page.ID)
	}
	for _, rf := range rp.Fields {
		page.Fields = append(page.Fields, p.field(rf, page, nil))
	}
}

func (p *parser) field(rf rawField, page *Page, group *Field) *Field {
	f := &Field{ID: rf.ID.Text, Type: Type(rf.Type.Text), Group: group, Page: page, Line: rf.ID.Line, Decimals: -1, Autocomplete: rf.Autocomplete}
	path := f.Path()
	switch {
	case !nameRE.MatchString(f.ID):
		p.fault(f.Line, "field id %q is not a lowerCamel name", f.ID)
	case f.ID == "contested" && group == nil:
		p.fault(f.Line, "the name \"contested\" is taken: it holds what the applicant contests")
	case p.form.fields[path] != nil:
		p.fault(f.Line, "field %q stands twice: its answer can have one place only", path)
	}
	p.form.fields[path] = f
	asked := len(p.order)
	if group == nil {
		p.order = append(p.order, f.ID)
	} else {
		asked-- // the group itself is being asked
	}
	p.keys(rf, f)
	p.limits(rf, f)
	p.conditions(rf, f, asked)
	if f.Type == Group {
		if len(rf.Fields) == 0 {
			p.fault(f.Line, "group %q has no fields", f.ID)
		}
		for _, sub := range rf.Fields {
			if Type(sub.Type.Text) == Group {
				p.fault(sub.ID.Line, "a group cannot hold a group")
				continue
			}
			f.Fields = append(f.Fields, p.field(sub, page, f))
		}
	}
	return f
}

var allTypes = []Type{Text, Textarea, Number, Integer, Money, Date, Month, YesNo, Choice, Select, Choices, Email, Phone, IBAN, Country, NationalID, BusinessNumber, File, Group, Fact, Declaration}

// keys refuses keys that mean nothing for the field's type.
func (p *parser) keys(rf rawField, f *Field) {
	if !slices.Contains(allTypes, f.Type) {
		p.fault(cmpLine(rf.Type.Line, f.Line), "field %q has an unknown type %q", f.ID, f.Type)
		return
	}
	only := func(key string, given bool, types ...Type) {
		if given && !slices.Contains(types, f.Type) {
			p.fault(f.Line, "field %q: a %s has no %s", f.ID, f.Type, key)
		}
	}
	only("options", rf.Options != nil, Choice, Select, Choices)
	only("accept", rf.Accept != nil, File)
	only("maxSize", rf.MaxSize != nil, File)
	only("fields", rf.Fields != nil, Group)
	only("decimals", rf.Decimals != nil, Number)
	only("minLength", rf.MinLength != nil, Text, Textarea)
	only("maxLength", rf.MaxLength != nil, Text, Textarea)
	only("pattern", rf.Pattern != nil, Text)
	only("min", rf.Min != nil, Number, Integer, Money, Date, Month, Group, File, Choices)
	only("max", rf.Max != nil, Number, Integer, Money, Date, Month, Group, File, Choices)
	if f.Type == Fact && rf.Required != nil && rf.Required.Text != "false" {
		p.fault(f.Line, "field %q: a fact is shown, not required", f.ID)
	}
	if f.Type == Fact && rf.Prefill == nil {
		p.fault(f.Line, "fact %q needs prefill: where its value comes from", f.ID)
	}
	if f.Group != nil && rf.Prefill != nil {
		p.fault(f.Line, "field %q: rows are prefilled by their group", f.Path())
	}
	if f.Group != nil && f.Type == Fact {
		p.fault(f.Line, "fact %q cannot stand in a group", f.Path())
	}
}

func cmpLine(line, otherwise int) int {
	if line > 0 {
		return line
	}
	return otherwise
}

func (p *parser) limits(rf rawField, f *Field) {
	f.MaxLength = defaultLength[f.Type]
	set := func(to *int, from *int, key string, least int) {
		if from != nil {
			if *from < least {
				p.fault(f.Line, "field %q: %s must be at least %d", f.ID, key, least)
			}
			*to = *from
		}
	}
	set(&f.MinLength, rf.MinLength, "minLength", 0)
	set(&f.MaxLength, rf.MaxLength, "maxLength", 1)
	set(&f.Width, rf.Width, "width", 1)
	switch f.Type {
	case Number:
		f.Decimals = defaultDecimals
		set(&f.Decimals, rf.Decimals, "decimals", 0)
	case Integer:
		f.Decimals = 0
	case Money:
		f.Decimals = 2
	case Choice, Select, Choices:
		p.options(rf, f)
	case File:
		p.files(rf, f)
	}
	if f.Width != 0 && !slices.Contains([]int{2, 3, 4, 5, 10, 20, 30}, f.Width) {
		p.fault(f.Line, "field %q: width is one of 2, 3, 4, 5, 10, 20, 30", f.ID)
	}
	if rf.Pattern != nil {
		re, err := regexp.Compile(`^(?:` + rf.Pattern.Text + `)$`)
		if err != nil {
			p.fault(rf.Pattern.Line, "field %q: pattern: %v", f.ID, err)
		}
		f.Pattern = re
	}
}

func (p *parser) options(rf rawField, f *Field) {
	if len(rf.Options) < 1 {
		p.fault(f.Line, "field %q: a %s needs options", f.ID, f.Type)
	}
	for _, o := range rf.Options {
		if !optionRE.MatchString(o.Text) {
			p.fault(o.Line, "option %q: letters, digits and - only", o.Text)
		}
		if slices.Contains(f.Options, o.Text) {
			p.fault(o.Line, "option %q stands twice", o.Text)
		}
		f.Options = append(f.Options, o.Text)
	}
}

func (p *parser) files(rf rawField, f *Field) {
	f.MaxSize = defaultFileSize
	for _, a := range rf.Accept {
		if acceptable[a.Text] == "" {
			p.fault(a.Line, "field %q accepts %q: known are pdf, jpeg, png", f.ID, a.Text)
		}
		f.Accept = append(f.Accept, a.Text)
	}
	if f.Accept == nil {
		f.Accept = []string{"pdf", "jpeg", "png"}
	}
	if rf.MaxSize != nil {
		m := sizeRE.FindStringSubmatch(rf.MaxSize.Text)
		if m == nil {
			p.fault(rf.MaxSize.Line, "field %q: maxSize is written as 500KB or 5MB", f.ID)
			return
		}
		n, err := strconv.ParseInt(m[1], 10, 32)
		if err != nil {
			p.fault(rf.MaxSize.Line, "field %q: maxSize is too large", f.ID)
		}
		f.MaxSize = n << map[string]uint{"KB": 10, "MB": 20}[m[2]]
	}
}

func (p *parser) conditions(rf rawField, f *Field, asked int) {
	what := "fields." + f.Path()
	row := []string(nil)
	if f.Group != nil {
		row = []string{"item", "index"}
	}
	if rf.When != nil {
		p.condition(&f.When, *rf.When, what+".when", asked, row...)
	}
	required := source.Text{Text: "true", Line: f.Line}
	if rf.Required != nil {
		required = *rf.Required
	}
	if f.Type != Fact && f.Type != Group && required.Text != "false" {
		p.condition(&f.Required, required, what+".required", asked, row...)
	}
	min, max := rf.Min, rf.Max
	switch {
	case f.Type == Group && max == nil:
		max = &source.Text{Text: strconv.Itoa(defaultRows), Line: f.Line}
	case f.Type == File && max == nil:
		max = &source.Text{Text: strconv.Itoa(defaultFiles), Line: f.Line}
	}
	const anywhere = -1
	if min != nil {
		p.condition(&f.Min, *min, what+".min", anywhere, row...)
	}
	if max != nil {
		p.condition(&f.Max, *max, what+".max", anywhere, row...)
	}
	f.Checks = make([]Check, len(rf.Checks))
	for i, rc := range rf.Checks {
		if !nameRE.MatchString(rc.ID.Text) {
			p.fault(cmpLine(rc.ID.Line, f.Line), "field %q: check id %q is not a lowerCamel name", f.ID, rc.ID.Text)
		}
		f.Checks[i].ID = rc.ID.Text
		p.condition(&f.Checks[i].That, rc.That, what+".checks."+rc.ID.Text, anywhere, append(row, "value")...)
	}
	if rf.Prefill != nil {
		f.Prefill = &Prefill{Evidence: rf.Prefill.Evidence.Text, Editable: rf.Prefill.Editable == nil || *rf.Prefill.Editable}
		if f.Type == Fact {
			f.Prefill.Editable = false
		}
		p.condition(&f.Prefill.Value, rf.Prefill.Value, what+".prefill", asked)
	}
}

// condition compiles a FEEL text once all fields are known. It may read the
// first asked answers; -1: all.
func (p *parser) condition(to **Condition, t source.Text, what string, asked int, names ...string) {
	p.later = append(p.later, func() {
		if strings.TrimSpace(t.Text) == "" {
			p.fault(t.Line, "%s is empty", what)
			return
		}
		e, problem := t.Compile(p.file, append(slices.Clone(p.base), feel.Names(names...))...)
		if problem != nil {
			problem.Msg = what + ": " + problem.Msg
			p.problems = append(p.problems, *problem)
			return
		}
		c := &Condition{Text: t.Text, Line: t.Line, expr: e}
		*to = c
		p.form.exprs = append(p.form.exprs, Expression{Text: t.Text, Line: t.Line, Expr: e, What: what})
		p.names(c, what, asked, names)
		if len(e.Names()) == 0 {
			c.constant = true
			c.value, _ = e.Eval(nil)
			b, ok := c.value.AsBool()
			c.always, c.never = ok && b, ok && !b
		}
	})
}

// names reports what a FEEL text reads and must not.
func (p *parser) names(c *Condition, what string, asked int, extra []string) {
	if clockRE.MatchString(c.Text) {
		p.fault(c.Line, "%s: a form has no clock, use \"date\", the reference date", what)
	}
	for _, n := range c.expr.Names() {
		switch {
		case slices.Contains([]string{"application", "evidence", "parameters", "date", "applicant"}, n), slices.Contains(p.more, n), slices.Contains(extra, n):
		default:
			p.fault(c.Line, "%s: nothing is called %q", what, n)
		}
	}
	for _, path := range source.Paths(c.Text, "application") {
		f := p.form.fields[path[0]]
		switch {
		case path[0] == "contested":
			if len(path) > 1 && p.form.fields[path[1]] == nil {
				p.fault(c.Line, "%s: the form has no field %q", what, path[1])
			}
		case f == nil:
			p.fault(c.Line, "%s: the form has no field %q", what, path[0])
		case f.Type == Group && len(path) > 1 && p.form.fields[path[0]+"."+path[1]] == nil:
			p.fault(c.Line, "%s: group %q has no field %q", what, path[0], path[1])
		case asked >= 0 && slices.Index(p.order, path[0]) >= asked:
			p.fault(c.Line, "%s reads %q, which is asked later", what, path[0])
		}
	}
}
