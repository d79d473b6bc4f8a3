/** Switchback tests: one place switched back and forth between treatment and control. */
export { hajekSwitchback, horvitzThompsonSwitchback, type SwitchbackEffect } from './carry-over.js';
export { type SwitchbackSeries } from './exposure.js';
export { switchbackPlan, type Timeline, type Windows } from './plan.js';
export { switchbackRandomisationP } from './randomisation.js';
export { readSwitchback, type SwitchbackColumns, type SwitchbackTable } from './table.js';
export { washoutEffect, type WashoutEffect } from './washout.js';
