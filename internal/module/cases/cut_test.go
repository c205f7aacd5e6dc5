package cases

import (
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
)

// knife cuts transactions between two writes: the n-th changed row of any
// transaction is refused by the database, as when the process dies there.
type knife struct{ *world }

// newKnife puts a trigger before every write of every table. What a transaction
// counts is rolled back with it, so that each begins anew.
func newKnife(w *world) knife {
	w.exec(`CREATE TABLE knife (rest INTEGER NOT NULL)`)
	w.exec(`INSERT INTO knife VALUES (-1)`)
	tables, trigger := `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`,
		`CREATE TRIGGER knife_%[1]s_%[2]s BEFORE %[2]s ON %[1]s WHEN (SELECT rest FROM knife) >= 0 BEGIN
			SELECT RAISE(ABORT, 'cut between two writes') WHERE (SELECT rest FROM knife) = 0;
			UPDATE knife SET rest = rest - 1;
		END`
	if w.DB.Dialect() == db.PostgreSQL {
		// Transactions that run at once must not meet in a counter: each has its own.
		w.exec(`CREATE FUNCTION knife() RETURNS trigger LANGUAGE plpgsql AS $$
			DECLARE
				writes INTEGER := (SELECT rest FROM knife);
				made INTEGER := COALESCE(NULLIF(current_setting('knife.made', true), ''), '0');
			BEGIN
				IF made = writes THEN
					RAISE EXCEPTION 'cut between two writes';
				END IF;
				PERFORM set_config('knife.made', (made + 1)::text, true);
				RETURN COALESCE(NEW, OLD);
			END $$`)
		tables, trigger = `SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()`,
			`CREATE TRIGGER knife_%[2]s BEFORE %[2]s ON %[1]s FOR EACH ROW EXECUTE FUNCTION knife()`
	}
	names, err := list(context.Background(), w.DB.Read(), func(row scanner) (name string, err error) { return name, row.Scan(&name) },
		`SELECT name FROM (`+tables+`) AS t WHERE name <> 'knife' AND name NOT LIKE '%goose%'`)
	w.must(err)
	for _, name := range names {
		for _, what := range []string{"INSERT", "UPDATE", "DELETE"} {
			w.exec(fmt.Sprintf(trigger, name, what))
		}
	}
	return knife{w}
}

// set lets every transaction make so many writes; -1 as many as it wants.
func (k knife) set(writes int) { k.exec(fmt.Sprintf(`UPDATE knife SET rest = %d`, writes)) }

// TestWhateverIsCut is TestWhateverHappens with transactions that die between any
// two of their writes, jobs whose effect happened and whose end was not written,
// and people who send again what got no answer. Whatever is cut, the cases agree
// with themselves, the application is one case, and no money moves twice. rapid
// prints the seed of a failing story.
func TestWhateverIsCut(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { whateverIsCut(t, dbtest.SQLite(t), nil) })
	// Here connections die too, as COMMIT leaves or its answer comes.
	t.Run("postgresql", func(t *testing.T) {
		var c dbtest.Cutter
		d, err := db.Open(t.Context(), c.Serve(t, dbtest.PostgreSQLURL(t)))
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		whateverIsCut(t, d, &c)
		t.Logf("%d connections were cut at their COMMIT", c.Cuts())
		if c.Cuts() == 0 {
			t.Error("no connection was cut")
		}
	})
}

func whateverIsCut(t *testing.T, d *db.DB, c *dbtest.Cutter) {
	w := newWorld(t, d)
	w.post.mayRepeat = true // the same message, by its id, when its end was not written
	k := newKnife(w)
	arm := func(rt *rapid.T) {
		if c != nil {
			c.Arm(rapid.IntRange(0, 4).Draw(rt, "commits"), rapid.Bool().Draw(rt, "late"))
		}
	}
	disarm := func() {
		if c != nil {
			c.Arm(0, false)
		}
	}
	cuts := 0
	rapid.Check(t, func(rt *rapid.T) {
		w.at(monday)
		w.Service.Payments, w.reg.down = w.bank, false
		p := &play{world: w, rt: rt, cut: true}
		a := wish(rapid.SampledFrom([]string{"granted", "refused", "judgement"}).Draw(rt, "hoped"), "1817.00")
		delete(a, "name")
		sub := w.submission(alice, rapid.SampledFrom([]string{"grant", "permit", "extract", "leave"}).Draw(rt, "service"), db.NewID(w.clock), a)
		before := w.count(`SELECT COUNT(*) FROM cases_case`)

		k.set(rapid.IntRange(0, 12).Draw(rt, "writes of the submission"))
		arm(rt)
		first, err := w.Submit(context.Background(), sub)
		disarm()
		k.set(-1)
		if err != nil { // no answer: sent again
			cuts++
			if n := w.count(`SELECT COUNT(*) FROM cases_case`); n != before {
				rt.Fatalf("a submission that was cut left %d cases", n-before)
			}
		}
		again, err2 := w.Submit(context.Background(), sub)
		if err2 != nil || err == nil && again != first {
			rt.Fatalf("sent again: %+v %v, first %+v", again, err2, first)
		}
		if n := w.count(`SELECT COUNT(*) FROM cases_case`); n != before+1 {
			rt.Fatalf("one application, %d cases", n-before)
		}
		p.ids = []string{again.Case}
		p.check("submitted")
		for range rapid.IntRange(1, 14).Draw(rt, "steps") {
			k.set(rapid.IntRange(-1, 14).Draw(rt, "writes"))
			arm(rt)
			name := p.step()
			disarm()
			k.set(-1)
			p.check(name)
		}
		cuts += p.cuts
		for id, cents := range w.bank.paid {
			if n := w.count(`SELECT COUNT(*) FROM cases_payment WHERE id = $1 AND cents = $2`, id, cents); n != 1 {
				rt.Fatalf("the bank paid %d for %s, which is on record %d times", cents, id, n)
			}
		}
	})
	t.Logf("%d commands were cut", cuts)
	if cuts == 0 {
		t.Error("nothing was cut")
	}
}
