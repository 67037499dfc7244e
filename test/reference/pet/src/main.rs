//! Prints test vectors, made by xaynet-core itself, as JSON; with `bench`, the time that its masks take. The README beside it says how.
mod bench;
mod masking;
mod messages;

use serde_json::json;

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{:02x}", byte)).collect()
}

pub fn digest(bytes: &[u8]) -> String {
    hex(sodiumoxide::crypto::hash::sha256::hash(bytes).as_ref())
}

fn main() {
    sodiumoxide::init().unwrap();
    if std::env::args().nth(1).as_deref() == Some("bench") {
        bench::run();
        return;
    }
    let vectors = json!({
        "masks": masking::masks(),
        "models": masking::models(),
        "messages": messages::messages(),
        "eligibility": messages::eligibility(),
        "sealed": messages::sealed(),
        "views": messages::views(),
    });
    println!("{}", serde_json::to_string_pretty(&vectors).unwrap());
}
