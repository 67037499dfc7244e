// Loaded by the long run before the tests.
process.env.SECAGG_FUZZ_CASES = '100000';
process.env.SECAGG_CRASH_SESSIONS ??= '500';
