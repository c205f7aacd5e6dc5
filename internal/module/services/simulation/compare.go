package simulation

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
)

// Population is people on whom a service is tried: one entry for each
// application that could be made.
type Population interface {
	// Len is how many there are; 0 when that is not known beforehand.
	Len() int
	// Each hands over everybody as both versions see them, in an order that is
	// always the same. It stops at the first error, its own or yield's, and
	// returns it.
	Each(ctx context.Context, base, variant *pack.Package, yield func(Applicant) error) error
}

// Applicant is one application that could be made.
type Applicant struct {
	ID            string     // identification number
	Base, Variant pack.Facts // each version asks for its own evidence; no Date
}

// Options of Compare.
type Options struct {
	Base, Variant *pack.Package // the same one twice: only the take-up is asked
	Date          time.Time     // the day of the applications
	People        Population
	Applied       map[string]bool // identification numbers that have applied; nil: take-up is not asked
	// Key is the secret that protects the figures. Results under one key can be
	// compared; whoever has the key and the people can undo the protection.
	Key      []byte
	Progress func(done int) // called now and then, from one goroutine at a time; may be nil
}

// one is what came of one application under both versions.
type one struct {
	record        uint64
	size          int
	income        int64 // cents; -1: not known
	commune       string
	base, variant fate
	applied       bool
}

// fate is one decision, as far as a simulation tells it.
type fate struct {
	outcome pack.Outcome // "" when there was no decision
	cents   int64        // what is paid; 0 unless granted
}

const failed = pack.Outcome("")

// batch is how many people one worker takes at once.
const batch = 64

// Compare decides about everybody under both versions. Progress is reported
// about a hundred times. An application that cannot be decided (a value is not
// in force, a rule has no result) is counted as failed; only what ends the whole
// run is an error. A panic is one, of kind errs.Internal, without what it was
// about.
func Compare(ctx context.Context, o Options) (Result, error) {
	if len(o.Key) == 0 {
		return Result{}, errors.New("simulation: no key to protect the figures with")
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var (
		mu    sync.Mutex
		all   []one
		work  = make(chan []Applicant)
		group sync.WaitGroup
	)
	every := max(o.People.Len()/100, batch)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for people := range work {
				done, err := o.decideAll(people)
				if err != nil {
					stop(err)
					return
				}
				mu.Lock()
				before := len(all) / every
				all = append(all, done...)
				if o.Progress != nil && len(all)/every > before {
					o.Progress(len(all))
				}
				mu.Unlock()
			}
		})
	}
	err := o.feed(ctx, work)
	group.Wait()
	if cause := context.Cause(ctx); cause != nil { // what feed saw may only follow from it
		err = cause
	}
	if err != nil {
		return Result{}, err
	}
	return summarize(o, all), nil
}

// feed hands everybody to the workers, batch by batch, and lets them end.
func (o Options) feed(ctx context.Context, work chan<- []Applicant) error {
	defer close(work)
	var next []Applicant
	send := func() error {
		if len(next) == 0 {
			return nil
		}
		select {
		case work <- next:
			next = nil
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	err := o.People.Each(ctx, o.Base, o.Variant, func(a Applicant) error {
		a.Base.Date, a.Variant.Date = o.Date, o.Date
		if next = append(next, a); len(next) < batch {
			return nil
		}
		return send()
	})
	if err != nil {
		return err
	}
	return send()
}

// decideAll decides about some, and turns a panic into an error: it would end
// the process.
func (o Options) decideAll(people []Applicant) (done []one, err error) {
	defer func() {
		if p := recover(); p != nil {
			what := fmt.Sprintf("%T", p) // the value may be about a person
			if e, ok := p.(runtime.Error); ok {
				what = e.Error()
			}
			err = errs.New(errs.Internal, "").Because("a decision panicked: %s\n%s", what, debug.Stack())
		}
	}()
	for _, a := range people {
		done = append(done, o.decide(a))
	}
	return done, nil
}

func (o Options) decide(a Applicant) one {
	f := a.Base
	f.Reading = new(pack.Reading)
	d, err := o.Base.Decide(f)
	x := one{record: secret(o.Key).record(a.ID), base: fateOf(d, err), income: -1}
	x.variant = x.base
	if err == nil {
		t := o.Base.Traits(f, d)
		x.size, x.commune = t.Size, t.Commune
		if n, ok := t.Income.AsNumber(); ok {
			x.income = cents(n)
		}
	}
	if o.Variant != o.Base {
		a.Variant.Reading = new(pack.Reading) // another form reads the answers its own way
		x.variant = fateOf(o.Variant.Decide(a.Variant))
	}
	for _, id := range o.Base.Covers(f) {
		x.applied = x.applied || o.Applied[id]
	}
	return x
}

func fateOf(d pack.Decision, err error) fate {
	if err != nil {
		return fate{}
	}
	x := fate{outcome: d.Outcome}
	if d.Outcome == pack.Granted {
		x.cents = d.Cents()
	}
	return x
}

// compared reports whether the rules decide under both versions. Where one
// leaves it to a person, nobody knows who gains.
func (x one) compared() bool { return x.base.decided() && x.variant.decided() }

func (f fate) decided() bool { return f.outcome == pack.Granted || f.outcome == pack.Refused }

// gains reports whether somebody is better off under the variant: it grants what
// was refused, or grants more.
func (x one) gains() bool {
	return x.compared() && x.variant.outcome == pack.Granted && (x.base.outcome != pack.Granted || x.variant.cents > x.base.cents)
}

// loses is the reverse.
func (x one) loses() bool {
	return x.compared() && x.base.outcome == pack.Granted && (x.variant.outcome != pack.Granted || x.variant.cents < x.base.cents)
}
