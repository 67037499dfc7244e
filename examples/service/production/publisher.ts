// The publisher, on the machine where the application is built and signed. Once: writes the task that participants install. Then, as a cron job: announces a run.
//   node --import tsx publisher.ts task <what registrar.ts has printed>
//   node --import tsx publisher.ts run <URL of the server>
import { writeFileSync } from 'node:fs';
import { Publisher, Task } from 'secagg/service';
import { keypairIn, replaceText, textIn } from './files.ts';

const [command, argument = ''] = process.argv.slice(2);
const publisher = new Publisher({ keypair: keypairIn('publisher.key') });

if (command === 'task') {
  const { publicKey, scope } = JSON.parse(argument) as { publicKey: string; scope: string };
  const task = new Task({
    name: 'minutes of sleep',
    aggregate: { kind: 'sum', length: 1, min: 0, max: 1440 },
    group: { threshold: 3, maxUsers: 3, adversary: 'malicious', colluders: 1, cohorts: null, graph: null }, // as your planner says
    minUsers: 3,
    windows: {
      checkIn: { min: 600, max: 3600, grace: 3600 },
      training: { min: 10, max: 60, grace: 300 },
      round: { min: 5, max: 30, grace: 120, enough: 95 },
    },
    attempts: 3,
    retention: 7 * 86_400,
    publisher: publisher.publicKey,
    registrar: { publicKey: new Uint8Array(Buffer.from(publicKey, 'hex')), scope },
    development: false,
  });
  writeFileSync('task.json', JSON.stringify(task), { flag: 'wx' });
} else {
  const task = Task.fromJSON(JSON.parse(textIn('task.json') ?? 'null'));
  const run = Number(textIn('last-run') ?? 0) + 1;
  replaceText('last-run', String(run)); // before it is announced: a number is announced once
  const body = await publisher.announce({ task, run, expires: new Date(Date.now() + 86_400_000) });
  const response = await fetch(`${argument}/runs`, { method: 'POST', body });
  if (!response.ok) throw new Error(`run ${run}: status ${response.status}`);
}
