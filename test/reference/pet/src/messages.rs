//! Messages, eligibility, sealed boxes, and what a coordinator shows.
use std::{collections::HashMap, iter::FromIterator};

use num::{bigint::BigInt, rational::Ratio};
use serde_json::{json, Value};
use xaynet_core::{
    common::{RoundParameters, RoundSeed},
    crypto::{ByteObject, EncryptKeyPair, EncryptKeySeed, Signature, SigningKeyPair, SigningKeySeed},
    mask::{BoundType, DataType, EncryptedMaskSeed, GroupType, MaskConfig, MaskSeed, Model, ModelType},
    message::{Chunk, Message, Sum, Sum2, Tag, Update},
    LocalSeedDict, SumDict, UpdateSeedDict,
};

use crate::hex;

fn bytes(first: u8, length: usize) -> Vec<u8> {
    (0..length).map(|i| first.wrapping_add(3 * i as u8)).collect()
}

fn signing(first: u8) -> SigningKeyPair {
    SigningKeyPair::derive_from_seed(&SigningKeySeed::from_slice(&bytes(first, 32)).unwrap())
}

fn encryption(first: u8) -> EncryptKeyPair {
    EncryptKeyPair::derive_from_seed(&EncryptKeySeed::from_slice(&bytes(first, 32)).unwrap())
}

fn config() -> MaskConfig {
    MaskConfig { group_type: GroupType::Prime, data_type: DataType::F32, bound_type: BoundType::B0, model_type: ModelType::M3 }
}

fn signed(message: Message, keys: &SigningKeyPair) -> String {
    let mut buffer = vec![0; message.buffer_length()];
    message.to_bytes(&mut buffer, &keys.secret);
    hex(&buffer)
}

pub fn messages() -> Value {
    let keys = signing(1);
    let coordinator = encryption(2);
    let sign = |word: &[u8]| keys.secret.sign_detached(&[&bytes(9, 32)[..], word].concat());
    let mask = MaskSeed::from_slice(&bytes(3, 32)).unwrap().derive_mask(3, config().into());
    let sum = Sum { sum_signature: sign(b"sum"), ephm_pk: encryption(4).public };
    // One entry, because the order of a dictionary of Rust is random.
    let seeds = LocalSeedDict::from_iter(vec![(signing(5).public, EncryptedMaskSeed::from(bytes(6, 80)))]);
    let update = Update {
        sum_signature: sign(b"sum"),
        update_signature: sign(b"update"),
        masked_model: mask.clone(),
        local_seed_dict: seeds,
    };
    let sum2 = Sum2 { sum_signature: sign(b"sum"), model_mask: mask };
    let chunk = Chunk { id: 258, message_id: 772, last: true, data: bytes(7, 20) };
    let middle = Chunk { id: 1, message_id: 65_535, last: false, data: bytes(8, 1) };
    json!({
        "signSeed": hex(&bytes(1, 32)),
        "coordinatorSeed": hex(&bytes(2, 32)),
        "coordinatorSecretKey": hex(coordinator.secret.as_slice()),
        "roundSeed": hex(&bytes(9, 32)),
        "maskSeed": hex(&bytes(3, 32)),
        "ephemeralKey": hex(encryption(4).public.as_slice()),
        "sumParticipant": hex(signing(5).public.as_slice()),
        "sealedSeed": hex(&bytes(6, 80)),
        "sum": signed(Message::new_sum(keys.public, coordinator.public, sum), &keys),
        "update": signed(Message::new_update(keys.public, coordinator.public, update), &keys),
        "sum2": signed(Message::new_sum2(keys.public, coordinator.public, sum2), &keys),
        "lastChunk": signed(Message::new_multipart(keys.public, coordinator.public, chunk, Tag::Update), &keys),
        "middleChunk": signed(Message::new_multipart(keys.public, coordinator.public, middle, Tag::Sum2), &keys),
    })
}

pub fn eligibility() -> Value {
    let cases = (0..24).map(|i| {
        let signature = Signature::from_slice(&bytes(11 * i, 64)).unwrap();
        let thresholds: Vec<f64> = vec![0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0];
        let eligible = thresholds.iter().map(|threshold| if signature.is_eligible(*threshold) { '1' } else { '0' });
        json!({ "signature": hex(signature.as_slice()), "eligible": eligible.collect::<String>() })
    });
    json!({ "thresholds": [0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0], "cases": cases.collect::<Vec<_>>() })
}

pub fn sealed() -> Value {
    let keys = encryption(12);
    let boxes = [0, 1, 32, 200].iter().map(|length| {
        let plaintext = bytes(*length as u8, *length);
        json!({ "plaintext": hex(&plaintext), "sealed": hex(&keys.public.encrypt(&plaintext)) })
    });
    json!({ "secretKey": hex(keys.secret.as_slice()), "publicKey": hex(keys.public.as_slice()), "boxes": boxes.collect::<Vec<_>>() })
}

pub fn views() -> Value {
    let other = MaskConfig {
        group_type: GroupType::Power2,
        data_type: DataType::I64,
        bound_type: BoundType::Bmax,
        model_type: ModelType::M12,
    };
    let parameters = RoundParameters {
        pk: encryption(2).public,
        sum: 0.01,
        update: 0.9,
        seed: RoundSeed::from_slice(&bytes(9, 32)).unwrap(),
        mask_config: xaynet_core::mask::MaskConfigPair { vect: config(), unit: other },
        model_length: 70_000,
    };
    let sums: SumDict = HashMap::from_iter(vec![(signing(5).public, encryption(4).public)]);
    let seeds: UpdateSeedDict = HashMap::from_iter(vec![(signing(1).public, EncryptedMaskSeed::from(bytes(6, 80)))]);
    let ratio = |numer: i64, denom: i64| Ratio::new(BigInt::from(numer), BigInt::from(denom));
    let model = Model::from(vec![ratio(0, 1), ratio(1, 3), ratio(-7, 2), ratio(i64::MAX, 10_000_000_019), ratio(5, 1)]);
    json!({
        "parameters": hex(&bincode::serialize(&parameters).unwrap()),
        "sums": hex(&bincode::serialize(&sums).unwrap()),
        "seeds": hex(&bincode::serialize(&seeds).unwrap()),
        "model": hex(&bincode::serialize(&model).unwrap()),
    })
}
