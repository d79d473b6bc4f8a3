// Specs of tfjs's own suite that the native backend is allowed to fail, each with its reason. The name is the one the
// harness prints: the spec's full name without the backend. An entry must still fail, and it must fail on stock cpu as
// well, in the same run; `unusedDtype: true` waives the second half for a dtype that no model of ours uses. Anything else
// makes the run fail, so that the list can only shrink.
//   { spec: 'matmul ... gradients', reason: 'why' }   { spec: '...', reason: 'why', unusedDtype: true }
export const exceptions = [];
