// Package versions shows designers the service packages: which versions there
// are and when each is in force, what their scenarios come to and which rules
// none of them uses, every legal value through time, and what differs between
// two versions, as people read it. It changes nothing: packages are published
// with the program or the folder that it serves.
//
// Tables owned: none. Events sent and heard: none.
package versions
