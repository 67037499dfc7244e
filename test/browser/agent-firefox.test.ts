// An agent in Firefox, whose state is in IndexedDB.
import { describeAgent } from './agent-in-browser.ts';
import { missingFirefox, startFirefox } from './firefox.ts';

describe('an agent in Firefox', function () {
  this.timeout(120_000);
  describeAgent(startFirefox, missingFirefox);
});
