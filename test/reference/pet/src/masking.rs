//! Masks of all configurations, and means of masked models of all families.
use num::{bigint::BigInt, rational::Ratio};
use serde_json::{json, Value};
use xaynet_core::{
    crypto::ByteObject,
    mask::{
        Aggregation, BoundType, DataType, FromPrimitives, GroupType, MaskConfig, MaskConfigPair, MaskObject, MaskSeed, Masker, Model,
        ModelType,
    },
    message::ToBytes,
};

use crate::{digest, hex};

const GROUPS: [GroupType; 3] = [GroupType::Integer, GroupType::Prime, GroupType::Power2];
const DATA: [DataType; 4] = [DataType::F32, DataType::F64, DataType::I32, DataType::I64];
const BOUNDS: [BoundType; 5] = [BoundType::B0, BoundType::B2, BoundType::B4, BoundType::B6, BoundType::Bmax];
const MODELS: [ModelType; 4] = [ModelType::M3, ModelType::M6, ModelType::M9, ModelType::M12];

fn seed(first: u8) -> MaskSeed {
    let bytes: Vec<u8> = (0..32).map(|i| first.wrapping_add(7 * i)).collect();
    MaskSeed::from_slice(&bytes).unwrap()
}

pub fn bytes_of(object: &MaskObject) -> Vec<u8> {
    let mut bytes = vec![0; object.buffer_length()];
    object.to_bytes(&mut bytes);
    bytes
}

fn name(config: &MaskConfig) -> String {
    format!("{:?} {:?} {:?} {:?}", config.group_type, config.data_type, config.bound_type, config.model_type)
}

fn all_configs() -> Vec<MaskConfig> {
    let mut configs = vec![];
    for group_type in GROUPS {
        for data_type in DATA {
            for bound_type in BOUNDS {
                for model_type in MODELS {
                    configs.push(MaskConfig { group_type, data_type, bound_type, model_type });
                }
            }
        }
    }
    configs
}

/// Of each configuration: a digest of its order, and of the mask of a seed, whose weight has another configuration.
pub fn masks() -> Value {
    let configs = all_configs();
    let count = configs.len();
    let masks = configs.iter().enumerate().map(|(i, vect)| {
        let unit = configs[(i + 37) % count];
        let mask = seed(i as u8).derive_mask(50, MaskConfigPair { vect: *vect, unit });
        json!({
            "vect": name(vect),
            "unit": name(&unit),
            "order": digest(vect.order().to_str_radix(10).as_bytes()),
            "mask": digest(&bytes_of(&mask)),
        })
    });
    json!({ "seed": "byte i of seed k is k + 7i", "length": 50, "masks": masks.collect::<Vec<_>>() })
}

const FLOATS: [f64; 16] = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.123456789, 1e-10, -1e-10, 3.3e-11, -3.3e-11, 99.99999, -1e4, 1234567.890123, -9e99, 1e-300, 0.1,
];
const INTEGERS: [i64; 16] = [
    0, 1, -1, 2, 100, -100, 101, 10_000, -10_001, 1_000_000, -1_000_001, 2_147_483_647, -2_147_483_648, i64::MAX, i64::MIN, 77,
];

fn model(data_type: DataType, turn: usize) -> (Vec<String>, Model) {
    let float = |i: usize| FLOATS[(i + 5 * turn) % 16];
    let integer = |i: usize| INTEGERS[(i + 5 * turn) % 16];
    match data_type {
        DataType::F32 => {
            let numbers: Vec<f32> = (0..16).map(|i| (float(i) as f32).max(f32::MIN).min(f32::MAX)).collect();
            (
                numbers.iter().map(|n| format!("{:08x}", n.to_bits())).collect(),
                Model::from_primitives(numbers.into_iter()).unwrap(),
            )
        }
        DataType::F64 => {
            let numbers: Vec<f64> = (0..16).map(float).collect();
            (
                numbers.iter().map(|n| format!("{:016x}", n.to_bits())).collect(),
                Model::from_primitives(numbers.into_iter()).unwrap(),
            )
        }
        DataType::I32 => {
            let numbers: Vec<i32> = (0..16).map(|i| integer(i).max(i32::MIN as i64).min(i32::MAX as i64) as i32).collect();
            (
                numbers.iter().map(|n| format!("{:08x}", *n as u32)).collect(),
                Model::from_primitives(numbers.into_iter()).unwrap(),
            )
        }
        DataType::I64 => {
            let numbers: Vec<i64> = (0..16).map(integer).collect();
            (
                numbers.iter().map(|n| format!("{:016x}", *n as u64)).collect(),
                Model::from_primitives(numbers.into_iter()).unwrap(),
            )
        }
    }
}

const WEIGHTS: [f64; 3] = [1.0, 0.3333333333333333, 1e-9];

fn fraction(ratio: &Ratio<BigInt>) -> Value {
    json!(format!("{:x}/{:x}", ratio.numer(), ratio.denom()))
}

/// Of each family: three masked models, and their weighted mean as fractions.
pub fn models() -> Value {
    let mut families = vec![];
    for (i, vect) in all_configs().iter().enumerate() {
        // Each family once, with a group and a model type that change.
        if i % 12 != [0, 5, 10][(i / 12) % 3] {
            continue;
        }
        let unit = MaskConfig {
            group_type: GROUPS[i % 3],
            data_type: DATA[i % 2],
            bound_type: BoundType::B0,
            model_type: ModelType::M6,
        };
        let config = MaskConfigPair { vect: *vect, unit };
        let mut masked_models = Aggregation::new(config, 16);
        let mut masks = Aggregation::new(config, 16);
        let mut terms = vec![];
        for (turn, weight) in WEIGHTS.iter().enumerate() {
            let (numbers, model) = model(vect.data_type, turn);
            let seed = seed((100 * turn + i) as u8);
            let (seed, masked) = Masker::with_seed(config, seed).mask(*weight, &model);
            let mask = seed.derive_mask(16, config);
            terms.push(json!({
                "seed": hex(seed.as_slice()),
                "weight": weight,
                "numbers": numbers.join(" "),
                "masked": digest(&bytes_of(&masked)),
            }));
            masked_models.validate_aggregation(&masked).unwrap();
            masked_models.aggregate(masked);
            masks.aggregate(mask);
        }
        let mask: MaskObject = masks.into();
        let mask_bytes = digest(&bytes_of(&mask));
        masked_models.validate_unmasking(&mask).unwrap();
        let mean = masked_models.unmask(mask);
        let fractions: Vec<Value> = mean.iter().map(fraction).collect();
        families.push(json!({
            "vect": name(vect),
            "unit": name(&unit),
            "terms": terms,
            "mask": mask_bytes,
            "mean": if vect.bound_type == BoundType::Bmax { fractions[..4].to_vec() } else { fractions },
        }));
    }
    json!(families)
}
