/** Slow studies, outside `npm test`: `npm run test:studies`. */
export default { files: ['dist/**/*.study.test.js'], timeout: '30m', serial: true };
