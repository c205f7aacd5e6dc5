package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing/fstest"
	"time"

	"passerelle/bench/internal/load"
	"passerelle/engine/form"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/event"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/work"
)

//go:embed testdata
var testdata embed.FS

// The two services: round is start → service task → user task → end, wait is
// start → timer of an hour → end.
const (
	round = "round"
	wait  = "wait"
)

var (
	applicant = cases.Actor{Account: "a-applicant", Person: "1990010100001", Name: "Applicant"}
	officer   = cases.Actor{Account: "a-officer", Name: "Officer", Roles: []web.Role{{Authority: "bench", Name: cases.RoleCaseWorker}}}
)

// world is the cases module on a real database, without HTTP.
type world struct {
	*cases.Service
	clock    *clock.Shifted
	database string // SQLite or PostgreSQL
	dir      string
	url      string
	cluster  *dbtest.Cluster // nil on SQLite
	cleanup  []func() error

	scattered bool // cases are of many applicants, as those stored before; else of one: the peers' instances have none
}

// newWorld opens a new database: a file below dir, or a temporary PostgreSQL
// with fsync.
func newWorld(ctx context.Context, database string) (w *world, err error) {
	w = &world{database: database, clock: &clock.Shifted{Base: clock.System{}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if w.dir, err = os.MkdirTemp("", "passerelle-bench-"); err != nil {
		return w, err
	}
	w.cleanup = append(w.cleanup, func() error { return os.RemoveAll(w.dir) })
	w.url = "sqlite:" + filepath.Join(w.dir, "bench.db")
	if database == postgreSQL {
		c, err := dbtest.StartCluster(dbtest.Durable)
		if err != nil {
			return w, err
		}
		w.cleanup = append(w.cleanup, c.Stop)
		w.url, w.cluster = c.URL, c
	}
	d, err := db.Open(ctx, w.url)
	if err != nil {
		return w, err
	}
	w.cleanup = append(w.cleanup, d.Close)
	for _, migrate := range []func(context.Context, *db.DB) error{work.Migrate, event.Migrate, cases.Migrate} {
		if err := migrate(ctx, d); err != nil {
			return w, err
		}
	}
	set, err := packages()
	if err != nil {
		return w, err
	}
	q := work.New(d, w.clock, slog.New(slog.DiscardHandler), work.Options{})
	w.Service = cases.New(cases.Deps{DB: d, Clock: w.clock, Queue: q, Events: event.New(q), Packages: set,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))})
	return w, nil
}

func (w *world) close() error {
	var all []error
	for i := len(w.cleanup) - 1; i >= 0; i-- {
		all = append(all, w.cleanup[i]())
	}
	return errors.Join(all...)
}

// databaseCPU is the processor time of PostgreSQL; SQLite's is ours.
func (w *world) databaseCPU() (time.Duration, error) {
	if w.cluster == nil {
		return 0, nil
	}
	return w.cluster.CPU()
}

// packages loads the two services. All but the process is the same for both,
// and so are the words in all languages: nobody reads them.
func packages() (*pack.Set, error) {
	all := fstest.MapFS{}
	var failed error
	put := func(name, from string) {
		b, err := testdata.ReadFile("testdata/" + from)
		failed = errors.Join(failed, err)
		all[name] = &fstest.MapFile{Data: b}
	}
	put("authorities.yaml", "authorities.yaml")
	put("life-events.yaml", "life-events.yaml")
	for _, s := range []string{round, wait} {
		put(s+"/1/service.yaml", s+"/service.yaml")
		put(s+"/1/process.bpmn", s+"/process.bpmn")
		all[s+"/1/parameters.yaml"] = &fstest.MapFile{Data: []byte("parameters: []\n")}
		for _, f := range []string{"form.yaml", "decision.dmn", "explanation.yaml"} {
			put(s+"/1/"+f, "common/"+f)
		}
		for _, lang := range i18n.Langs {
			put(s+"/1/texts/"+string(lang)+".yaml", "common/texts-"+s+".yaml")
			for _, letter := range []string{"granted", "refused", "paper"} {
				all[s+"/1/letters/"+letter+"."+string(lang)+".md"] = &fstest.MapFile{Data: []byte("# Bench\n\nBench.\n")}
			}
		}
	}
	if failed != nil {
		return nil, failed
	}
	set, findings := pack.LoadSet(fs.FS(all))
	for _, f := range findings {
		if f.Severity == pack.Error {
			failed = errors.Join(failed, fmt.Errorf("%s:%d: %s", f.File, f.Line, f.Msg))
		}
	}
	return set, failed
}

// start is the first of an instance's two commands: it stores the case and
// runs the process to its wait state.
func (w *world) start(ctx context.Context, service string) (id string, err error) {
	who := applicant
	if w.scattered {
		n := strconv.Itoa(rand.IntN(applicants))
		who.Account, who.Person = who.Account+n, who.Person+n
	}
	r, err := w.Submit(ctx, cases.Submission{Service: service, Key: db.NewID(w.clock), Actor: who, Lang: i18n.EN,
		Application: form.Answers{"size": json.Number("7"), "honest": true}})
	return r.Case, err
}

// userTask is the end of the user task's id: it follows from the process, so
// that nobody has to search for it.
func (w *world) userTask(ctx context.Context) (string, error) {
	id, err := w.start(ctx, round)
	if err != nil {
		return "", err
	}
	d, err := w.Open(ctx, officer, id, "bench", true)
	if err != nil {
		return "", err
	}
	if len(d.Tasks) != 1 || len(d.Certificates) != 1 {
		return "", fmt.Errorf("after the start: %d tasks, %d certificates, status %s, %s", len(d.Tasks), len(d.Certificates), d.Status, d.File.Incident)
	}
	task := d.Tasks[0].ID[len(id):]
	if err := w.Approve(ctx, officer, id, id+task, true, ""); err != nil {
		return "", err
	}
	if d, err = w.Open(ctx, officer, id, "bench", true); err == nil && (d.Status != cases.Closed || len(d.Timeline) < 4) {
		err = fmt.Errorf("after the user task: status %s, %d lines of history", d.Status, len(d.Timeline))
	}
	return task, err
}

// instances runs whole instances with so many clients.
func (w *world) instances(ctx context.Context, clients int, length time.Duration) (load.Figures, error) {
	task, err := w.userTask(ctx)
	if err != nil {
		return load.Figures{}, err
	}
	f := load.Run(clients, warm, length, func(int, int) error {
		id, err := w.start(ctx, round)
		if err != nil {
			return err
		}
		return w.Approve(ctx, officer, id, id+task, true, "")
	})
	if f.Errors > 0 {
		return f, fmt.Errorf("%d instances failed, the first: %w", f.Errors, f.First)
	}
	return f, nil
}
