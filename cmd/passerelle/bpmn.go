package main

import (
	"encoding/json"

	"passerelle/engine/bpmn/matrix"
)

type bpmnCmd struct {
	Matrix matrixCmd `cmd:"" help:"Run the self-checking processes and print which constructs of BPMN are supported."`
}

type matrixCmd struct {
	JSON bool `help:"Print the results as JSON."`
}

// Run prints the feature matrix. A construct that is not supported passes when the
// engine refuses it by name.
func (c *matrixCmd) Run(s *streams) error {
	var results []matrix.Result
	failed := false
	for _, f := range matrix.Features() {
		r := f.Check()
		results = append(results, r)
		failed = failed || !r.Passed
	}
	var err error
	if c.JSON {
		enc := json.NewEncoder(s.out)
		enc.SetIndent("", "  ")
		err = enc.Encode(results)
	} else {
		err = matrix.Write(s.out, results)
	}
	if err == nil && failed {
		err = exitError(1)
	}
	return err
}
