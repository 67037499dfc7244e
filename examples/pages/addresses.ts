// Where browsers find the pages.
import type { AddressInfo } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';

/** What the operating system says of its networks. */
type Networks = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

export interface Addresses {
  /** For a browser on this machine. */
  readonly here: string;
  /** For other devices; none if only this machine reaches the pages. */
  readonly elsewhere: readonly string[];
}

/** @param listening where the server listens. */
export function addressesOf({ address, port }: Pick<AddressInfo, 'address' | 'port'>, networks: Networks): Addresses {
  const urlOf = (host: string): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (address === '0.0.0.0' || address === '::') {
    const all = Object.values(networks).flatMap((each) => each ?? []);
    const outer = all.filter(({ family, internal }) => family === 'IPv4' && !internal);
    return { here: urlOf('127.0.0.1'), elsewhere: outer.map((each) => urlOf(each.address)) };
  }
  const isLoopback = address.startsWith('127.') || address === '::1';
  return { here: urlOf(address), elsewhere: isLoopback ? [] : [urlOf(address)] };
}
