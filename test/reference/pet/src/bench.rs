//! What masks take: the least of some runs in milliseconds, as JSON.
use std::time::Instant;

use xaynet_core::crypto::ByteObject;
use xaynet_core::mask::{
    Aggregation, BoundType, DataType, FromPrimitives, GroupType, MaskConfig, MaskSeed, Masker, Model, ModelType,
};

const LENGTH: usize = 1 << 20;

fn least(runs: usize, mut work: impl FnMut()) -> f64 {
    (0..runs)
        .map(|_| {
            let start = Instant::now();
            work();
            1e3 * start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}

pub fn run() {
    for group_type in [GroupType::Prime, GroupType::Power2] {
        let config = MaskConfig { group_type, data_type: DataType::F32, bound_type: BoundType::B0, model_type: ModelType::M3 };
        let seed = MaskSeed::generate();
        let derive = least(9, || drop(seed.derive_mask(LENGTH, config.into())));
        let numbers: Vec<f32> = (0..LENGTH).map(|i| (i as f32).sin()).collect();
        let model = Model::from_primitives(numbers.into_iter()).unwrap();
        let mask = least(5, || drop(Masker::new(config.into()).mask(1.0, &model)));
        let (seed, masked) = Masker::new(config.into()).mask(1.0, &model);
        let derived = seed.derive_mask(LENGTH, config.into());
        let mut sum = Aggregation::new(config.into(), LENGTH);
        sum.aggregate(masked.clone());
        let start = Instant::now();
        sum.aggregate(masked.clone());
        let add = 1e3 * start.elapsed().as_secs_f64();
        let mut once = Aggregation::new(config.into(), LENGTH);
        once.aggregate(masked);
        let start = Instant::now();
        let _ = once.unmask(derived);
        let unmask = 1e3 * start.elapsed().as_secs_f64();
        println!(
            "{{\"group\":\"{:?}\",\"derive\":{:.0},\"mask\":{:.0},\"add\":{:.0},\"unmask\":{:.0}}}",
            group_type, derive, mask, add, unmask
        );
    }
}
