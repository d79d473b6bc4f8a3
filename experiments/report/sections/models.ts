import type { ModelCard, Quality } from '../../../reward-models/contract.js';
import type { ModelSection, ReportDocument } from '../../contract.js';
import { draw } from '../charts/draw.js';
import { reliabilitySpec } from '../charts/reliability.js';
import { html, table, type Html } from '../html.js';
import { count, decimalsOf, fixed, percent, significant } from '../numbers.js';
import { capitalised, facts, figure, type Section } from '../parts.js';
import { lineKey } from '../keys.js';

const SQUARE = 264;

/** The fitted models: what they were fitted on, and how far their numbers can be taken at their word. */
export async function modelsSection({ models }: ReportDocument): Promise<Section | undefined> {
  if (models.length === 0) return undefined;
  return {
    id: 'models',
    title: 'Models',
    terms: ['loss', 'lossOfConstant', 'gain', 'auc', 'expectedCalibrationError', 'epochs', 'parameters'],
    body: [
      html`<p class="lead">
        A model is worth its gain over always predicting the mean, and its numbers may be added up only where predicted
        and observed agree.
      </p>`,
      await Promise.all(models.map(oneModel)),
    ],
  };
}

interface QualityRow {
  readonly head: string;
  readonly on: string;
  readonly quality: Quality;
}

async function oneModel({ role, card, heldOut }: ModelSection): Promise<Html> {
  const { fittedOn } = card;
  const rows = (on: string, qualities: readonly Quality[]): QualityRow[] =>
    qualities.map((quality, h) => ({ head: card.heads[h] ?? `head ${h + 1}`, on, quality }));
  const early = rows('early stopping', card.quality);
  const evaluation = rows('evaluation', heldOut ?? []);
  const all = [...early, ...evaluation].map(({ quality }) => quality);
  const losses = decimalsOf(all.flatMap(({ loss, lossOfConstant }) => [loss, lossOfConstant]));
  const calibrations = decimalsOf(
    all.map(({ expectedCalibrationError }) => expectedCalibrationError),
    3,
  );
  return html`<h3>${capitalised(role)} <span class="grey">${card.kind}</span></h3>
    ${facts([
      ['Fitted on', html`${fittedOn.log} <small>${fittedOn.split}, ${count(fittedOn.rows)} rows</small>`],
      ['Predicts', html`${card.heads.join(', ')} <small>${card.unit}</small>`],
      [
        'Stopped after',
        html`${count(card.epochs)} ${card.epochs === 1 ? 'epoch' : 'epochs'}
          <small>when the held-out loss no longer fell</small>`,
      ],
      ['Parameters', count(card.parameters)],
    ])}
    ${table<QualityRow>({
      caption: `${capitalised(role)}: quality on rows that it was not fitted on`,
      columns: [
        { head: 'Head', cell: ({ head }) => head },
        { head: 'Rows for', cell: ({ on }) => on },
        { head: 'Rows', numeric: true, cell: ({ quality }) => count(quality.rows) },
        { head: 'Loss', numeric: true, cell: ({ quality }) => fixed(quality.loss, losses) },
        {
          head: 'Loss of the constant',
          numeric: true,
          cell: ({ quality }) => fixed(quality.lossOfConstant, losses),
        },
        { head: 'Gain', numeric: true, cell: ({ quality }) => gain(quality) },
        ...(card.unit === 'probability'
          ? [{ head: 'AUC', numeric: true, cell: ({ quality }: QualityRow) => auc(quality) }]
          : []),
        {
          head: 'Calibration error',
          numeric: true,
          cell: ({ quality }) => fixed(quality.expectedCalibrationError, calibrations),
        },
      ],
      groups: [{ rows: [...early, ...evaluation] }],
    })}
    ${await reliability(evaluation.length > 0 ? evaluation : early, card)} ${settings(card)}`;
}

const gain = ({ loss, lossOfConstant }: Quality): string =>
  lossOfConstant === 0 ? '—' : percent(1 - loss / lossOfConstant);

const auc = ({ auc: area }: Quality): string | Html =>
  Number.isNaN(area) ? html`<span class="grey" title="all rows are of one class">—</span>` : area.toFixed(3);

async function reliability(rows: readonly QualityRow[], card: ModelCard): Promise<Html | false> {
  const drawable = rows.filter(({ quality }) => quality.reliability.length > 0);
  if (drawable.length === 0) return false;
  const figures = drawable.map(async ({ head, on, quality }) => {
    const bins = quality.reliability;
    const sizes = bins.map((bin) => bin.rows);
    const label =
      `Reliability of ${head}: ${bins.length} bins, calibration error ${significant(quality.expectedCalibrationError, 3)}. ` +
      bins
        .map((bin) => `predicted ${significant(bin.meanPredicted, 3)}, observed ${significant(bin.meanObserved, 3)}`)
        .join('; ') +
      '.';
    return figure(
      await draw(reliabilitySpec(bins, card.unit, SQUARE), label),
      html`<strong>${head}</strong>, ${on} rows; ${bins.length} bins of ${binSizes(sizes)} rows`,
    );
  });
  return html`<div class="grid">${await Promise.all(figures)}</div>
    <p>${lineKey('predicted = observed', 'var(--logged)', [5, 3])}</p>`;
}

function binSizes(sizes: readonly number[]): string {
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  return least === most ? count(most) : `${count(least)} to ${count(most)}`;
}

function settings(card: ModelCard): Html | false {
  const entries = Object.entries(card.settings);
  const shown = (value: ModelCard['settings'][string]): string =>
    typeof value === 'object' ? `[${value.join(', ')}]` : String(value);
  return (
    entries.length > 0 &&
    html`<details>
      <summary>Settings of the ${card.kind} model</summary>
      ${facts([...entries.map(([key, value]) => [key, shown(value)] as const), ['log hash', card.fittedOn.logHash]])}
    </details>`
  );
}
