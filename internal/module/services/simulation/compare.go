package simulation

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"passerelle/internal/module/services/pack"
)

// Population is people on whom a service is tried: one entry for each
// application that could be made.
type Population interface {
	// Len is how many there are; 0 when that is not known beforehand.
	Len() int
	// Each hands over everybody, in an order that is always the same. It stops at
	// the first error, its own or yield's, and returns it.
	Each(ctx context.Context, p *pack.Package, yield func(pack.Facts) error) error
}

// Options of Compare.
type Options struct {
	Base, Variant *pack.Package // the same one twice: only the take-up is asked
	Date          time.Time     // the day of the applications
	People        Population
	Applied       map[string]bool // identification numbers that have applied; nil: take-up is not asked
	Progress      func(done int)  // called now and then, from one goroutine at a time; may be nil
}

// one is what came of one application under both versions.
type one struct {
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
// about a hundred times. An application that cannot be decided (a register has
// no answer, a value is not in force) is counted as failed; only what ends the
// whole run is an error.
func Compare(ctx context.Context, o Options) (Result, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var (
		mu    sync.Mutex
		all   []one
		work  = make(chan []pack.Facts)
		group sync.WaitGroup
	)
	every := max(o.People.Len()/100, batch)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for facts := range work {
				done := make([]one, len(facts))
				for i := range facts {
					done[i] = decide(o, facts[i])
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
	close(work)
	group.Wait()
	if err != nil {
		return Result{}, err
	}
	return summarize(o, all), nil
}

// feed hands everybody to the workers, batch by batch.
func (o Options) feed(ctx context.Context, work chan<- []pack.Facts) error {
	var next []pack.Facts
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
	err := o.People.Each(ctx, o.Base, func(f pack.Facts) error {
		f.Date = o.Date
		if next = append(next, f); len(next) < batch {
			return nil
		}
		return send()
	})
	return errors.Join(err, send())
}

func decide(o Options, f pack.Facts) one {
	f.Reading = new(pack.Reading)
	d, err := o.Base.Decide(f)
	x := one{base: fateOf(d, err), income: -1}
	x.variant = x.base
	if err == nil {
		t := o.Base.Traits(f, d)
		x.size, x.commune = t.Size, t.Commune
		if n, ok := t.Income.AsNumber(); ok {
			x.income = cents(n)
		}
	}
	if o.Variant != o.Base {
		f.Reading = new(pack.Reading) // another form reads the answers its own way
		x.variant = fateOf(o.Variant.Decide(f))
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

// diff is what the variant pays more, where both are decided.
func (x one) diff() int64 {
	if !x.compared() {
		return 0
	}
	return x.variant.cents - x.base.cents
}
