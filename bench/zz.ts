import { measureLoad } from './load/measure.ts';
console.log(await measureLoad({ users: 40, cohorts: 5, vecLen: 1000, patience: 40, killed: true }));
