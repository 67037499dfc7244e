// Users and servers that take randomness and sharing from the test, and an engine with functions of the test.
import { platform } from '#platform';
import { Recovered } from '../../src/session/codec.ts';
import type { RandomSource } from '../../src/crypto/random.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { serverDocument } from '../../src/server/json.ts';
import { serverLocals } from '../../src/server/options.ts';
import { ServerWrapper } from '../../src/server/server-wrapper.ts';
import { userDocument } from '../../src/user/json.ts';
import { userLocals } from '../../src/user/options.ts';
import { systemDependencies, type Dependencies } from '../../src/user/step.ts';
import { UserWrapper } from '../../src/user/user-wrapper.ts';

/** The same user, whose further steps take what is given here from the test. */
export function userWith(user: UserWrapper, dependencies: Partial<Dependencies>): UserWrapper {
  const snapshot = userDocument.parse(user.serializeState());
  return new UserWrapper(new Recovered(snapshot, userLocals({}, { ...systemDependencies, ...dependencies })));
}

/** The same server, which draws from the test. */
export function serverWith(server: ServerWrapper, random: RandomSource): ServerWrapper {
  return new ServerWrapper(new Recovered(serverDocument.parse(server.serializeState()), serverLocals({}, random)));
}

/** Runs something while the engine has other functions. */
export async function withPlatform<T>(functions: Partial<Platform>, run: () => T | Promise<T>): Promise<T> {
  const engine = { ...platform };
  Object.assign(platform, functions);
  try {
    return await run();
  } finally {
    Object.assign(platform, engine);
  }
}
