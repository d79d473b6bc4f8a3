import type { ReportDocument } from '../contract.js';

/** What a study is: one paper's or protocol's figures, reproduced by one command, with a score fixed before running. */
export interface Study {
  /** One line for `--help`. */
  readonly summary: string;
  /** What `--data` must name; absent when the study makes its own data. */
  readonly data?: string;
  /** Its numbers, by the name of their command-line option. */
  readonly settings: Readonly<Record<string, { readonly value: number; readonly meaning: string }>>;
  run(request: StudyRequest): Promise<StudyResult>;
}

export interface StudyRequest {
  readonly data: string | undefined;
  readonly seed: number;
  /** The value of every setting of the study. */
  readonly settings: Readonly<Record<string, number>>;
  readonly onProgress?: (done: number, total: number, note: string) => void;
  /** Milliseconds, monotonic; for the few studies that time something. */
  readonly clock?: () => number;
}

export interface StudyResult {
  readonly tables: readonly {
    readonly caption: string;
    readonly columns: readonly string[];
    readonly rows: readonly (readonly (string | number | null)[])[];
  }[];
  readonly notes: readonly string[];
  /** Where the score fixed before running was not reached, in sentences; empty when it was. */
  readonly failures: readonly string[];
  /** The same in full precision, for machines. */
  readonly numbers: unknown;
  /** The same as a report, for `--report`; absent where a study has none. */
  readonly report?: Pick<ReportDocument, 'question' | 'answer'> & Partial<ReportDocument>;
}
