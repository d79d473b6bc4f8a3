/** What happened: the record contract, the store, importers and exports, summaries and splits. */
export * from './record.js';
export * from './columns.js';
export * from './dictionary.js';
export * from './export.js';
export * from './features.js';
export * from './load.js';
export * from './ad-utility/weight-grid.js';
export type * from './preference/contract.js';
export * from './preference/headline-tests.js';
export * from './preference/n-grams.js';
export * from './preference/pairs.js';
export { readPairs, type PairsOfFile } from './preference/read-pairs.js';
export * from './split.js';
export * from './summary.js';
export type { Suspicion } from './suspicions.js';
export * from './store/database.js';
export * from './store/log-store.js';
export type { LogColumns, LogHead } from './store/fields.js';
export type { StoredLog } from './store/reader.js';
export type { LogWriter, WriteOptions } from './store/writer.js';
export type { BadRow, BadRowCount } from './import/bad-rows.js';
export type { Imported, ImportOptions, ImportProgress } from './import/import-rows.js';
export { importOpenBandit } from './import/open-bandit.js';
export { importKuairand } from './import/kuairand.js';
export { earlyUntil } from './import/kuairand-features.js';
export type { KuairandOptions } from './import/kuairand-files.js';
export { importUpworthy, readUpworthy } from './import/upworthy.js';
export { importTable, type TableOptions } from './import/table.js';
export { parseMap, type FieldMap } from './import/table-map.js';
export type { TableFormat } from './import/open-rows.js';
export {
  readColumns,
  readColumnNames,
  type CodedTexts,
  type ReadColumns,
  type WantedColumns,
} from './import/fast-csv.js';
