// A participant of PET in Firefox, whose state is in IndexedDB.
import { missingFirefox, startFirefox } from './firefox.ts';
import { describePetAgent } from './pet-in-browser.ts';

describe('a participant of PET in Firefox', function () {
  this.timeout(120_000);
  describePetAgent(startFirefox, missingFirefox);
});
