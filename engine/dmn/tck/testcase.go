package tck

import (
	"encoding/xml"
	"fmt"
	"os"
	"strings"

	"github.com/woodsbury/decimal128"

	"passerelle/engine/feel"
)

// suiteFile is one file of test cases (testCases.xsd of the suite).
type suiteFile struct {
	ModelName string     `xml:"modelName"`
	Cases     []testCase `xml:"testCase"`
}

type testCase struct {
	ID        string       `xml:"id,attr"`
	Type      string       `xml:"type,attr"` // decision (default), bkm, decisionService
	Invocable string       `xml:"invocableName,attr"`
	Inputs    []inputNode  `xml:"inputNode"`
	Results   []resultNode `xml:"resultNode"`
}

type inputNode struct {
	Name      string `xml:"name,attr"`
	Namespace string `xml:"namespace,attr"`
	valueXML
}

type resultNode struct {
	Name     string   `xml:"name,attr"`
	Error    bool     `xml:"errorResult,attr"`
	Type     string   `xml:"type,attr"`
	Expected valueXML `xml:"expected"`
}

// valueXML is a value, a context of components, or a list.
type valueXML struct {
	Nil        string          `xml:"http://www.w3.org/2001/XMLSchema-instance nil,attr"`
	Value      *simpleXML      `xml:"value"`
	Components []*componentXML `xml:"component"`
	List       *listXML        `xml:"list"`
}

type simpleXML struct {
	Nil  string `xml:"http://www.w3.org/2001/XMLSchema-instance nil,attr"`
	Type string `xml:"http://www.w3.org/2001/XMLSchema-instance type,attr"`
	Text string `xml:",chardata"`
}

type componentXML struct {
	Name string `xml:"name,attr"`
	valueXML
}

type listXML struct {
	Nil   string     `xml:"http://www.w3.org/2001/XMLSchema-instance nil,attr"`
	Items []valueXML `xml:"item"`
}

func readSuite(path string) (suiteFile, error) {
	var f suiteFile
	data, err := os.ReadFile(path)
	if err != nil {
		return f, err
	}
	if err := xml.Unmarshal(data, &f); err != nil {
		return f, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// value converts the XML form to a FEEL value.
func (x *valueXML) value() (feel.Value, error) {
	switch {
	case x.Value != nil:
		return x.Value.value()
	case x.List != nil:
		if x.List.Nil == "true" {
			return feel.Null(), nil
		}
		items := []feel.Value{}
		for i := range x.List.Items {
			v, err := x.List.Items[i].value()
			if err != nil {
				return v, err
			}
			items = append(items, v)
		}
		return feel.List(items...), nil
	case len(x.Components) > 0:
		var entries []feel.Entry
		for _, c := range x.Components {
			v, err := c.value()
			if err != nil {
				return v, err
			}
			entries = append(entries, feel.Entry{Name: c.Name, Value: v})
		}
		return feel.Context(entries...), nil
	}
	return feel.Null(), nil
}

func (s *simpleXML) value() (feel.Value, error) {
	if s.Nil == "true" {
		return feel.Null(), nil
	}
	_, kind, _ := strings.Cut(s.Type, ":")
	text := strings.TrimSpace(s.Text)
	switch kind {
	case "decimal", "double", "integer", "int", "long", "float":
		d, err := decimal128.Parse(text)
		if err != nil {
			return feel.Value{}, fmt.Errorf("%q is no number", text)
		}
		return feel.Number(d), nil
	case "boolean":
		return feel.Bool(text == "true" || text == "1"), nil
	case "date", "time", "dateTime", "duration", "dayTimeDuration", "yearMonthDuration":
		v, ok := feel.ParseTemporal(text)
		if !ok {
			return v, fmt.Errorf("%q is no %s", text, kind)
		}
		return v, nil
	}
	return feel.String(s.Text), nil
}
