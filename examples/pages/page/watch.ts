// The page to watch: the run that goes on, drop-outs, accuracy, privacy spent, and all runs so far.
import type { RunView, ServiceView } from '../watching.ts';
import { chartOf } from './chart.ts';
import { LiveView } from './live-view.ts';
import { isAllOver, isOver, newestRun, presentRun } from './part.ts';
import { element, find, put, Words } from './words.ts';

let view: ServiceView | null = null;
const words = new Words('watch', show);

function show(): void {
  if (view === null) return;
  put('#now', nowText(view));
  showAddress(view);
  showRounds(newestRun(view));
  showAccuracy(view);
  showPrivacy(view);
  showDropouts(view);
  showRuns(view);
}

function nowText(known: ServiceView): string {
  const { planned, present, visitors } = known;
  const { texts } = words;
  if (isAllOver(known)) return texts.nowOver;
  const current = presentRun(known);
  const isWaiting = present < visitors;
  if (current === null) return isWaiting ? texts.waitingForVisitors(present, visitors) : texts.nowNothing;
  const { stage, participants, selected, run } = current;
  const what = {
    'check-in': isWaiting && participants === 0 ? texts.waitingForVisitors(present, visitors) : texts.nowComing(participants),
    training: texts.nowTraining(participants, selected),
    draw: texts.nowNothing,
    session: texts.nowSession(participants),
    finished: texts.nowNothing,
    failed: texts.nowNothing,
  }[stage];
  return `${texts.run(run, planned)}. ${what}`;
}

/** Where others take part, while they are waited for: with the address of this page, unless no other machine could open it. */
function showAddress(known: ServiceView): void {
  const isWaiting = !isAllOver(known) && (presentRun(known)?.stage ?? 'check-in') === 'check-in';
  const isLoopback = /^(localhost$|127\.|\[::1\])/.test(location.hostname);
  const addresses = isLoopback ? known.addresses : [location.origin];
  find(HTMLElement, '#join').hidden = !isWaiting || addresses.length === 0;
  find(HTMLElement, '#join-only-here').hidden = !isWaiting || addresses.length > 0;
  const links = addresses.map((address) => {
    const link = element('a', `${address}/`);
    link.href = `${address}/`;
    return link;
  });
  find(HTMLElement, '#addresses').replaceChildren(...links.flatMap((link) => [link, ' ']));
}

function showRounds(current: RunView | null): void {
  const { texts } = words;
  const items = texts.steps.map((name, round) => {
    const { heard = 0, missing = 0, closed = false } = current?.rounds[round] ?? {};
    const all = heard + missing;
    const item = element('li', '', closed ? 'done' : '');
    const bar = element('progress');
    bar.max = Math.max(all, 1);
    bar.value = heard;
    bar.setAttribute('aria-label', texts.roundLabel(name, heard, all));
    item.append(element('strong', name), bar, element('span', all === 0 ? texts.step.open : `${heard} / ${all}`));
    if (all > 0 && !closed) item.setAttribute('aria-current', 'step');
    return item;
  });
  find(HTMLElement, '#rounds').replaceChildren(...items);
}

function showAccuracy({ runs, accuracy, testImages }: ServiceView): void {
  const shares = [accuracy, ...runs.flatMap((run) => run.accuracy ?? [])];
  const last = words.percent(shares.at(-1) ?? NaN);
  put('#accuracy', words.texts.accuracyNow(last, words.number(testImages)));
  const list = shares.map((share) => words.percent(share)).join(', ');
  find(HTMLElement, '#chart').replaceChildren(
    chartOf(shares, words.texts.accuracyChart(list), (share) => words.percent(share, 0)),
  );
}

function showPrivacy({ budget, runs, companions }: ServiceView): void {
  const { texts } = words;
  const spent = runs.reduce((last, run) => run.spent ?? last, 0);
  const bar = find(HTMLProgressElement, '#spent-bar');
  bar.hidden = budget === null;
  bar.max = budget?.epsilon ?? 1;
  bar.value = spent;
  put('#spent', budget === null ? '' : texts.spent(words.number(spent, 2), words.small(budget.epsilon)));
  put('#privacy-note', budget === null ? texts.noNoise : texts.privacyNote(companions));
}

/** How many were lost before the rounds, and how many were missing in each round that is closed. */
function missingIn({ lost, rounds }: RunView): number[] {
  return [lost, ...words.texts.steps.map((_, round) => (rounds[round]?.closed === true ? rounds[round].missing : 0))];
}

function showDropouts({ runs }: ServiceView): void {
  const { texts } = words;
  const last = runs.findLast(({ lost, rounds }) => lost > 0 || rounds.length > 0);
  const reasons = last === undefined ? [] : missingIn(last).map((count, i) => ({ count, reason: texts.dropoutReasons[i] }));
  const items = reasons.flatMap(({ count, reason = '' }) => {
    if (count === 0) return [];
    const item = element('li');
    item.append(element('strong', String(count)), ` ${reason}`);
    return item;
  });
  const title = last === undefined ? [] : [element('p', texts.dropoutsOfRun(last.run, last.stage === 'failed'))];
  const list = element('ul');
  list.append(...items);
  find(HTMLElement, '#dropouts').replaceChildren(...title, items.length === 0 ? element('p', texts.noDropouts) : list);
}

function failureText(code: string | null): string {
  const { tooFew, failed } = words.texts.state;
  return code === 'ERR_SECAGG_THRESHOLD' ? tooFew : `${failed} (${code ?? ''})`;
}

function showRuns({ runs }: ServiceView): void {
  const { texts } = words;
  const columns = texts.columns.map((name) => {
    const cell = element('th', name);
    cell.scope = 'col';
    return cell;
  });
  find(HTMLElement, '#columns').replaceChildren(...columns);
  const rows = runs.filter(isOver).map((each) => {
    const { run, stage, code, included, accuracy, spent } = each;
    const row = element('tr');
    const cells = [
      stage === 'finished' ? texts.state.finished : failureText(code),
      String(included),
      String(missingIn(each).reduce((sum, count) => sum + count, 0)),
      accuracy === null ? '–' : words.percent(accuracy),
      spent === null ? '–' : words.number(spent, 2),
    ];
    const head = element('th', String(run));
    head.scope = 'row';
    row.append(head, ...cells.map((text) => element('td', text)));
    return row;
  });
  const none = element('td', texts.noRuns);
  none.colSpan = texts.columns.length;
  const empty = element('tr');
  empty.append(none);
  find(HTMLElement, '#runs').replaceChildren(...(rows.length === 0 ? [empty] : rows.reverse()));
}

new LiveView((next) => {
  find(HTMLElement, '#connection').hidden = next !== null;
  view = next ?? view;
  show();
});
