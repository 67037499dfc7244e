// A participant of PET in Chromium, whose state is in IndexedDB: the built package, bundled by esbuild as an application would.
import { missingChromium, startChromium } from './chromium.ts';
import { describePetAgent } from './pet-in-browser.ts';

describe('a participant of PET in Chromium', function () {
  this.timeout(120_000);
  describePetAgent(startChromium, missingChromium);
});
