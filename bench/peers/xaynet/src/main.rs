//! xaynet-core's own functions at the same work: one mask of n components from its seed, added to another.
//!
//! Prints JSON with medians in milliseconds. Its rings are made for floats; the least of them whose order is a power of two
//! has 45 bits, and that is the one used here.

use std::{env, time::Instant};

use xaynet_core::mask::{
    Aggregation, BoundType, DataType, FromPrimitives, GroupType, IntoPrimitives, MaskConfig,
    MaskConfigPair, MaskObject, Masker, Model, ModelType,
};

const RING: MaskConfig = MaskConfig {
    group_type: GroupType::Power2,
    data_type: DataType::F32,
    bound_type: BoundType::B0,
    model_type: ModelType::M3,
};

fn main() {
    let mut arguments = env::args()
        .skip(1)
        .map(|argument| argument.parse().expect("a number"));
    let (components, runs) = (
        arguments.next().expect("components"),
        arguments.next().expect("runs"),
    );
    let config = MaskConfigPair::from(RING);
    check(config, 1000);

    let (seed, masked) = Masker::new(config).mask(1.0, &model_of(1, components));
    let mut sum = Aggregation::from(masked);
    let (mut derive, mut add) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let started = Instant::now();
        let mask = seed.derive_mask(components, config);
        derive.push(started.elapsed().as_secs_f64() * 1e3);
        let started = Instant::now();
        sum.aggregate(mask);
        add.push(started.elapsed().as_secs_f64() * 1e3);
    }
    println!(
        "{{\"bits\": {}, \"mask\": {}, \"add\": {}}}",
        RING.order().bits() - 1,
        median(derive),
        median(add)
    );
}

/// Two masked models added up, unmasked by their masks added up: the mean of the two.
fn check(config: MaskConfigPair, components: usize) {
    let sum_of = |mut objects: Vec<MaskObject>| {
        let mut sum = Aggregation::from(objects.remove(0));
        for object in objects {
            sum.validate_aggregation(&object)
                .expect("objects of one ring");
            sum.aggregate(object);
        }
        sum
    };
    let (seeds, masked): (Vec<_>, Vec<_>) = (1..=2)
        .map(|user| Masker::new(config).mask(1.0, &model_of(user, components)))
        .unzip();
    let masks = seeds
        .iter()
        .map(|seed| seed.derive_mask(components, config))
        .collect();
    let mean: Vec<f32> = sum_of(masked)
        .unmask(sum_of(masks).into())
        .into_primitives_unchecked()
        .collect();
    let expected = values_of(1, components)
        .zip(values_of(2, components))
        .map(|(a, b)| (a + b) / 2.0);
    let right = mean
        .iter()
        .zip(expected)
        .all(|(got, expected): (&f32, f32)| (got - expected).abs() < 1e-6);
    assert!(right && mean.len() == components, "the mean is wrong");
}

fn model_of(user: usize, components: usize) -> Model {
    Model::from_primitives_bounded(values_of(user, components))
}

fn values_of(user: usize, components: usize) -> impl Iterator<Item = f32> {
    (0..components).map(move |i| ((user * (i + 7)) % 1001) as f32 / 1001.0)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
