//! One report of Prio3SumVec: made by a client, verified and added by two aggregators.
//!
//! Arguments: components, bits, runs. Prints JSON: medians in milliseconds of the client and of both aggregators together, and the bytes
//! that the client sends.

use std::{env, time::Instant};

use prio::{
    codec::Encode,
    vdaf::{
        prio3::{optimal_chunk_length, Prio3},
        Aggregatable, Aggregator, Client, Collector, VerifyTransition,
    },
};

const CONTEXT: &[u8] = b"bench";
const VERIFY_KEY: [u8; 32] = [7; 32];
const AGGREGATORS: usize = 2;

fn main() {
    let mut arguments = env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let mut next = || -> usize { arguments.next().expect("components, bits and runs") };
    let (components, bits, runs) = (next(), next(), next());
    let chunk = optimal_chunk_length(components * bits);
    let vdaf = Prio3::new_sum_vec(AGGREGATORS as u8, (1u128 << bits) - 1, components, chunk).expect("a vector of this size");
    let measurement: Vec<u128> = (0..components as u128).map(|i| (i * 40_503) % (1 << bits)).collect();

    let mut sums: Vec<_> = (0..AGGREGATORS).map(|_| vdaf.aggregate_init(&())).collect();
    let (mut client, mut servers, mut bytes) = (Vec::new(), Vec::new(), 0);
    for run in 0..runs {
        let nonce = [run as u8; 16];
        let started = Instant::now();
        let (public_share, input_shares) = vdaf.shard(CONTEXT, &measurement, &nonce).expect("shares");
        client.push(started.elapsed().as_secs_f64() * 1e3);
        bytes = length(&public_share) * AGGREGATORS + input_shares.iter().map(length).sum::<usize>();

        let started = Instant::now();
        let (states, shares): (Vec<_>, Vec<_>) = input_shares
            .iter()
            .enumerate()
            .map(|(id, share)| {
                vdaf.verify_init(&VERIFY_KEY, CONTEXT, id, &(), &nonce, &public_share, share)
                    .expect("a state")
            })
            .unzip();
        let message = vdaf.verifier_shares_to_message(CONTEXT, &(), shares).expect("a valid proof");
        for (sum, state) in sums.iter_mut().zip(states) {
            match vdaf.verify_next(CONTEXT, state, message.clone()).expect("an output share") {
                VerifyTransition::Finish(output) => sum.accumulate(&output).expect("shares of one length"),
                VerifyTransition::Continue(..) => panic!("Prio3 has one round"),
            }
        }
        servers.push(started.elapsed().as_secs_f64() * 1e3);
    }
    let sum = vdaf.unshard(&(), sums, runs).expect("the sum");
    let right = sum.iter().zip(&measurement).all(|(&sum, &value)| sum == value * runs as u128);
    assert!(right && sum.len() == components, "the sum is wrong");
    println!("{{\"client\": {}, \"servers\": {}, \"bytes\": {}}}", median(client), median(servers), bytes);
}

fn length(encoded: &impl Encode) -> usize {
    encoded.get_encoded().expect("bytes").len()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
