//! Participants of xaynet-sdk, which take part in the rounds of a coordinator until they are stopped. Participant i has the key of the seed of 32
//! bytes i, and its model is (i, 2i, 3i, …) / 1024.
use std::{convert::Infallible, time::Duration};

use async_trait::async_trait;
use xaynet_core::{
    crypto::{ByteObject, SigningKeyPair, SigningKeySeed},
    mask::{FromPrimitives, Model},
};
use xaynet_sdk::{client::Client, settings::PetSettings, ModelStore, Notify, StateMachine, TransitionOutcome};

struct Silent;

impl Notify for Silent {}

struct Store(Model);

#[async_trait]
impl ModelStore for Store {
    type Error = Infallible;
    type Model = Model;

    async fn load_model(&mut self) -> Result<Option<Model>, Infallible> {
        Ok(Some(self.0.clone()))
    }
}

fn participant(i: u8, url: &str, length: usize) -> StateMachine {
    let keys = SigningKeyPair::derive_from_seed(&SigningKeySeed::from_slice(&[i; 32]).unwrap());
    let model = Model::from_primitives((1..=length).map(|j| j as f32 * i as f32 / 1024.)).unwrap();
    let client = Client::new(reqwest::Client::new(), url).unwrap();
    StateMachine::new(PetSettings::new(keys), client, Store(model), Silent)
}

async fn run(mut machine: StateMachine) {
    loop {
        machine = match machine.transition().await {
            TransitionOutcome::Complete(machine) => machine,
            TransitionOutcome::Pending(machine) => {
                tokio::time::delay_for(Duration::from_millis(50)).await;
                machine
            }
        };
    }
}

#[tokio::main]
async fn main() {
    sodiumoxide::init().unwrap();
    let arguments: Vec<String> = std::env::args().collect();
    let [_, url, first, count, length] = &arguments[..] else { panic!("usage: pet-network <url> <first> <count> <length>") };
    let (first, count, length): (u8, u8, usize) = (first.parse().unwrap(), count.parse().unwrap(), length.parse().unwrap());
    futures::future::join_all((first..first + count).map(|i| run(participant(i, url, length)))).await;
}
