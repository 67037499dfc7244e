// The vectors that xaynet-core 0.2.0 made (test/reference/pet).
import { readFileSync } from 'node:fs';
import type { MaskConfig } from '../../src/pet/masking/mask-config.ts';

interface Term {
  readonly seed: string;
  readonly weight: number;
  readonly numbers: string;
  readonly masked: string;
}

export interface CrateVectors {
  readonly masks: {
    readonly length: number;
    readonly masks: readonly { readonly vect: string; readonly unit: string; readonly order: string; readonly mask: string }[];
  };
  readonly models: readonly {
    readonly vect: string;
    readonly unit: string;
    readonly terms: readonly Term[];
    readonly mask: string;
    readonly mean: readonly string[];
  }[];
  readonly messages: Readonly<Record<string, string>>;
  readonly eligibility: {
    readonly thresholds: readonly number[];
    readonly cases: readonly { readonly signature: string; readonly eligible: string }[];
  };
  readonly sealed: {
    readonly secretKey: string;
    readonly publicKey: string;
    readonly boxes: readonly { readonly plaintext: string; readonly sealed: string }[];
  };
  readonly views: Readonly<Record<'parameters' | 'sums' | 'seeds' | 'model', string>>;
}

const FILE = new URL('../vectors/pet/vectors.json', import.meta.url);

export const crateVectors: CrateVectors = JSON.parse(readFileSync(FILE, 'utf8')) as CrateVectors;

/** The configuration of a name such as `Prime F32 B0 M3`. */
export function configOf(name: string): MaskConfig {
  const [groupType, dataType, boundType, modelType] = name.split(' ');
  return { groupType, dataType, boundType, modelType } as MaskConfig;
}
