package dmn_test

import (
	"fmt"
	"log"
	"strings"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
)

const fareModel = `<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="Fares" namespace="https://example.org/fares">
  <inputData id="age" name="Age"><variable name="Age" typeRef="number"/></inputData>
  <decision id="fare" name="Fare">
    <variable name="Fare" typeRef="number"/>
    <informationRequirement><requiredInput href="#age"/></informationRequirement>
    <decisionTable hitPolicy="UNIQUE">
      <input label="Age"><inputExpression><text>Age</text></inputExpression></input>
      <output/>
      <annotation name="Source"/>
      <rule><inputEntry><text>&lt; 6</text></inputEntry><outputEntry><text>0</text></outputEntry><annotationEntry><text>§ 2</text></annotationEntry></rule>
      <rule><inputEntry><text>[6..18)</text></inputEntry><outputEntry><text>1.50</text></outputEntry><annotationEntry><text>§ 3</text></annotationEntry></rule>
      <rule><inputEntry><text>&gt;= 18</text></inputEntry><outputEntry><text>3.00</text></outputEntry><annotationEntry><text>§ 4</text></annotationEntry></rule>
    </decisionTable>
  </decision>
</definitions>`

func fares() *dmn.Model {
	defs, err := dmn.Parse(strings.NewReader(fareModel))
	if err != nil {
		log.Fatal(err)
	}
	model, err := dmn.Compile(defs)
	if err != nil {
		log.Fatal(err)
	}
	return model
}

func Example() {
	model := fares()
	res, err := model.Decide("Fare", feel.Context(feel.Entry{Name: "Age", Value: feel.Int(17)}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Value)
	// Output: 1.5
}

// A trace tells which rule counted, and what each condition came to.
func ExampleWithTrace() {
	res, err := fares().Decide("Fare", feel.Context(feel.Entry{Name: "Age", Value: feel.Int(30)}), dmn.WithTrace())
	if err != nil {
		log.Fatal(err)
	}
	table := res.Trace.Find("Fare").Logic.Table
	for _, rule := range table.Rules {
		fmt.Println(rule.Index, rule.Cells[0].Text, rule.Cells[0].State, rule.Annotations[0].Text)
	}
	fmt.Println("fired:", table.Fired()[0].Index)
	// Output:
	// 1 < 6 not met § 2
	// 2 [6..18) not met § 3
	// 3 >= 18 met § 4
	// fired: 3
}

// What is missing becomes null, with a warning that says so.
func ExampleModel_Decide_missing() {
	res, err := fares().Decide("Fare", feel.Null())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Value, res.Warnings[0])
	// Output: null Age: 2:3: no value was given for "Age"
}
