package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"passerelle/internal/module/services/pack"
	packages "passerelle/services"
)

type decisionCmd struct {
	Replay replayCmd `cmd:"" help:"Run a decision again from its receipt, and say whether it comes to the same."`
}

type replayCmd struct {
	Receipt  string `arg:"" type:"existingfile" help:"The receipt, as downloaded at the case."`
	Hash     string `placeholder:"SHA-256" help:"The receipt's fingerprint as it stands at the case, to know that this is the receipt that was issued."`
	Services string `type:"existingdir" help:"Folder with all services; without it those that are compiled in."`
	JSON     bool   `help:"Print the comparison as JSON."`
}

// The exit codes of a replay: 0 the same, 1 it differs, 2 nothing can be said.
const unusable = exitError(2)

func (c *replayCmd) Run() error {
	text, err := os.ReadFile(c.Receipt)
	if err != nil {
		return err
	}
	r, err := pack.ReadReceipt(text)
	if err != nil {
		fmt.Fprintln(os.Stderr, "passerelle:", err)
		return unusable
	}
	if c.Hash != "" && !strings.EqualFold(strings.TrimSpace(c.Hash), r.Hash) {
		fmt.Fprintf(os.Stderr, "passerelle: this is another receipt: its fingerprint is %s\n", r.Hash)
		return exitError(1)
	}
	files := packages.Luxembourg()
	if c.Services != "" {
		files = os.DirFS(c.Services)
	}
	set, _ := pack.LoadSet(files)
	p, ok := set.Version(r.Package.Service, r.Package.Version)
	if !ok {
		fmt.Fprintf(os.Stderr, "passerelle: there is no package %s/%s here; --services names another folder\n", r.Package.Service, r.Package.Version)
		return unusable
	}
	out, err := p.Replay(r)
	if err != nil {
		fmt.Fprintln(os.Stderr, "passerelle:", err)
		return unusable
	}
	if c.JSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(out)
	} else {
		c.say(r, out)
	}
	if err == nil && !out.Same() {
		err = exitError(1)
	}
	return err
}

func (c *replayCmd) say(r pack.Receipt, out pack.Replayed) {
	line := func(ok bool, yes, no string) {
		if ok {
			fmt.Println("same    ", yes)
		} else {
			fmt.Println("DIFFERS ", no)
		}
	}
	fmt.Printf("case %s, decided %s, %s/%s\n", r.Case, r.DecidedAt.Format("2006-01-02 15:04 MST"), r.Package.Service, r.Package.Version)
	line(out.Untouched, "the fingerprints fit what the receipt says", "the receipt was changed after it was written: its fingerprints are wrong")
	line(out.SameIssued, "what was issued", "the receipt says that the rules decided, but not what they came to")
	line(out.SameRules, "the rules", "the files of the rules have changed since; the result below tells whether that matters")
	line(out.SamePackage, "the whole package, texts included", "the package's texts or letters have changed; that does not alter the result")
	line(out.SameEngine, "the engine "+r.Engine.Version, "the engine is another version than "+r.Engine.Version)
	amount := ""
	if out.Amount != "" {
		amount = " EUR " + out.Amount
	}
	line(out.SameResult, "the result: "+string(out.Outcome)+amount, "the result: it is "+string(out.Outcome)+amount+" now")
	for _, d := range out.Differences {
		fmt.Println("         ", d)
	}
	if c.Hash == "" {
		fmt.Printf("note      compare the fingerprint with the one at the case, or name it with --hash: %s\n", r.Hash)
	}
	if r.Issued.ByRule {
		return
	}
	fmt.Printf("note      %s decided otherwise than the rules: %s\n", r.Issued.DecidedBy, r.Issued.Outcome)
}
