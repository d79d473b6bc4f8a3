import { writeFileSync } from 'node:fs';
import { jsonSchema } from './schema.js';

/** `npm run schema`: writes the JSON Schema that editors read, from the one schema that validates. */
writeFileSync('experiments/config/experiment.schema.json', `${JSON.stringify(jsonSchema(), null, 2)}\n`);
