#!/usr/bin/env node
// The command `recsys-gym`. On a clone it first installs and compiles what is missing; the work is in main.ts.
import { setup } from './setup.mjs';

setup();
const { main } = await import('../../dist/experiments/cli/main.js');
process.exitCode = await main(process.argv.slice(2));
