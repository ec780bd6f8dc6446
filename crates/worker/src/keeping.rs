//! Keeping: which bytes of a job its requester pays to have kept, for how long, and that it does.
//!
//! Key terms: program, input and what a program was prepared from are kept under their own names,
//! room for the output under the job's seed seal, since the output has no name yet.
//!
//! Law: what is paid for already is not paid again; what is asked for lasts until a job posted
//! within `MARGIN` blocks is over, and an output a while longer, to be fetched; nothing costs
//! more than `TOLERANCE` times what it does when it is asked for.
//! Known shortcoming: a price that stays high is paid, however high, once it is asked for again.
//! Not here: the price (`earnest-protocol`, `storage`), the bytes (`requester`).

use earnest_api::{Client, ClientError};
use earnest_protocol::{
    Amount, Blocks, Digest, Height,
    command::{KeepData, PostJob},
    storage,
};

/// Blocks that may pass before the job is posted.
const MARGIN: Blocks = Blocks::new(60);
/// How many times the price of the moment may be paid: the room may fill before the block.
const TOLERANCE: u64 = 2;
/// Bytes of a block, as nodes count files.
const BLOCK: u64 = 4_096;

/// Bytes of a job's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Of the module; none of one that the ledger itself keeps.
    pub program: Option<usize>,
    /// Of each chunk of the input.
    pub chunks: Vec<usize>,
    /// Of each chunk of what an ordinary program was prepared from.
    pub source: Vec<usize>,
    /// Of the output's files, at most.
    pub output: Vec<usize>,
}

/// What one job needs kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Under which name.
    name: Digest,
    kibibytes: u32,
    /// For at least so long.
    blocks: Blocks,
}

/// Kibibytes that so many files take, each in whole blocks.
fn kibibytes(files: impl IntoIterator<Item = usize>) -> u32 {
    let blocks = files.into_iter().map(|bytes| {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX).max(1);
        bytes.div_ceil(BLOCK)
    });
    let kibibytes = blocks.fold(0u64, u64::saturating_add).saturating_mul(BLOCK / 1_024);
    u32::try_from(kibibytes).unwrap_or(u32::MAX)
}

/// What a planned job needs kept.
///
/// # Errors
/// If the node does not answer.
pub fn needs(client: &Client, job: &PostJob, sizes: &Sizes) -> Result<Vec<Need>, ClientError> {
    let params = client.params()?;
    let task = &job.task;
    let duration = params.job_duration(job.deadline_blocks, task.gas_bound).plus(MARGIN);
    let longest = params.storage.keep_blocks_max;
    let blocks = duration.min(longest);
    let name = task.program;
    let program = sizes.program.map(|bytes| Need { name, kibibytes: kibibytes([bytes]), blocks });
    let mut needs: Vec<Need> = program.into_iter().collect();
    for (name, chunks) in [(task.input_root, &sizes.chunks), (task.seed, &sizes.source)] {
        if !chunks.is_empty() {
            let list = chunks.len().saturating_mul(32);
            let files = chunks.iter().copied().chain([list]);
            needs.push(Need { name, kibibytes: kibibytes(files), blocks });
        }
    }
    let blocks = duration.plus(params.market.retention_blocks).min(longest);
    let name = job.seed_seal;
    needs.push(Need { name, kibibytes: kibibytes(sizes.output.iter().copied()), blocks });
    Ok(needs)
}

/// The commands for what nobody pays for yet, or not for long enough.
///
/// # Errors
/// If the node does not answer.
pub fn unpaid(client: &Client, needs: &[Need]) -> Result<Vec<KeepData>, ClientError> {
    let (height, params, mut used) =
        (client.head()?.height, client.params()?, client.room()?.kept_kib);
    let mut unpaid = Vec::new();
    for &Need { name, kibibytes, blocks } in needs {
        // Of as many bytes: a small keep that lasts and a large one that does not are no use.
        let kept = client.keep(&name, u64::from(kibibytes).saturating_mul(1_024))?;
        let is_paid = kept.until.is_some_and(|until| until >= due(height, blocks));
        if !is_paid {
            // What has no room has no price, and is refused for that.
            let price = storage::price(&params.storage, used, kibibytes, blocks);
            let price_max = price.unwrap_or(Amount::ZERO).checked_times(TOLERANCE);
            let price_max = price_max.unwrap_or(Amount::MAX);
            unpaid.push(KeepData { root: name, kibibytes, blocks, price_max });
            used = used.saturating_add(u64::from(kibibytes));
        }
    }
    Ok(unpaid)
}

/// Until when it must be paid; the margin is for the time until the job is posted.
fn due(height: Height, blocks: Blocks) -> Height {
    height.after(Blocks::new(blocks.count().saturating_sub(MARGIN.count())))
}

/// What keeping costs now, fees aside; none if there is no room.
///
/// # Errors
/// If the node does not answer.
pub fn cost(client: &Client, unpaid: &[KeepData]) -> Result<Option<Amount>, ClientError> {
    let (params, room) = (client.params()?, client.room()?);
    let mut used = room.kept_kib;
    let mut sum = Amount::ZERO;
    for keep in unpaid {
        let price = storage::price(&params.storage, used, keep.kibibytes, keep.blocks);
        let Some(price) = price else { return Ok(None) };
        sum = sum.saturating_add(price);
        used = used.saturating_add(u64::from(keep.kibibytes));
    }
    Ok(Some(sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_counts_in_whole_blocks() {
        assert_eq!(kibibytes([0]), 4);
        assert_eq!(kibibytes([4_096, 4_097, 1]), 4 + 8 + 4);
        assert_eq!(kibibytes([usize::MAX; 3]), u32::MAX);
    }
}
