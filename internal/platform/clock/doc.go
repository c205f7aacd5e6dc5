// Package clock is the only place that asks the machine for the time. Every
// other package is given a Clock, so that tests fix it and the demonstration
// moves it forward.
package clock
