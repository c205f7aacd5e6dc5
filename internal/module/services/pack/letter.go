package pack

import (
	"bytes"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"passerelle/engine/feel"
	"passerelle/engine/form/source"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
)

// LetterData is what a letter is written from.
type LetterData struct {
	Scope       feel.Value // facts, decision, case and task results; see Package.Scope
	Explained   Explained
	AppealTo    string    // text keys appeal.<to>.name, .how; "" for no appeal
	AppealUntil time.Time // last day of the appeal
}

// letter is a parsed letter of one language.
type letter struct{ parts []part }

// part is a piece of a letter: text, a value, a section, or an insertion.
type part struct {
	text   string
	value  *argument
	cond   *feel.Expr // of if
	each   *feel.Expr // of each; the item is called item
	then   []part
	other  []part
	insert string
}

// inserts are what {{> name }} can insert.
var inserts = []string{"explanation", "conditions", "reasons", "appeal", "legal"}

// Letter writes the letter called name in the locale's language as HTML that is
// safe to show: the values are escaped and raw HTML in the Markdown is dropped.
// A language that lacks the letter gets it in another.
func (p *Package) Letter(loc *i18n.Locale, name string, d LetterData) (string, error) {
	lt := p.letters[name+"."+string(loc.Lang())]
	for _, l := range fallback {
		if lt == nil {
			lt = p.letters[name+"."+string(l)]
		}
	}
	if lt == nil {
		return "", errs.New(errs.NotFound, "").Because("%s/%s has no letter %q", p.ID, p.Version, name)
	}
	w := &letterWriter{p: p, loc: loc, data: d}
	w.write(lt.parts, d.Scope)
	var out bytes.Buffer
	if err := markdown.Convert([]byte(w.text.String()), &out); err != nil {
		return "", errs.Wrap(errs.Internal, "", err)
	}
	html := out.String()
	for i, insert := range w.blocks {
		html = strings.Replace(html, "<p>"+marker(i)+"</p>", insert, 1)
		html = strings.Replace(html, marker(i), insert, 1)
	}
	return html, nil
}

// markdown drops raw HTML and dangerous addresses, which is goldmark's default.
var markdown = goldmark.New(goldmark.WithExtensions(extension.Table))

// marker stands for a block of HTML while the Markdown is converted. Values
// cannot contain it: escape drops the private use characters.
func marker(i int) string { return fmt.Sprintf("\ue000%d\ue001", i) }

type letterWriter struct {
	p      *Package
	loc    *i18n.Locale
	data   LetterData
	text   strings.Builder
	blocks []string
}

func (w *letterWriter) write(parts []part, scope feel.Value) {
	for _, pt := range parts {
		switch {
		case pt.value != nil:
			v, _ := pt.value.expr.EvalContext(scope)
			w.text.WriteString(escape(show(w.loc, v, pt.value.format)))
		case pt.cond != nil:
			v, _ := pt.cond.EvalContext(scope)
			if b, ok := v.AsBool(); ok && b {
				w.write(pt.then, scope)
			} else {
				w.write(pt.other, scope)
			}
		case pt.each != nil:
			v, _ := pt.each.EvalContext(scope)
			for _, item := range v.Items() {
				w.write(pt.then, scope.Put("item", item))
			}
		case pt.insert == "appeal":
			w.text.WriteString(w.appeal())
		case pt.insert != "":
			if block := w.block(pt.insert); block != "" {
				w.text.WriteString("\n\n" + marker(len(w.blocks)) + "\n\n")
				w.blocks = append(w.blocks, block)
			}
		default:
			w.text.WriteString(pt.text)
		}
	}
}

// appeal is the paragraph on how to contest the decision, and until when.
func (w *letterWriter) appeal() string {
	to := w.data.AppealTo
	if to == "" {
		return ""
	}
	lang := w.loc.Lang()
	until := showDate(w.loc, w.data.AppealUntil)
	s := escape(w.loc.T("pack.appeal", "date", until, "to", w.p.T(lang, "appeal."+to+".name")))
	if key := "appeal." + to + ".how"; w.p.Has(key) {
		s += " " + escape(w.p.T(lang, key, "until", until))
	}
	return "\n\n" + s + "\n\n"
}

func (w *letterWriter) block(insert string) string {
	var b strings.Builder
	x := w.data.Explained
	switch insert {
	case "explanation":
		if len(x.Rows) == 0 {
			return ""
		}
		fmt.Fprintf(&b, "<table>\n<caption>%s</caption>\n<thead><tr><th scope=\"col\">%s</th><th scope=\"col\">%s</th></tr></thead>\n<tbody>\n",
			html.EscapeString(w.loc.T("pack.table")), html.EscapeString(w.loc.T("pack.tableItem")), html.EscapeString(w.loc.T("pack.tableValue")))
		for _, r := range x.Rows {
			w.row(&b, r)
		}
		if x.Result != nil {
			w.row(&b, *x.Result)
		}
		b.WriteString("</tbody>\n</table>\n")
	case "conditions":
		items := make([]string, len(x.Conditions))
		for i, c := range x.Conditions {
			items[i] = c.Text + " (" + w.loc.T("pack.state."+string(c.State)) + ")"
		}
		list(&b, items)
	case "reasons":
		list(&b, x.Reasons)
	case "legal":
		items := make([]string, len(x.Legal))
		for i, l := range x.Legal {
			items[i] = l.Title
			if l.Article != "" {
				items[i] += ", " + l.Article
			}
		}
		list(&b, items)
	}
	return b.String()
}

func (w *letterWriter) row(b *strings.Builder, r Row) {
	value := r.Value
	if r.Minus {
		value = "\u2212 " + value
	}
	fmt.Fprintf(b, "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", html.EscapeString(r.Label), html.EscapeString(value))
}

func list(b *strings.Builder, items []string) {
	if len(items) == 0 {
		return
	}
	b.WriteString("<ul>\n")
	for _, s := range items {
		fmt.Fprintf(b, "<li>%s</li>\n", html.EscapeString(s))
	}
	b.WriteString("</ul>\n")
}

// escape makes a value plain text for Markdown. A line end stays one.
func escape(s string) string {
	var b strings.Builder
	for i, line := range strings.Split(strings.ReplaceAll(s, "\r", ""), "\n") {
		if i > 0 {
			b.WriteString("\\\n")
		}
		for _, r := range strings.TrimSpace(line) {
			switch {
			case r < 0x80 && strings.ContainsRune("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", r):
				b.WriteByte('\\')
			case r >= 0xe000 && r <= 0xf8ff, r == 0:
				continue
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// loadLetters parses letters/<name>.<lang>.md.
func (l *loader) loadLetters(p *Package) {
	p.letters = map[string]*letter{}
	names := append(l.outNames(p), "item")
	for _, file := range sortedKeys(l.files) {
		src := l.files[file]
		rest, ok := strings.CutPrefix(file, "letters/")
		if !ok {
			continue
		}
		base, ok := strings.CutSuffix(rest, ".md")
		name, lang, dot := strings.Cut(base, ".")
		if _, known := i18n.Parse(lang); !ok || !dot || !known {
			l.warn(file, 0, "pack.finding.letters.name")
			continue
		}
		lp := &letterParser{l: l, file: file, names: names, src: string(src), line: 1}
		p.letters[base] = &letter{parts: lp.parse("")}
		if !slices.Contains(p.Letters, name) {
			p.Letters = append(p.Letters, name)
		}
	}
	slices.Sort(p.Letters)
}

// letterParser cuts a letter at its {{ … }}.
type letterParser struct {
	l     *loader
	file  string
	names []string
	src   string // what is left
	line  int
	ended string // the tag that ended the last section: else, /if, /each
}

func (lp *letterParser) parse(section string) []part {
	var parts []part
	for {
		i := strings.Index(lp.src, "{{")
		if i < 0 {
			parts = append(parts, part{text: lp.src})
			lp.src, lp.ended = "", ""
			if section != "" {
				lp.l.fault(lp.file, lp.line, "pack.finding.letters.open", "section", section, "end", section)
			}
			return parts
		}
		parts = append(parts, part{text: lp.src[:i]})
		lp.line += strings.Count(lp.src[:i], "\n")
		end := strings.Index(lp.src[i:], "}}")
		if end < 0 {
			lp.l.fault(lp.file, lp.line, "pack.finding.letters.brace")
			lp.src = ""
			return parts
		}
		tag := lp.src[i+2 : i+end]
		lp.src = lp.src[i+end+2:]
		line := lp.line
		lp.line += strings.Count(tag, "\n")
		tag = strings.TrimSpace(tag)
		switch {
		case strings.HasPrefix(tag, "#if "), strings.HasPrefix(tag, "#each "):
			parts = append(parts, lp.section(tag, line))
		case tag == "else" || tag == "/if" || tag == "/each":
			if section == "" || tag != "else" && tag != "/"+section || tag == "else" && section != "if" {
				lp.l.fault(lp.file, line, "pack.finding.letters.endsNothing", "tag", tag)
				continue
			}
			lp.ended = tag
			return parts
		case strings.HasPrefix(tag, ">"):
			name := strings.TrimSpace(tag[1:])
			if !slices.Contains(inserts, name) {
				lp.l.fault(lp.file, line, "pack.finding.letters.insert", "name", name, "list", strings.Join(inserts, ", "))
			}
			parts = append(parts, part{insert: name})
		default:
			a := lp.l.argument(lp.file, "placeholder", "", source.Text{Text: tag, Line: line}, lp.names)
			if a.expr != nil {
				parts = append(parts, part{value: &a})
			}
		}
	}
}

func (lp *letterParser) section(tag string, line int) part {
	name, text, _ := strings.Cut(tag[1:], " ")
	e := lp.l.compile(lp.file, "#"+name, source.Text{Text: text, Line: line}, lp.names)
	pt := part{then: lp.parse(name)}
	if lp.ended == "else" {
		pt.other = lp.parse(name)
	}
	switch {
	case e == nil: // reported
	case name == "if":
		pt.cond = e
	default:
		pt.each = e
	}
	return pt
}
