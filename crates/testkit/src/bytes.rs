//! Bytes: damaged encodings of commands thrown at the rules.
//!
//! A corpus of encoded transactions, taken from machines that live, is cut, flipped, spliced and
//! overwritten with numbers at their edges; what still decodes is applied to a living state, then a
//! block opens. Without coverage feedback, which needs a compiler that is not stable; what guides
//! it instead is that the corpus comes from every phase of every setting.
//!
//! Law: whatever the bytes, nothing panics and every law holds.

use earnest_protocol::{AccountId, Authenticated, Command, Height, Journal, State, Transaction};

use crate::{
    machine::{Machine, Setting},
    ops::{Op, Step},
    soak::Random,
    world::Truth,
};

/// What a run over bytes came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tried {
    /// Byte strings thrown.
    pub inputs: u64,
    /// Of which decoded into a command.
    pub decoded: u64,
    /// Of which were accepted.
    pub accepted: u64,
}

/// Throws byte strings until `goes_on` says no.
pub fn run(seed: u64, mut goes_on: impl FnMut(&Tried) -> bool) -> Tried {
    let mut random = Random::new(seed);
    let mut tried = Tried::default();
    let mut settings = Setting::ALL.iter().copied().cycle();
    while goes_on(&tried) {
        let setting = settings.next().expect("a cycle never ends");
        let mut machine = Machine::new(setting);
        for _ in 0..400 {
            let op = Op::from((random.next_u64() >> 24) as u32);
            // Where the machine stands is where the corpus is taken from.
            if let Step::Send(signer, command) = machine.read(op) {
                throw(&machine.world.state, signer, &command, &mut random, &mut tried);
            }
            machine.run(op);
        }
    }
    tried
}

/// Damages one command in several ways and applies each to a branch of its own.
fn throw(
    state: &State,
    signer: AccountId,
    command: &Command,
    random: &mut Random,
    tried: &mut Tried,
) {
    let bytes = postcard::to_allocvec(command).expect("a command encodes");
    for _ in 0..4 {
        let damaged = damage(bytes.clone(), random);
        tried.inputs += 1;
        let Ok(command) = postcard::from_bytes::<Command>(&damaged) else { continue };
        tried.decoded += 1;
        let signer =
            if random.next_u64().is_multiple_of(4) { any_account(state, random) } else { signer };
        let mut branch = state.clone();
        let nonce = branch.account(signer).expect("known").nonce;
        let transaction =
            Transaction { nonce, valid_until: Height::new(u64::MAX), command, on_behalf_of: None };
        let mut journal = Journal::default();
        let signed = Authenticated { sender: signer.into(), transaction };
        tried.accepted += u64::from(branch.apply(&signed, &Truth, &mut journal).is_ok());
        branch.check_invariants().unwrap_or_else(|broken| panic!("{broken:?} after {signed:?}"));
    }
}

fn any_account(state: &State, random: &mut Random) -> AccountId {
    AccountId::new(random.next_u64() % state.account_count() as u64)
}

/// One to three damages: cuts, flips, insertions, and numbers at their edges.
pub fn damage(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    for _ in 0..=random.next_u64() % 3 {
        let at = (random.next_u64() as usize) % (bytes.len() + 1);
        match random.next_u64() % 6 {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.next_u64() as u8),
            2 if at < bytes.len() => bytes[at] ^= 1 << (random.next_u64() % 8),
            3 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][at % 5],
            4 => {
                // The largest number there is, where a smaller one stood.
                let end = (at + 10).min(bytes.len());
                let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
                bytes.splice(at..end, most);
            }
            _ => {
                let end = (at + 1 + (random.next_u64() as usize) % 8).min(bytes.len());
                bytes.drain(at..end);
            }
        }
    }
    bytes
}
