import { GymError, messageOf } from '../../../core/check.js';
import { printJson } from '../terminal.js';

/** With --json, data that no answer can be made of is answered too, as `ab analyze` does, before it is complained of. */
export async function refusingInJson(json: boolean, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (json && error instanceof GymError && error.code === 'data')
      printJson({ verdict: 'unsupported', reasons: [messageOf(error)] });
    throw error;
  }
}
