//! Seals and seeds: every hash that a participant must compute the same way as the rules.
//!
//! Law: each has a domain of its own, every field has a fixed width, so that no two meanings
//! share a preimage.
//! Not here: hashes over states and trees (`earnest-compute`).

use crate::{
    command::Opening,
    ids::{Address, Digest, JobId, OperatorId},
    num::{Amount, PARTS, Ratio},
};

fn hash(domain: &str, parts: &[&[u8]]) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key(domain);
    for part in parts {
        hasher.update(part);
    }
    Digest(*hasher.finalize().as_bytes())
}

/// What a sealed bid commits to.
pub fn bid(network: &Digest, job: JobId, bidder: &Address, price: Amount, salt: &Digest) -> Digest {
    let (job, price) = (job.raw().to_le_bytes(), price.units().to_le_bytes());
    hash("earnest 2026 bid", &[&network.0, &job, &bidder.0, &price, &salt.0])
}

/// What a sealed result or verdict commits to.
pub fn result(network: &Digest, job: JobId, worker: &Address, opening: &Opening) -> Digest {
    hash(
        "earnest 2026 result",
        &[
            &network.0,
            &job.raw().to_le_bytes(),
            &worker.0,
            &opening.root.0,
            &opening.output.0,
            &opening.gas.count().to_le_bytes(),
            &opening.steps.to_le_bytes(),
            &opening.salt.0,
        ],
    )
}

/// What a requester posts for the preimage it opens later.
pub fn seed(preimage: &Digest) -> Digest {
    hash("earnest 2026 seed preimage", &[&preimage.0])
}

/// The link of the beacon's hash chain that `preimage` opens.
pub fn beacon_link(preimage: &Digest) -> Digest {
    hash("earnest 2026 beacon link", &[&preimage.0])
}

/// The seed of one draw about one job.
pub(crate) fn job_seed(job: JobId, beacon: &Digest, preimage: &Digest) -> Digest {
    hash("earnest 2026 job seed", &[&job.raw().to_le_bytes(), &beacon.0, &preimage.0])
}

/// A number below `bound` ≥ 1 drawn from `seed`; the bias is below 2^-64 · bound.
pub(crate) fn draw_below(seed: &Digest, purpose: &str, counter: u64, bound: u64) -> u64 {
    let drawn = hash("earnest 2026 draw", &[&seed.0, purpose.as_bytes(), &counter.to_le_bytes()]);
    let mut wide = [0u8; 16];
    for (to, from) in wide.iter_mut().zip(drawn.0) {
        *to = from;
    }
    let below = u128::from_le_bytes(wide).checked_rem(u128::from(bound.max(1)));
    below.and_then(|x| u64::try_from(x).ok()).expect("a remainder is below its 64-bit divisor")
}

/// True with chance `rate`.
pub(crate) fn chance(seed: &Digest, purpose: &str, rate: Ratio) -> bool {
    draw_below(seed, purpose, 0, PARTS) < rate.parts()
}

/// The order of operators whose bids are otherwise equal.
pub(crate) fn tie(beacon: &Digest, job: JobId, operator: OperatorId) -> Digest {
    let (job, operator) = (job.raw().to_le_bytes(), operator.raw().to_le_bytes());
    hash("earnest 2026 tie", &[&beacon.0, &job, &operator])
}
