package api_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/cases/api"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/i18n/i18ntest"
)

func TestLocales(t *testing.T) {
	i18ntest.Complete(t, api.Locales)
	i18ntest.UsedKeys(t, ".", api.Locales, "api.next.")
}

func TestTheCatalogueIsFiltered(t *testing.T) {
	p := newSite(t, sqlite(t)).as("")
	ids := func(query string) []string {
		t.Helper()
		var list api.ServiceList
		p.get("/api/v1/services" + query).want(200).into(&list)
		var all []string
		for _, s := range list.Services {
			all = append(all, s.ID)
		}
		return all
	}
	if got := ids(""); !slices.Contains(got, allowance) {
		t.Errorf("all: %v", got)
	}
	if got := ids("?authority=fns&audience=citizen&lifeEvent=money-is-short"); !slices.Equal(got, []string{allowance}) {
		t.Errorf("filtered: %v", got)
	}
	if got := ids("?authority=nobody"); len(got) != 0 {
		t.Errorf("of nobody: %v", got)
	}
	if got := ids("?q=allowance"); len(got) == 0 || got[0] != allowance {
		t.Errorf("searched: %v", got)
	}
	if f := p.get("/api/v1/services?audience=dogs").problem(422, "invalid"); f.Errors[0].Field != "audience" {
		t.Errorf("errors %+v", f.Errors)
	}
}

func TestAServiceTellsEverythingInFiveLanguages(t *testing.T) {
	p := newSite(t, sqlite(t)).as("")
	var s api.ServiceDetail
	p.get("/api/v1/services/" + allowance).want(200).into(&s)
	if len(s.Title) != 5 || s.Title["fr"] == "" || len(s.Who["pt"]) == 0 {
		t.Errorf("texts: %v %v", s.Title, s.Who)
	}
	if s.Deadlines.Decide != "P3M" || s.Deadlines.Appeal == nil || s.Deadlines.Appeal.Within != "P40D" {
		t.Errorf("deadlines: %+v", s.Deadlines)
	}
	if s.Fee != nil || s.Time.Status != pack.Unverified || s.Legal[0].Status != pack.Unverified {
		t.Errorf("figures: %+v %+v %+v", s.Fee, s.Time, s.Legal[0])
	}
	schema := p.get("/api/v1/services/" + allowance + "/schema").want(200)
	if ct := schema.header.Get("Content-Type"); ct != "application/schema+json" {
		t.Errorf("content type %s", ct)
	}
	compileSchema(t, schema.body)
	p.lang = "de"
	if f := p.get("/api/v1/services/unicorn-licence").problem(404, "not-found"); !strings.Contains(f.Detail, "Leistung") && f.Detail == "" {
		t.Errorf("detail %q", f.Detail)
	}
}

func TestASubmissionIsIdempotentAThousandTimesAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newSite(t, d).as("pensioner")
		first := p.submit("key-1", application).want(201)
		var r api.Receipt
		first.into(&r)
		if first.header.Get("Location") != "/api/v1/cases/"+r.Case || len(r.ContentHash) != 64 || !strings.HasPrefix(r.Number, "AVC-2025-") {
			t.Errorf("receipt %+v at %s", r, first.header.Get("Location"))
		}
		answers := make([]answer, 200)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i] = p.submit("key-1", application) })
		}
		wg.Wait()
		for _, a := range answers {
			if a.status != 201 || !bytes.Equal(a.body, first.body) {
				t.Fatalf("repeated: %d %s, want %s", a.status, a.body, first.body)
			}
		}
		p.submit("key-1", strings.Replace(application, `"ordinary"`, `"student", "studiesWithoutCover": false`, 1)).problem(409, "conflict")

		var list api.CaseList
		p.get("/api/v1/cases").want(200).into(&list)
		if len(list.Cases) != 1 || list.Cases[0].ID != r.Case {
			t.Errorf("cases %+v", list.Cases)
		}
	})
}

func TestBadSubmissionsSayWhatIsWrongAndStoreNothing(t *testing.T) {
	s := newSite(t, sqlite(t))
	p := s.as("pensioner")
	for _, c := range []struct{ name, body, field, code string }{
		{"no JSON", `{"application": {`, "", "json"},
		{"more than one document", application + ` {}`, "", "json"},
		{"unknown member", `{"application": {}, "colour": "red"}`, "colour", "unknown"},
		{"member of another kind", `{"application": []}`, "application", "shape"},
		{"no application", `{}`, "application", "required"},
		{"unknown language", `{"language": "tlh", "application": {}}`, "language", "option"},
		{"missing answer", strings.Replace(application, `"stay": "ordinary",`, "", 1), "stay", "required"},
		{"unknown answer", strings.Replace(application, `"stay"`, `"moon": 1, "stay"`, 1), "moon", "unknown"},
		{"answer of another kind", strings.Replace(application, `"ordinary"`, `7`, 1), "stay", "shape"},
		{"no such option", strings.Replace(application, `"ordinary"`, `"luxury"`, 1), "stay", "option"},
		{"declaration not ticked", strings.Replace(application, `"truthful": true`, `"truthful": false`, 1), "truthful", "declaration"},
		{"claimed file", strings.Replace(application, `"otherIncome": false`, `"otherIncome": true, "otherIncomes": [{"kind": "rent", "amount": 5}], "proofs": [{"name": "a.pdf", "size": 3, "hash": "00"}]`, 1), "proofs", "file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := p.submit("k", c.body).problem(422, "invalid")
			if len(f.Errors) == 0 || f.Errors[0].Field != c.field || f.Errors[0].Code != c.code || f.Errors[0].Message == "" || strings.Contains(f.Errors[0].Message, "api.") {
				t.Errorf("errors %+v, want %s (%s)", f.Errors, c.field, c.code)
			}
		})
	}
	p.submit("", application).problem(422, "invalid")
	p.submit(strings.Repeat("k", 201), application).problem(422, "invalid")
	p.submit("k", `{"application": {"holder": "`+strings.Repeat("x", 2<<20)+`"}}`).problem(413, "too-large")
	p.send("POST", "/api/v1/services/unicorn-licence/applications", http.Header{"Idempotency-Key": {"k"}}, []byte(application)).problem(404, "not-found")
	p.submit("k", strings.Replace(application, `{"app`, `{"version": "1999", "app`, 1)).problem(404, "not-found")
	p.send("PUT", "/api/v1/services/"+allowance+"/applications", nil, nil).problem(405, "method")
	s.as("").submit("k", application).problem(401, "unauthenticated")

	var list api.CaseList
	p.get("/api/v1/cases").into(&list)
	if len(list.Cases) != 0 {
		t.Errorf("stored: %+v", list.Cases)
	}
}

func TestFilesComeWithTheApplication(t *testing.T) {
	p := newSite(t, sqlite(t)).as("pensioner")
	doc := strings.Replace(application, `"otherIncome": false`, `"otherIncome": true, "otherIncomes": [{"kind": "rent", "amount": 500}]`, 1)
	send := func(key, name, content string) answer {
		body, kind := form(t, map[string]string{"submission": doc}, map[string][]string{"proofs": {name, content}})
		return p.send("POST", "/api/v1/services/"+allowance+"/applications", http.Header{"Idempotency-Key": {key}, "Content-Type": {kind}}, body)
	}
	if f := send("lie", "photo.pdf", "GIF89a and so on").problem(422, "invalid"); f.Errors[0].Field != "proofs" || f.Errors[0].Code != "fileType" {
		t.Errorf("errors %+v", f.Errors)
	}
	var r api.Receipt
	send("true", "../../lease.pdf", "%PDF-1.7 a lease").want(201).into(&r)
	var c api.Case
	p.get("/api/v1/cases/" + r.Case).want(200).into(&c)
	if len(c.Documents) != 1 || c.Documents[0].Name != "lease.pdf" || c.Documents[0].MediaType != "application/pdf" || c.Documents[0].Size != 16 {
		t.Errorf("documents %+v", c.Documents)
	}
}

func TestACaseFromSubmissionToAppeal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		p := s.as("pensioner")
		var r api.Receipt
		p.submit("key", application).want(201).into(&r)
		at := "/api/v1/cases/" + r.Case
		open := func() (c api.Case) { t.Helper(); p.get(at).want(200).into(&c); return }

		c := open()
		if c.Status != cases.Examined || c.Next.Who != "authority" || c.Next.What != "decide" || c.Next.By != c.Clock.Deadline || c.Next.By == "" {
			t.Fatalf("submitted: %s %+v %+v", c.Status, c.Next, c.Clock)
		}
		if len(c.Deadlines) != 1 || c.Deadlines[0].For != cases.OfDecision || c.Deadlines[0].Until != c.Clock.Deadline || len(c.Deadlines[0].Told) < 2 {
			t.Errorf("deadlines %+v", c.Deadlines)
		}
		if c.Clock.Limit != "P3M" || c.Clock.Silence != "refusal" || c.ContentHash != r.ContentHash {
			t.Errorf("clock %+v", c.Clock)
		}
		if f := p.get(at+"/decision").problem(404, "not-found"); !strings.Contains(f.Detail, "no decision") {
			t.Errorf("undecided: %s", f.Detail)
		}

		officer := s.identity("fns-case-worker")
		must(t, s.cases.Ask(t.Context(), officer, r.Case, "Please send your lease."))
		c = open()
		if c.Status != cases.Waiting || c.Next.What != "answer" || c.Clock.PausedAt == "" || c.Clock.Deadline != "" || len(c.Requests) != 1 {
			t.Fatalf("asked: %+v", c)
		}
		answerAt := at + "/requests/" + c.Requests[0].ID + "/answer"
		reply := func(text string, files map[string][]string) answer {
			body, kind := form(t, map[string]string{"text": text}, files)
			return p.send("POST", answerAt, http.Header{"Content-Type": {kind}}, body)
		}
		reply("", nil).problem(422, "invalid")
		if f := reply("see", map[string][]string{"files": {"x.pdf", "no pdf"}}).problem(422, "invalid"); f.Errors[0].Code != "fileType" {
			t.Errorf("errors %+v", f.Errors)
		}
		c = api.Case{}
		reply("Here it is.", map[string][]string{"files": {"lease.pdf", "%PDF-1.7"}}).want(200).into(&c)
		if c.Status != cases.Examined || c.Requests[0].Answer != "Here it is." || len(c.Documents) != 1 || c.Clock.PausedAt != "" {
			t.Fatalf("answered: %+v", c)
		}
		reply("Again.", nil).problem(409, "conflict")

		dossier, err := s.cases.Open(t.Context(), officer, r.Case, "test", true)
		must(t, err)
		must(t, s.cases.Decide(t.Context(), officer, r.Case, dossier.Tasks[0].ID, pack.Refused, "", "The lease is not yours."))
		var dec api.Decision
		p.get(at + "/decision").want(200).into(&dec)
		if dec.Outcome != pack.Refused || dec.AppealLimit == nil || !dec.AppealLimit.Open || len(dec.Conditions) == 0 || dec.Headline == "" {
			t.Fatalf("decision %+v", dec)
		}
		if len(dec.Receipt) != 64 {
			t.Errorf("receipt %q", dec.Receipt)
		}
		var account api.Account
		p.get(at + "/decision/account").want(200).into(&account)
		if len(account.Steps) < 20 || account.Steps[len(account.Steps)-1].Name != "Decision" || len(account.Parameters) == 0 || account.Parameters[0].Value == "" {
			t.Errorf("account %+v", account)
		}
		receipt, err := pack.ReadReceipt(p.get(at + "/decision/receipt").want(200).body)
		must(t, err)
		replayed, err := dossier.Package.Replay(receipt)
		must(t, err)
		if !replayed.Same() || receipt.Hash != dec.Receipt || receipt.Issued.ByRule || receipt.Issued.Outcome != pack.Refused {
			t.Errorf("replayed %+v, issued %+v", replayed, receipt.Issued)
		}
		if c = open(); c.Next.What != "appeal" || c.Decision == "" {
			t.Errorf("decided: %+v", c.Next)
		}
		p.send("POST", at+"/withdrawal", nil, nil).problem(409, "conflict")

		body := []byte(`{"text": "The lease is mine; see the second page."}`)
		json := http.Header{"Content-Type": {"application/json"}}
		p.send("POST", at+"/appeal", json, []byte(`{"text": "no"}`)).problem(422, "invalid")
		var appeal, again api.Receipt
		p.send("POST", at+"/appeal", json, body).want(201).into(&appeal)
		p.send("POST", at+"/appeal", json, body).want(201).into(&again)
		if appeal != again || appeal.Case == r.Case {
			t.Errorf("appeals %+v, %+v", appeal, again)
		}
		if c = open(); len(c.Appeals) != 1 || c.Appeals[0].ID != appeal.Case {
			t.Errorf("appeals %+v", c.Appeals)
		}
	})
}

func TestAnotherPersonsCaseDoesNotExist(t *testing.T) {
	s := newSite(t, sqlite(t))
	var r api.Receipt
	s.as("pensioner").submit("key", application).want(201).into(&r)
	at := "/api/v1/cases/" + r.Case
	other := s.as("single-parent")
	for _, path := range []string{at, at + "/decision", at + "/decision/account", at + "/decision/receipt"} {
		other.get(path).problem(404, "not-found")
		s.as("").get(path).problem(401, "unauthenticated")
	}
	other.send("POST", at+"/withdrawal", nil, nil).problem(404, "not-found")
	body, kind := form(t, map[string]string{"text": "mine"}, nil)
	other.send("POST", at+"/requests/x/answer", http.Header{"Content-Type": {kind}}, body).problem(404, "not-found")
	s.as("pensioner").send("POST", at+"/withdrawal", nil, nil).want(200)
}

func TestCasesArePagedByKey(t *testing.T) {
	p := newSite(t, sqlite(t)).as("pensioner")
	for _, key := range []string{"a", "b", "c"} {
		p.submit(key, application).want(201)
	}
	var seen []string
	path := "/api/v1/cases?limit=2"
	for path != "" {
		a := p.get(path).want(200)
		var list api.CaseList
		a.into(&list)
		for _, c := range list.Cases {
			seen = append(seen, c.ID)
		}
		link := a.header.Get("Link")
		path = ""
		if link != "" {
			path = strings.TrimPrefix(link[1:strings.Index(link, ">")], "https://passerelle.example")
		}
	}
	if len(seen) != 3 || !slices.IsSortedFunc(seen, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("seen %v", seen)
	}
	p.get("/api/v1/cases?limit=1000").problem(422, "invalid")
}

func TestAnUnknownCodeVerifiesNothing(t *testing.T) {
	p := newSite(t, sqlite(t)).as("")
	p.get("/api/v1/verifications/7K3M-9QXD-2TVW").problem(404, "not-found")
}

// form makes a multipart body; a file is its field, name and content.
func form(t *testing.T, values map[string]string, files map[string][]string) (body []byte, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range values {
		must(t, w.WriteField(k, v))
	}
	for k, f := range files {
		part, err := w.CreateFormFile(k, f[0])
		must(t, err)
		_, err = part.Write([]byte(f[1]))
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes(), w.FormDataContentType()
}
