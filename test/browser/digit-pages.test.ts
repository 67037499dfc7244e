// The pages of examples/pages in Chromium.
import { missingChromium, startChromium } from './chromium.ts';
import { describePages } from './digit-pages-in-browser.ts';

describe('pages to take part and to watch, in Chromium', function () {
  this.timeout(180_000);
  describePages(startChromium, missingChromium);
});
