// When participants come back: many that wait for a run, and those that are in one.
import { expect } from 'chai';
import { PollWindows, type PollWindow } from '../../src/coordinator/poll-windows.ts';
import { IDLE, refusal, reply, wait, type Reply } from '../../src/coordinator/reply.ts';
import { NOWHERE } from '../../src/service/exchange.ts';

const CAPACITY = 200;
const idle = wait(NOWHERE, IDLE);
const inRun: readonly Reply[] = [wait({ run: 1, attempt: 1, round: 2 }, 1000, 300), reply('accepted', NOWHERE)];

/**
 * So many participants come within a minute, and again whenever they are told to, until a time.
 *
 * @returns how many come in each second.
 */
function returnsOf(participants: number, until: number, told = idle): number[] {
  const windows = new PollWindows(CAPACITY);
  /** Who comes in each second, and when, in milliseconds since the beginning. */
  const comings = Array.from({ length: until }, (): { readonly sender: string; readonly time: number }[] => []);
  const put = (sender: string, time: number): unknown => comings[Math.floor(time / 1000)]?.push({ sender, time });
  for (let i = 0; i < participants; i++) put(`${i}`, (60_000 * i) / participants);
  return comings.map((times) => {
    let count = 0;
    for (; times.length > 0; count++) {
      times.sort((x, y) => y.time - x.time);
      const { sender, time } = times.pop()!;
      const { from, to } = windows.for(told, sender, time);
      put(sender, time + from + ((7919 * time) % (to - from)));
    }
    return count;
  });
}

describe('the windows in which participants come back', () => {
  it('let 100,000 that came within a minute come back as many a second as the process answers well, and not more for ever', () => {
    const counts = returnsOf(100_000, 1700);
    const returns = counts.slice(60);
    expect(Math.max(...returns)).to.be.at.most(1.25 * CAPACITY); // a window of 200 ms may lie on either side of a second
    for (let start = 0; start + 60 <= returns.length; start++) {
      const inMinute = returns.slice(start, start + 60).reduce((sum, count) => sum + count, 0);
      expect(inMinute, `from second ${60 + start}`).to.be.at.most(60 * CAPACITY + CAPACITY);
    }
    const inAll = returns.reduce((sum, count) => sum + count, 0);
    expect(inAll, 'nobody waits longer than the capacity asks').to.be.at.least(0.99 * CAPACITY * returns.length);
  });

  it('let few come back after half a minute', () => {
    const windows = new PollWindows(CAPACITY);
    for (let second = 0; second < 600; second++) {
      for (let i = 0; i < 3; i++) expect(windows.for(idle, `${i}, ${second}`, 1000 * second).from).to.be.within(IDLE, IDLE + 20);
    }
  });

  it('are not wider for those in a run because many wait for one', () => {
    const [alone, crowded] = [new PollWindows(CAPACITY), new PollWindows(CAPACITY)];
    for (let i = 0; i < 100_000; i++) crowded.for(idle, `${i}`, 0.6 * i);
    const said = (windows: PollWindows): PollWindow[] => inRun.map((each) => windows.for(each, 'a', 60_000));
    expect(said(crowded)).to.deep.equal(said(alone));
    expect(said(alone)[0]).to.deep.equal({ from: 1000, to: 2500 });
  });

  it('let a few that are in a round ask again and again soon, so that none of them misses it', () => {
    const counts = returnsOf(41, 300, wait({ run: 1, attempt: 1, round: 2 }, 1000, 41));
    const all = counts.slice(60).reduce((sum, count) => sum + count, 0);
    expect((41 * 240) / all, 'seconds between two requests of one').to.be.within(1, 1.5);
  });

  it('let many in runs of a hundred come back as many a second as the process answers well', () => {
    const counts = returnsOf(2000, 300, wait({ run: 1, attempt: 1, round: 2 }, 1000, 100)).slice(120);
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    expect(mean).to.be.within(0.5 * CAPACITY, 2 * CAPACITY);
  });

  it('are as wide if each of those in a run asks at once what comes next, after its answer was accepted', () => {
    const widthAfter = (isTwice: boolean): number => {
      const windows = new PollWindows(CAPACITY);
      for (let time = 0; time < 120_000; time += 20_000) {
        for (let i = 0; i < 2000; i++) {
          if (isTwice) windows.for(reply('accepted', NOWHERE), `${i}`, time);
          windows.for(wait({ run: 1, attempt: 1, round: 2 }, 10_000, 100), `${i}`, time);
        }
      }
      const { from, to } = windows.for(inRun[0]!, 'a', 119_000);
      return to - from;
    };
    expect(widthAfter(true)).to.be.within(0.7 * widthAfter(false), 1.3 * widthAfter(false));
  });

  it('are not moved by a check-in that somebody has recorded and sends again and again', () => {
    const windows = new PollWindows(CAPACITY);
    const told = windows.for(idle, 'recorded', 0);
    for (let time = 1; time <= 10_000; time++) {
      const again = windows.for(idle, 'recorded', time);
      expect(again).to.deep.equal({ from: told.from - time, to: told.to - time });
    }
    expect(windows.for(idle, 'another', 10_000)).to.deep.equal(told);
    expect(windows.for(idle, 'recorded', told.to).from, 'its turn is over').to.be.within(IDLE, IDLE + 10);
  });

  it('are not wider for those in a run because many are refused, whose application is too old', () => {
    const windows = new PollWindows(CAPACITY);
    for (let i = 0; i < 100_000; i++) windows.for(refusal(NOWHERE, 'ERR_SECAGG_CLIENT_VERSION'), `${i}`, 0.6 * i);
    expect(windows.for(inRun[0]!, 'a', 60_000)).to.deep.equal({ from: 1000, to: 2500 });
  });

  it('are not wider because somebody has recorded a request of one in a run, and sends it again and again', () => {
    const windows = new PollWindows(CAPACITY);
    for (let time = 0; time < 60_000; time++) windows.for(wait({ run: 1, attempt: 0, round: 0 }, IDLE, 300), 'recorded', time);
    expect(windows.for(inRun[0]!, 'a', 60_000)).to.deep.equal({ from: 1000, to: 2500 });
  });

  it('end within an hour, however many wait', () => {
    const windows = new PollWindows(1);
    let last: PollWindow = { from: 0, to: 0 };
    for (let i = 0; i < 10_000; i++) last = windows.for(idle, `${i}`, 0);
    expect(last.to).to.equal(3_600_000);
  });
});
