//! Random transactions of every kind.

use earnest_protocol::{
    AccountId, Address, Amount, Blocks, Command, Digest, Gas, Height, JobId, Ratio, Role,
    Transaction, command as c,
};
use proptest::{collection::vec, prelude::*};

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest)
}

fn amount() -> impl Strategy<Value = Amount> {
    (0..=Amount::MAX.units()).prop_map(|units| Amount::new(units).expect("within its range"))
}

fn ratio() -> impl Strategy<Value = Ratio> {
    (0..=1_000_000_000u64).prop_map(|parts| Ratio::new(parts).expect("within its range"))
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Provider), Just(Role::Validator)]
}

fn job() -> impl Strategy<Value = JobId> {
    any::<u64>().prop_map(JobId::new)
}

fn item() -> impl Strategy<Value = c::DataItem> {
    prop_oneof![
        Just(c::DataItem::Program),
        any::<u32>().prop_map(c::DataItem::Input),
        Just(c::DataItem::Output)
    ]
}

fn opening() -> impl Strategy<Value = c::Opening> {
    (digest(), digest(), any::<u64>(), any::<u64>(), digest()).prop_map(
        |(root, output, gas, steps, salt)| c::Opening {
            root,
            output,
            gas: Gas::new(gas),
            steps,
            salt,
        },
    )
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..200)
}

fn task() -> impl Strategy<Value = c::Task> {
    let numbers = (any::<u32>(), any::<u64>(), any::<u64>(), any::<u64>());
    (digest(), digest(), digest(), numbers).prop_map(
        |(program, input_root, seed, (chunk_count, steps, step, all))| c::Task {
            program,
            input_root,
            chunk_count,
            steps,
            seed,
            step_gas_max: Gas::new(step),
            gas_bound: Gas::new(all),
        },
    )
}

fn post_job() -> impl Strategy<Value = Command> {
    let choices = (any::<bool>(), any::<bool>(), any::<bool>(), any::<u8>(), any::<u64>());
    (task(), amount(), amount(), ratio(), ratio(), digest(), choices).prop_map(
        |(task, price_max, outside_gain, reputation_min, audit_rate, seed_seal, choices)| {
            let (first, delivery, sealed, auditors, deadline) = choices;
            Command::PostJob(c::PostJob {
                task,
                class: c::ResourceClass::Cpu,
                price_max,
                deadline_blocks: Blocks::new(deadline),
                auction: if first { c::Auction::FirstPrice } else { c::Auction::SecondPrice },
                reputation_min,
                audit_rate,
                auditors,
                outside_gain,
                gain_timing: if delivery { c::GainTiming::Delivery } else { c::GainTiming::Final },
                seed_seal,
                visibility: if sealed { c::Visibility::Sealed } else { c::Visibility::Public },
            })
        },
    )
}

fn of_accounts() -> impl Strategy<Value = Command> {
    prop_oneof![
        (any::<[u8; 20]>(), amount())
            .prop_map(|(to, amount)| Command::Transfer(c::Transfer { to: Address(to), amount })),
        (role(), amount()).prop_map(|(role, amount)| Command::Bond(c::Bond { role, amount })),
        (role(), amount()).prop_map(|(role, amount)| Command::Unbond(c::Unbond { role, amount })),
        role().prop_map(|role| Command::Unjail(c::Unjail { role })),
        role().prop_map(|role| Command::ClaimRewards(c::ClaimRewards { role })),
    ]
}

fn of_markets() -> impl Strategy<Value = Command> {
    prop_oneof![
        post_job(),
        (job(), digest()).prop_map(|(job, seal)| Command::CommitBid(c::CommitBid { job, seal })),
        (job(), amount(), digest())
            .prop_map(|(job, price, salt)| Command::RevealBid(c::RevealBid { job, price, salt })),
        job().prop_map(|job| Command::AcceptJob(c::AcceptJob { job })),
        (job(), digest())
            .prop_map(|(job, seal)| Command::CommitResult(c::CommitResult { job, seal })),
        (job(), digest())
            .prop_map(|(job, preimage)| Command::OpenSeed(c::OpenSeed { job, preimage })),
        job().prop_map(|job| Command::ConfirmReceipt(c::ConfirmReceipt { job })),
    ]
}

fn of_verification() -> impl Strategy<Value = Command> {
    prop_oneof![
        (job(), digest())
            .prop_map(|(job, seal)| Command::CommitVerdict(c::CommitVerdict { job, seal })),
        (job(), opening(), bytes()).prop_map(|(job, opening, output_proof)| {
            Command::RevealResult(c::RevealResult { job, opening, output_proof })
        }),
        (job(), opening())
            .prop_map(|(job, opening)| Command::RevealVerdict(c::RevealVerdict { job, opening })),
        job().prop_map(|job| Command::Challenge(c::Challenge { job })),
        (job(), any::<u8>(), any::<u64>(), vec(digest(), 0..17)).prop_map(
            |(job, level, index, children)| {
                Command::OpenNode(c::OpenNode { job, node: c::Node { level, index }, children })
            }
        ),
        (job(), any::<u8>())
            .prop_map(|(job, child)| Command::RejectChild(c::RejectChild { job, child })),
        (job(), any::<u64>(), bytes()).prop_map(|(job, leaf, evidence)| {
            Command::ProveStep(c::ProveStep { job, leaf, evidence })
        }),
        (job(), item()).prop_map(|(job, item)| Command::RequestData(c::RequestData { job, item })),
        (job(), item(), bytes()).prop_map(|(job, item, bytes)| Command::ServeData(c::ServeData {
            job,
            item,
            bytes
        })),
        (job(), any::<u32>(), opening()).prop_map(|(job, accused, opening)| {
            Command::ReportCopy(c::ReportCopy { job, accused: AccountId::new(accused), opening })
        }),
    ]
}

/// Any command.
pub(crate) fn command() -> impl Strategy<Value = Command> {
    prop_oneof![1 => of_accounts(), 1 => of_markets(), 2 => of_verification()]
}

/// Any transaction.
pub(crate) fn transaction() -> impl Strategy<Value = Transaction> {
    (any::<u64>(), any::<u64>(), command()).prop_map(|(nonce, valid_until, command)| Transaction {
        nonce,
        valid_until: Height::new(valid_until),
        command,
    })
}
