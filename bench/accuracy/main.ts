// `npm run accuracy`: measures private means where two papers measure theirs, prints a table, and draws docs/privacy-error.svg. Takes some minutes.
import { writeFileSync } from 'node:fs';
import { table } from '../markdown.ts';
import { accuracies, AT } from './measure.ts';
import { drawAccuracy } from './plot.ts';

const RUNS = 24;
const all = accuracies(RUNS);
const at = all.filter(({ epsilon }) => epsilon === AT);
// Some cases are on two lines of the picture.
const rows = [...new Map(at.map((each) => [`${each.setting.users} ${each.mechanism} ${each.bits}`, each])).values()];
console.log(
  table(
    ['users', 'bits', 'mechanism', 'secagg', 'papers’ formulas'],
    rows.map(({ setting, bits, mechanism, ours, published, central }) => [
      ...[setting.users, bits, mechanism],
      ...[ours, published].map((error) => (error / central).toFixed(2)),
    ]),
  ),
);
writeFileSync(new URL('../../docs/privacy-error.svg', import.meta.url), drawAccuracy(all));
