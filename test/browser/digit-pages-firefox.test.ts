// The pages of examples/pages in Firefox.
import { describePages } from './digit-pages-in-browser.ts';
import { missingFirefox, startFirefox } from './firefox.ts';

describe('pages to take part and to watch, in Firefox', function () {
  this.timeout(240_000);
  describePages(startFirefox, missingFirefox);
});
