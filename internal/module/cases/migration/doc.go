// Package migration is the pages on which designers and operators take the
// running cases of a service to another of its versions: the plan, its dry run
// case by case and in sum, the run, and what came of it. It shows numbers of cases
// and no names.
//
// Tables owned: none; package cases keeps the migrations. Events sent and heard:
// none.
package migration
