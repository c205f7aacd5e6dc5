// Package population is the invented people of the demonstration State: ten
// thousand persons with households, addresses, nationalities, languages,
// incomes, employers, businesses and bank accounts, the same on every machine.
//
// Everything follows from one seed through a PCG generator and integer
// arithmetic, so that a golden hash in the tests holds everywhere. Only compact
// records are kept; what can be computed (incomes, IBANs, e-mail addresses,
// address dates) is computed when it is asked for. No record describes a real
// person or business: names are common ones combined at random, businesses have
// invented words in their names, accounts belong to a bank code that no bank
// has (000), e-mail addresses end in example.lu.
//
// The population stands as on [Reference]; incomes are known from [FirstMonth]
// to [LastMonth]. Shares of nationalities follow STATEC, main languages the
// census of 2021 (Luxembourgish 48.9 %, then Portuguese, then French). Part of
// the ten thousand are cross-border workers, who live abroad and are therefore
// not on the register of natural persons.
//
// A dozen and more [Persona] stand at fixed places: the people whom a visitor
// of the demonstration chooses to be.
package population
