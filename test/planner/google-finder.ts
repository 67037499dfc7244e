// The finder of google-parfait/federated-compute, fcp/secagg/server/graph_parameter_finder.cc with
// distribution_utilities.cc, step by step with its own constants, its own log-gamma sums and its own quantile walk: what
// its users get today, for comparison. Its sparse graph is drawn for a user with itself among its neighbors; k here is without.

export type GoogleModel = 'curious' | 'semi-malicious';

const SECURITY = 40;
const CORRECTNESS = 20;
/** Added before rounding to integers. */
const SMALL = 1e-14;

/** ln n!, as lgamma(n + 1). */
const factorials = new Float64Array(1_000_002);
for (let n = 2; n < factorials.length; n++) factorials[n] = factorials[n - 1]! + Math.log(n);
const lnFactorial = (n: number): number => factorials[n]!;

class Distribution {
  readonly total: number;
  readonly marked: number;
  readonly sampled: number;

  constructor(total: number, marked: number, sampled: number) {
    this.total = total;
    this.marked = marked;
    this.sampled = sampled;
  }

  #pmf(x: number, counted: number): number {
    if (x < 0 || x > this.sampled || x > counted || this.total + x < counted + this.sampled) return 0;
    const { total, sampled } = this;
    return Math.exp(
      lnFactorial(sampled) +
        lnFactorial(counted) +
        lnFactorial(total - counted) +
        lnFactorial(total - sampled) -
        lnFactorial(x) -
        lnFactorial(sampled - x) -
        lnFactorial(counted - x) -
        lnFactorial(total) -
        lnFactorial(total - sampled - counted + x),
    );
  }

  #cdf(x: number, counted: number): number {
    let current = this.#pmf(x, counted);
    let result = 0;
    for (; current > result * 1e-16; x--) {
      result += current;
      current = (current * x * (this.total - counted - this.sampled + x)) / (counted - x + 1) / (this.sampled - x + 1);
    }
    return result;
  }

  cdf(x: number): number {
    const mean = (this.marked * this.sampled) / this.total;
    return x > mean ? 1 - this.#cdf(this.sampled - x - 1, this.total - this.marked) : this.#cdf(x, this.marked);
  }

  quantile(q: number, complement: boolean): number {
    return complement ? this.sampled - this.#quantile(q, this.total - this.marked) - 1 : this.#quantile(q, this.marked);
  }

  #quantile(q: number, counted: number): number {
    const { total, sampled } = this;
    // Hoeffding's bound, from which it walks.
    const start = sampled * (counted / total - Math.sqrt(-Math.log(q) / (2 * sampled)));
    let r = Math.floor(Math.max(-1, counted + sampled - total - 1, start));
    let cdf = this.#cdf(r, counted);
    let pmf = this.#pmf(r, counted);
    while (cdf < q && r < sampled) {
      pmf =
        pmf > 0
          ? (pmf / (r + 1) / (total - counted - sampled + r + 1)) * (counted - r) * (sampled - r)
          : this.#pmf(r + 1, counted);
      cdf += pmf;
      r++;
    }
    return r - 1;
  }
}

/** Neighbors without the user itself and the Shamir threshold; null where it falls back to the complete graph or refuses. */
export function googleGraph(users: number, corrupt: number, dropout: number, model: GoogleModel): [k: number, t: number] | null {
  const rate = model === 'curious' ? corrupt + dropout : corrupt + 2 * dropout;
  if (users <= 0 || users > 1_000_000 || !(corrupt >= 0 && corrupt < 1 && dropout >= 0 && dropout < 1) || rate > 0.9) return null;
  for (let k = 2; k < users - 1; k += 2) {
    const t = thresholdFor(users, k, corrupt, dropout, model);
    if (t !== null) return [k, t];
  }
  return null;
}

function thresholdFor(n: number, k: number, gamma: number, delta: number, model: GoogleModel): number | null {
  const corrupt = Math.floor((gamma + SMALL) * n);
  const gone = corrupt + Math.floor((delta + SMALL) * n);
  if (k <= gone) {
    const p =
      Math.log(n) +
      Math.log(n - k - 1) -
      Math.LN2 +
      lnFactorial(gone) +
      lnFactorial(n - k) -
      lnFactorial(n) -
      lnFactorial(gone - k);
    if (p >= -(SECURITY + 1) * Math.LN2) return null;
  }
  let t1 = new Distribution(n, corrupt, k).quantile(2 ** -(SECURITY + 1) / n, true);
  const survivors = new Distribution(n, Math.ceil((1 - delta - SMALL) * n), k);
  const q = 2 ** -CORRECTNESS / n;
  let t2 = survivors.quantile(q, false);
  if (survivors.cdf(t2) < q) t2++;
  if (model === 'semi-malicious') t1 = Math.ceil((t1 + k - 1.25) / 2);
  return t2 <= t1 ? null : Math.max(t1 + 1, 2);
}
