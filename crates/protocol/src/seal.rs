//! Seals and seeds: every hash that a participant must compute the same way as the rules.
//!
//! Law: each has a domain of its own, every field has a fixed width, so that no two meanings
//! share a preimage.
//! Not here: hashes over states and trees (`earnest-compute`).

use crate::{
    command::Opening,
    hash::Keyed,
    ids::{Address, Digest, JobId, OperatorId},
    num::{Amount, Epoch, Factor, PARTS, Ratio},
};

/// One meaning of a hash.
struct Domain {
    /// What BLAKE3 derives the key from; a test compares.
    #[cfg_attr(not(test), expect(dead_code, reason = "the key stands for it"))]
    context: &'static str,
    /// The derived key, big-endian: deriving it anew would cost as much as a small hash.
    key: [u64; 4],
}

const BID: Domain = Domain {
    context: "earnest 2026 bid",
    key: [
        0xdcc2_7885_0af4_267c,
        0x8670_6741_539b_a726,
        0x0758_5c61_2a34_192f,
        0xee3f_991b_bb9d_0b32,
    ],
};
const RESULT: Domain = Domain {
    context: "earnest 2026 result",
    key: [
        0x400d_8fbe_3f1f_c5bc,
        0x88b3_5ce5_1a2d_60fd,
        0x2c59_8682_9222_265f,
        0x76c3_14f6_aef0_5b3e,
    ],
};
const REPORT: Domain = Domain {
    context: "earnest 2026 report",
    key: [
        0x4658_a695_8804_6b14,
        0x366a_d85c_6ea4_2098,
        0x43fb_ae40_3af3_7880,
        0x0f80_1349_cb18_fe58,
    ],
};
const SEED: Domain = Domain {
    context: "earnest 2026 seed preimage",
    key: [
        0xf052_2122_f68f_fd3b,
        0x821c_c671_0655_f2e9,
        0xd26c_dec2_a896_16a1,
        0x5032_d14c_2023_a217,
    ],
};
const LINK: Domain = Domain {
    context: "earnest 2026 beacon link",
    key: [
        0xbcdc_2d21_9139_9bc8,
        0x7223_0caf_3753_40e9,
        0xb6d1_12f0_d261_72d7,
        0xcf88_c875_9501_c6a1,
    ],
};
const JOB_SEED: Domain = Domain {
    context: "earnest 2026 job seed",
    key: [
        0x4737_1d05_7474_f7e2,
        0xe18d_491a_e8de_1159,
        0x0b5f_e907_8f33_9d00,
        0xbf3e_5254_3eba_2350,
    ],
};
const DRAW: Domain = Domain {
    context: "earnest 2026 draw",
    key: [
        0x7b5d_a8ef_5895_d524,
        0xac7f_420e_69c7_5ace,
        0x73ce_4a61_edcf_b1ba,
        0x3149_1b62_0364_9883,
    ],
};
const TIE: Domain = Domain {
    context: "earnest 2026 tie",
    key: [
        0xcc36_426d_68ed_4886,
        0x9337_80bb_0d17_4149,
        0xa04f_be61_1652_9f52,
        0xab99_4115_cb08_ac28,
    ],
};
const PRICE: Domain = Domain {
    context: "earnest 2026 price",
    key: [
        0x496e_2012_8617_0971,
        0x7248_80bd_0379_bc16,
        0xc676_0174_04b5_fa43,
        0xb38b_720f_1e01_b854,
    ],
};

/// More than the parts of any preimage have together: a report's are 204 bytes.
const PIECE: usize = 256;

fn hash(domain: &Domain, parts: &[&[u8]]) -> Digest {
    let mut key = [0; 32];
    for (bytes, word) in key.chunks_exact_mut(8).zip(domain.key) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    let mut piece = [0; PIECE];
    let mut room = piece.as_mut_slice();
    for part in parts {
        let (taken, left) = room.split_at_mut(part.len());
        taken.copy_from_slice(part);
        room = left;
    }
    let unused = room.len();
    let (filled, _) = piece.split_at(PIECE.saturating_sub(unused));
    Digest(Keyed::new(&key).hash(filled))
}

/// What a sealed bid commits to.
pub fn bid(network: &Digest, job: JobId, bidder: &Address, price: Amount, salt: &Digest) -> Digest {
    let (job, price) = (job.raw().to_le_bytes(), price.units().to_le_bytes());
    hash(&BID, &[&network.0, &job, &bidder.0, &price, &salt.0])
}

/// What a sealed result or verdict commits to.
pub fn result(network: &Digest, job: JobId, worker: &Address, opening: &Opening) -> Digest {
    hash(
        &RESULT,
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

/// What a finder seals before it reports that `sealed` opens to `opening`.
pub fn report(
    network: &Digest,
    job: JobId,
    finder: &Address,
    sealed: &Digest,
    opening: &Opening,
) -> Digest {
    hash(
        &REPORT,
        &[
            &network.0,
            &job.raw().to_le_bytes(),
            &finder.0,
            &sealed.0,
            &opening.root.0,
            &opening.output.0,
            &opening.gas.count().to_le_bytes(),
            &opening.steps.to_le_bytes(),
            &opening.salt.0,
        ],
    )
}

/// What a validator seals of the price that it sees in an epoch.
pub fn price(
    network: &Digest,
    epoch: Epoch,
    validator: &Address,
    price: Factor,
    salt: &Digest,
) -> Digest {
    let (epoch, price) = (epoch.count().to_le_bytes(), price.parts().to_le_bytes());
    hash(&PRICE, &[&network.0, &epoch, &validator.0, &price, &salt.0])
}

/// What a requester posts for the preimage it opens later.
pub fn seed(preimage: &Digest) -> Digest {
    hash(&SEED, &[&preimage.0])
}

/// The link of the beacon's hash chain that `preimage` opens.
pub fn beacon_link(preimage: &Digest) -> Digest {
    hash(&LINK, &[&preimage.0])
}

/// The seed of one draw about one job.
pub(crate) fn job_seed(job: JobId, beacon: &Digest, preimage: &Digest) -> Digest {
    hash(&JOB_SEED, &[&job.raw().to_le_bytes(), &beacon.0, &preimage.0])
}

/// A number below `bound` ≥ 1 drawn from `seed`; the bias is below 2^-64 · bound.
///
/// Scaled, not reduced: when the bound moves a little, so does the number. A remainder would jump
/// anywhere, and whoever knows the seed could pick its draw by moving one unit of stake (C8).
pub(crate) fn draw_below(seed: &Digest, purpose: &str, counter: u64, bound: u64) -> u64 {
    let drawn = hash(&DRAW, &[&seed.0, purpose.as_bytes(), &counter.to_le_bytes()]);
    let mut wide = [0u8; 8];
    for (to, from) in wide.iter_mut().zip(drawn.0) {
        *to = from;
    }
    let part = u128::from(u64::from_le_bytes(wide));
    let scaled = part.wrapping_mul(u128::from(bound.max(1))) >> 64; // 64 + 64 bits.
    u64::try_from(scaled).expect("a part of a 64-bit bound")
}

/// True with chance `rate`.
pub(crate) fn chance(seed: &Digest, purpose: &str, rate: Ratio) -> bool {
    draw_below(seed, purpose, 0, PARTS) < rate.parts()
}

/// The order of operators whose bids are otherwise equal.
pub(crate) fn tie(beacon: &Digest, job: JobId, operator: OperatorId) -> Digest {
    let (job, operator) = (job.raw().to_le_bytes(), operator.raw().to_le_bytes());
    hash(&TIE, &[&beacon.0, &job, &operator])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_the_one_derived_from_its_context() {
        for domain in [BID, RESULT, REPORT, SEED, LINK, JOB_SEED, DRAW, TIE, PRICE] {
            let plain = *blake3::Hasher::new_derive_key(domain.context).finalize().as_bytes();
            assert_eq!(hash(&domain, &[]), Digest(plain), "{}", domain.context);
        }
    }
}
