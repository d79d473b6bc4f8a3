import { fields, type Space } from '../../core/space.js';
import { gaussian } from './gaussian.js';
import { sideBySide, type ActionHead } from './head.js';
import { plackettLuce } from './plackett-luce.js';

/** The head of an action space; the parts of a compound space are independent given the network's outputs. */
export function headOf(space: Space): ActionHead {
  switch (space.kind) {
    case 'discrete':
      return plackettLuce(space.n, 1);
    case 'multi-discrete':
      return sideBySide(space.n.map((n) => plackettLuce(n, 1)));
    case 'slate':
      return plackettLuce(space.candidates, space.size);
    case 'box':
      return gaussian(space);
    case 'record':
      return sideBySide(fields(space).map((field) => headOf(field.space)));
  }
}
