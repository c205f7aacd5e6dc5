// Package workbench is where the people of an authority work: the queue, the
// case file with the decision at hand, and the operator's page of what failed.
//
// Invariants:
//   - The pages only show; every action is a use case of package cases, which
//     checks rights, four eyes and state once more. An action that the core
//     refuses shows the same page again, with the reason and what was typed.
//   - Queue and case file share one address query (the view of the queue), so
//     that "next" always means the next one of that view.
//   - A search finds every case of the authority: what the rows of the queue
//     leave out (decided, closed, unpaid) stands in a list below them.
//   - Nobody reads their own case here, where internal notes stand: they are
//     led to the page every applicant has.
//   - The sentence after an action is told from the stored case, never from the
//     address.
//
// Tables owned: none. Events: none.
package workbench
