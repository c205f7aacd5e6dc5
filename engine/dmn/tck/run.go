package tck

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/woodsbury/decimal128"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
)

// now is the time that now() and today() give in every run, so that runs can be
// compared.
var now = time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC)

// Run runs every test file below dir, which holds the suite's folders
// compliance-level-2 and compliance-level-3 (either may be missing). Each model
// is handed to prepare before its cases are run. The error is about reading the
// suite; what fails inside a case is in the report.
func Run(dir string, prepare ...func(*dmn.Model)) (Report, error) {
	var r Report
	found := false
	for _, level := range []string{"compliance-level-2", "compliance-level-3"} {
		folders, err := os.ReadDir(filepath.Join(dir, level))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return r, err
		}
		for _, f := range folders {
			if !f.IsDir() {
				continue
			}
			found = true
			if err := r.runFolder(dir, level+"/"+f.Name(), prepare); err != nil {
				return r, err
			}
		}
	}
	if !found {
		return r, fmt.Errorf("tck: %s has no folder compliance-level-2 or compliance-level-3", dir)
	}
	return r, nil
}

func (r *Report) runFolder(root, folder string, prepare []func(*dmn.Model)) error {
	dir := filepath.Join(root, filepath.FromSlash(folder))
	tests, err := filepath.Glob(filepath.Join(dir, "*-test-*.xml"))
	if err != nil {
		return err
	}
	sort.Strings(tests)
	models := map[string]*dmn.Model{}
	for _, path := range tests {
		suite, err := readSuite(path)
		if err != nil {
			return err
		}
		file := strings.TrimSuffix(filepath.Base(path), ".xml")
		name := strings.TrimSpace(suite.ModelName)
		m := models[name]
		var broken error
		if m == nil {
			if m, broken = load(dir, name); broken == nil {
				for _, p := range prepare {
					p(m)
				}
			}
			models[name] = m
		}
		for i := range suite.Cases {
			c := &suite.Cases[i]
			out := Case{Folder: folder, File: file, ID: c.ID, Status: Passed}
			if broken != nil {
				out.Status, out.Comment = Failed, broken.Error()
			} else {
				out.Status, out.Comment = runCase(m, c)
			}
			r.Cases = append(r.Cases, out)
		}
	}
	return nil
}

// load compiles a model together with the other models of its folder, which it
// may import.
func load(dir, name string) (*dmn.Model, error) {
	main, err := parse(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.dmn"))
	if err != nil {
		return nil, err
	}
	var imports []*dmn.Definitions
	for _, f := range files {
		if filepath.Base(f) == name {
			continue
		}
		d, err := parse(f)
		if err != nil {
			return nil, err
		}
		imports = append(imports, d)
	}
	return dmn.Compile(main, imports...)
}

func parse(path string) (*dmn.Definitions, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return dmn.Parse(f)
}

// runCase evaluates one case and says what became of it.
func runCase(m *dmn.Model, c *testCase) (Status, string) {
	var entries []feel.Entry
	for i := range c.Inputs {
		in := &c.Inputs[i]
		v, err := in.value()
		if err != nil {
			return Failed, err.Error()
		}
		name := in.Name
		if in.Namespace != "" {
			name = in.Namespace + "#" + name
		}
		entries = append(entries, feel.Entry{Name: name, Value: v})
	}
	inputs := feel.Context(entries...)
	var failures []string
	unsupported := ""
	for i := range c.Results {
		node := &c.Results[i]
		res, err := evaluate(m, c, node, inputs)
		if err != nil {
			failures = append(failures, err.Error())
			continue
		}
		for _, w := range res.Warnings {
			if w.Unsupported {
				unsupported = w.Msg
			}
		}
		if msg := compare(node, res); msg != "" {
			failures = append(failures, msg)
		}
	}
	switch {
	case unsupported != "":
		return Unsupported, unsupported
	case failures != nil:
		return Failed, strings.Join(failures, "; ")
	}
	return Passed, ""
}

func evaluate(m *dmn.Model, c *testCase, node *resultNode, inputs feel.Value) (dmn.Result, error) {
	clock := dmn.WithClock(func() time.Time { return now })
	switch c.Type {
	case "decisionService":
		res, err := m.Serve(c.Invocable, inputs, clock)
		if len(c.Results) > 1 { // the value is a context of the output decisions
			res.Value, _ = res.Value.Get(node.Name)
		}
		return res, err
	case "bkm":
		return m.Call(c.Invocable, inputs, clock)
	}
	return m.Decide(node.Name, inputs, clock)
}

// compare returns "" when the result is as expected, else what differs.
func compare(node *resultNode, res dmn.Result) string {
	want, err := node.Expected.value()
	if err != nil {
		return err.Error()
	}
	if node.Error {
		want = feel.Null()
	}
	if same(want, res.Value) {
		return ""
	}
	msg := fmt.Sprintf("%s: want %s, got %s", node.Name, clip(want), clip(res.Value))
	if len(res.Warnings) > 0 {
		msg += " (" + res.Warnings[0].Msg + ")"
	}
	return msg
}

func clip(v feel.Value) string {
	s := v.String()
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}

var tolerance = decimal128.MustParse("1e-8")

// same compares as the suite wants: contexts need the same names, in any order.
func same(want, got feel.Value) bool {
	if want.Kind() != got.Kind() {
		return false
	}
	switch want.Kind() {
	case feel.KindNull:
		return true
	case feel.KindNumber:
		a, _ := want.AsNumber()
		b, _ := got.AsNumber()
		d := a.Sub(b)
		if d.Signbit() {
			d = d.Neg()
		}
		return d.Cmp(tolerance).Less()
	case feel.KindList:
		a, b := want.Items(), got.Items()
		if len(a) != len(b) {
			return false
		}
		for i := range a {
			if !same(a[i], b[i]) {
				return false
			}
		}
		return true
	case feel.KindContext:
		if len(want.Entries()) != len(got.Entries()) {
			return false
		}
		for _, e := range want.Entries() {
			v, ok := got.Get(e.Name)
			if !ok || !same(e.Value, v) {
				return false
			}
		}
		return true
	}
	return want.Equal(got)
}
