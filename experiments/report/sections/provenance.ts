import { stringify } from 'yaml';
import type { ReportDocument } from '../../contract.js';
import { html, raw, escape } from '../html.js';
import { facts, type Section } from '../parts.js';

/** Where the numbers come from, and the command that makes them again. */
export function provenanceSection({ provenance, version }: ReportDocument): Section {
  const { seeds, backend, codeVersion, dataHash, configHash, config, repeat } = provenance;
  return {
    id: 'provenance',
    title: 'Provenance',
    terms: [],
    body: [
      html`<p class="lead">
        The same seeds, data, config and code give the same report, byte for byte, on the same backend.
      </p>`,
      facts([
        [
          seeds.length === 1 ? 'Seed' : 'Seeds',
          seeds.length === 0 ? 'none: nothing is drawn at random' : seeds.join(', '),
        ],
        ['Backend', backend],
        ['Code version', codeVersion],
        ...(dataHash === undefined ? [] : [['Data hash', html`<code>${dataHash}</code>`] as const]),
        ['Config hash', html`<code>${configHash}</code>`],
        ['Report format', `version ${version}`],
      ]),
      html`<h3>Run it again</h3>`,
      pre(repeat),
      html`<details>
        <summary>The resolved config</summary>
        ${pre(stringify(config))}
      </details>`,
    ],
  };
}

const pre = (text: string) => raw(`<pre tabindex="0"><code>${escape(text)}</code></pre>`);
