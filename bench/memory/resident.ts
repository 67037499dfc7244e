// The most memory that this process has held.
import { existsSync, readFileSync } from 'node:fs';

const STATUS = '/proc/self/status';

/** The most resident memory so far, in bytes. */
export function mostResident(): number {
  // On Linux `maxRSS` starts with the memory of the parent process, so that it says nothing about the child of a large process.
  if (!existsSync(STATUS)) return 1024 * process.resourceUsage().maxRSS;
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(STATUS, 'utf8')) ?? [];
  return 1024 * Number(kilobytes);
}
