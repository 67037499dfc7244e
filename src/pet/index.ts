/**
 * The PET protocol, as the networks of xaynet speak it: users speak once and may vanish, and the coordinator together with one sum participant
 * sees everything. `docs/pet.md` says when to take it.
 *
 * @packageDocumentation
 * @module secagg/pet
 */
export type { BoundType, DataType, GroupType, MaskConfig, MaskConfigPair, ModelType } from './masking/mask-config.ts';
export { MaskObject } from './masking/mask-object.ts';
export { deriveMask } from './masking/derive-mask.ts';
export { maskModel, type MaskedModel, type MaskModelOptions } from './masking/mask-model.ts';
export { Aggregation } from './masking/aggregation.ts';
export type { Model } from './masking/model.ts';
export { PetError } from './pet-error.ts';
