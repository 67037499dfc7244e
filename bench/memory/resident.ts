// How much memory this process has held.
import { existsSync, readFileSync } from 'node:fs';

const STATUS = '/proc/self/status';

/** The most resident memory so far, in bytes. */
export function mostResident(): number {
  // On Linux `maxRSS` begins with what the process had that started this one, and so says nothing of a child of a large one.
  if (!existsSync(STATUS)) return 1024 * process.resourceUsage().maxRSS;
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(STATUS, 'utf8')) ?? [];
  return 1024 * Number(kilobytes);
}
