// What the browser runs: its engine at keys, points, signatures and shares with zeros at their ends.
import { platform } from '../../src/platform/web.ts';
import { answersOf } from '../platform/leading-zeros.ts';

Object.assign(globalThis, { engineAnswers: () => answersOf(platform) });
