// Package registers is the registers of the demonstration State, answering from
// the invented population:
//
//	rnpp    register of natural persons       person, household
//	ccss    social security                   income, employment
//	rcs     business register                 business
//	casier  criminal record                   criminal-record
//	acd     tax office                        bank-account
//
// They implement exchange.Source as a real administration will over the
// network. Persons, employments, businesses and accounts stand as of today in Luxembourg,
// incomes as of the first of the month: the newest month is the one before it.
// The same state gives the same value and the same reference.
package registers
