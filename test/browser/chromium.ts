// The Chromium that the tests use.

/** The path of the program. */
export const CHROMIUM: string = process.env.CHROMIUM ?? '/usr/bin/chromium';

export const LAUNCH: string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
];
