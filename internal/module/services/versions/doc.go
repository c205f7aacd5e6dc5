// Package versions is where designers see and publish service packages: which
// versions there are and when each is in force, what their scenarios come to and
// which rules none of them uses, every legal value through time, what differs
// between two versions, as people read it, and the proposals of new ones.
//
// Invariants:
//   - A version is published by two accounts: one proposes what check and the
//     scenarios find sound, another approves it. Both, the moments and the reasons
//     stay on record.
//   - What is published never changes. It is kept in the database, and served as
//     it was kept, whatever the folder says (in a demonstration the folder counts).
//   - A published version can be withdrawn before its first day, by two accounts
//     too, as long as no case, draft or running migration uses it. What was
//     published stays on record, and its name is not used again.
//   - Publishing is one transaction; every node takes in what is published, at the
//     start and while it runs.
//
// Tables owned: services_folder, services_proposal, services_version. Events sent
// and heard: none.
package versions
