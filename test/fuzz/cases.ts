// How much to fuzz: a few thousand cases in the normal run, a hundred thousand in the long one (npm run test:long).

/** Cases of one property. */
export const CASES = Number(process.env.SECAGG_FUZZ_CASES ?? 2000);

/** Milliseconds that a property may take. */
export const TIMEOUT = 20_000 + 40 * CASES;
