package tck

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
)

// Status is the outcome of a case.
type Status string

// The outcomes.
const (
	Passed      Status = "passed"
	Failed      Status = "failed"
	Unsupported Status = "unsupported"
)

// Case is the outcome of one test case.
type Case struct {
	Folder  string // such as "compliance-level-3/0001-filter"
	File    string // test file without ".xml"
	ID      string
	Status  Status
	Comment string // what differs, or is unsupported
}

// Count holds numbers of cases.
type Count struct {
	Passed      int `json:"passed"`
	Failed      int `json:"failed"`
	Unsupported int `json:"unsupported"`
}

func (c *Count) add(s Status) {
	switch s {
	case Passed:
		c.Passed++
	case Failed:
		c.Failed++
	case Unsupported:
		c.Unsupported++
	}
}

// Report is the outcome of a run, in the order of the suite.
type Report struct{ Cases []Case }

// Total counts all cases.
func (r Report) Total() Count {
	var c Count
	for _, x := range r.Cases {
		c.add(x.Status)
	}
	return c
}

// Folder is the count of one directory of the suite.
type Folder struct {
	Name string
	Count
}

// Folders counts the cases of each directory, in the order of the suite.
func (r Report) Folders() []Folder {
	var out []Folder
	for _, x := range r.Cases {
		if n := len(out); n == 0 || out[n-1].Name != x.Folder {
			out = append(out, Folder{Name: x.Folder})
		}
		out[len(out)-1].add(x.Status)
	}
	return out
}

// String returns "N passed, M failed, K unsupported".
func (r Report) String() string {
	c := r.Total()
	return fmt.Sprintf("%d passed, %d failed, %d unsupported", c.Passed, c.Failed, c.Unsupported)
}

// WriteCSV writes the report as the suite wants it: one line per case with
// folder, file, case, SUCCESS, ERROR or IGNORED (unsupported), and a comment.
// Every field is quoted, as in the published results.
func (r Report) WriteCSV(w io.Writer) error {
	status := map[Status]string{Passed: "SUCCESS", Failed: "ERROR", Unsupported: "IGNORED"}
	for _, c := range r.Cases {
		fields := []string{c.Folder, c.File, c.ID, status[c.Status], strings.Join(strings.Fields(c.Comment), " ")}
		for i, f := range fields {
			fields[i] = `"` + strings.ReplaceAll(f, `"`, `""`) + `"`
		}
		if _, err := fmt.Fprintln(w, strings.Join(fields, ",")); err != nil {
			return err
		}
	}
	return nil
}

// ReadCSV reads what WriteCSV wrote.
func ReadCSV(rd io.Reader) (Report, error) {
	cr := csv.NewReader(rd)
	cr.FieldsPerRecord = 5
	rows, err := cr.ReadAll()
	if err != nil {
		return Report{}, err
	}
	status := map[string]Status{"SUCCESS": Passed, "ERROR": Failed, "IGNORED": Unsupported}
	var r Report
	for _, f := range rows {
		r.Cases = append(r.Cases, Case{f[0], f[1], f[2], status[f[3]], f[4]})
	}
	return r, nil
}
