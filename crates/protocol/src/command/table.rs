//! The table: every command, said once.
//!
//! An entry reads: what it asks; its name, the room and verb that carry it out, or what refuses
//! it; who pays for carrying it; what that costs, in transfers; which authorised keys may ask it on
//! an account's behalf; its fields.
//!
//! Laws: no command that moves money out, changes a bond or authorises anybody is open to keys; the
//! order is part of every encoding: new commands are added at the end.
//! Not here: what a command does (its room), how the table is read (`declare`).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{
    Auction, BallotChoice, CommandInfo, DataItem, FieldVisitor, GainTiming, Lane, Node, Opening,
    ParamChange, PauseLane, Rating, ResourceClass, Scope, Task, Visibility,
};
use crate::{
    ids::{AccountId, Address, Asset, Digest, JobId, ProposalId, Role, SlashId},
    num::{Amount, Blocks, Epoch, Epochs, Factor, Height, Ratio},
};

commands! {
    /// Moves `amount` of the signer's free money to `to`, opening its account if need be.
    Transfer = accounts::transfer or TransferRejected, Ordinary, weight 1, keys [] {
        /// Who receives it.
        to: Address,
        /// Of which asset; `stake` in a network of one.
        asset: Asset,
        /// How much, in base units.
        amount: Amount,
    }

    /// Moves `amount` of the signer's free money into its bond for `role`, making it an operator
    /// if it was none.
    Bond = staking::bond or BondRejected, Ordinary, weight 1, keys [] {
        /// What the bond is for.
        role: Role,
        /// How much, in base units.
        amount: Amount,
    }

    /// Queues `amount` of the free bond for withdrawal; it stays slashable until it matures.
    Unbond = staking::unbond or UnbondRejected, Ordinary, weight 1, keys [] {
        /// Which bond.
        role: Role,
        /// How much, in base units.
        amount: Amount,
    }

    /// Asks for release from jail.
    Unjail = staking::unjail or UnjailRejected, Ordinary, weight 1, keys [] {
        /// Which role is jailed.
        role: Role,
    }

    /// Settles what this operator earned of emission, and collects to the free balance what of its
    /// own part has vested, and as a validator its share of slashes.
    ClaimRewards = rewards::claim_rewards or ClaimRewardsRejected,
        Ordinary, weight 1, keys [Provide Audit] {
        /// Which role earned it.
        role: Role,
    }

    /// Posts a job and takes its escrow: ceiling, audit fees and deposit.
    PostJob = market::post_job or PostJobRejected, Ordinary, weight 4, keys [Request] {
        /// What is to be computed.
        task: Task,
        /// On which hardware.
        class: ResourceClass,
        /// The most the requester pays, in base units.
        price_max: Amount,
        /// Blocks from acceptance to the deadline.
        deadline_blocks: Blocks,
        /// How the price is found.
        auction: Auction,
        /// The least reputation score a bidder must have.
        reputation_min: Ratio,
        /// The chance that the result is audited.
        audit_rate: Ratio,
        /// How many auditors are drawn when it is.
        auditors: u8,
        /// What a wrong result is worth to its maker outside the protocol, in base units.
        outside_gain: Amount,
        /// When it is worth that.
        gain_timing: GainTiming,
        /// `seal::seed` of the preimage that the requester opens later.
        seed_seal: Digest,
        /// Who may see it.
        visibility: Visibility,
    }

    /// Offers a sealed price for a job.
    CommitBid = market::commit_bid or CommitBidRejected, Ordinary, weight 1, keys [Provide] {
        /// Which job.
        job: JobId,
        /// `seal::bid` of price and salt.
        seal: Digest,
    }

    /// Opens a sealed price; locks the collateral.
    RevealBid = market::reveal_bid or RevealBidRejected, Protected, weight 1, keys [Provide] {
        /// Which job.
        job: JobId,
        /// What was asked, in base units.
        price: Amount,
        /// What hid it.
        salt: Digest,
    }

    /// Takes the job won: a receipt that every byte of program and input was fetched and hashed.
    AcceptJob = market::accept_job or AcceptJobRejected, Ordinary, weight 1, keys [Provide] {
        /// Which job.
        job: JobId,
    }

    /// Seals the provider's result.
    CommitResult = verification::commit_result or CommitResultRejected,
        Protected, weight 1, keys [Provide] {
        /// Which job.
        job: JobId,
        /// `seal::result` of the opening.
        seal: Digest,
    }

    /// Opens the requester's part of the job's seed.
    OpenSeed = verification::open_seed or OpenSeedRejected, Protected, weight 1, keys [Request] {
        /// Which job.
        job: JobId,
        /// What `seed_seal` sealed.
        preimage: Digest,
    }

    /// Seals an auditor's own result.
    CommitVerdict = verification::commit_verdict or CommitVerdictRejected,
        Protected, weight 1, keys [Audit] {
        /// Which job.
        job: JobId,
        /// `seal::result` of the opening.
        seal: Digest,
    }

    /// Opens the provider's result and shows that its output is the tree's last leaf.
    RevealResult = verification::reveal_result or RevealResultRejected,
        Protected, weight 2, keys [Provide] {
        /// Which job.
        job: JobId,
        /// What was sealed.
        opening: Opening,
        /// The last leaf and its path, as the referee reads them.
        output_proof: Vec<u8>,
    }

    /// Opens an auditor's verdict.
    RevealVerdict = verification::reveal_verdict or RevealVerdictRejected,
        Protected, weight 1, keys [Audit] {
        /// Which job.
        job: JobId,
        /// What was sealed.
        opening: Opening,
    }

    /// Disputes a revealed result, with the challenge deposit behind it.
    Challenge = verification::challenge or ChallengeRejected,
        Ordinary, weight 1, keys [Provide Audit Request] {
        /// Which job.
        job: JobId,
    }

    /// Discloses the sixteen children of one disputed node; serves every dispute that waits for it.
    OpenNode = verification::open_node or OpenNodeRejected,
        Protected, weight 2, keys [Provide Audit Request] {
        /// Which job.
        job: JobId,
        /// Which node.
        node: Node,
        /// Its children, left to right.
        children: Vec<Digest>,
    }

    /// Names the first child the challenger rejects, accepting those before it.
    RejectChild = verification::reject_child or RejectChildRejected,
        Protected, weight 1, keys [Provide Audit Request] {
        /// Which job.
        job: JobId,
        /// Which child of the dispute's node, 0 to 15.
        child: u8,
    }

    /// Lays the step that ends in the leaf `node` before the referee.
    ProveStep = verification::prove_step or ProveStepRejected,
        Protected, weight 20, keys [Provide Audit Request] {
        /// Which job.
        job: JobId,
        /// Which leaf is disputed.
        node: Node,
        /// What the step needs and its paths, as the referee reads them.
        evidence: Vec<u8>,
    }

    /// Asks on the ledger, prepaid, for bytes that were not served off it.
    RequestData = verification::request_data or RequestDataRejected,
        Ordinary, weight 1, keys [Provide Audit Request] {
        /// Which job.
        job: JobId,
        /// Which bytes.
        item: DataItem,
    }

    /// Answers a request for bytes.
    ServeData = verification::serve_data or ServeDataRejected,
        Protected, weight 4, keys [Provide Audit Request] {
        /// Which job.
        job: JobId,
        /// Which bytes.
        item: DataItem,
        /// The bytes with their proof, as the referee reads them.
        bytes as data: Vec<u8>,
    }

    /// Acknowledges that the output arrived.
    ConfirmReceipt = verification::confirm_receipt or ConfirmReceiptRejected,
        Ordinary, weight 1, keys [Request] {
        /// Which job.
        job: JobId,
    }

    /// Shows that somebody's sealed result is known before its reveal; sealed in an earlier block.
    ReportCopy = verification::report_copy or ReportCopyRejected,
        Protected, weight 1, keys [Provide Audit] {
        /// Which job.
        job: JobId,
        /// Whose seal.
        accused: AccountId,
        /// What it hides.
        opening: Opening,
    }

    /// Seals a report of somebody's leaked result, to be published in a later block; one at a time.
    SealReport = verification::seal_report or SealReportRejected,
        Ordinary, weight 1, keys [Provide Audit] {
        /// `seal::report` of the seal and what it hides.
        seal: Digest,
    }

    /// Has bytes kept by the network for a time, paid in advance.
    KeepData = storage::keep_data or KeepDataRejected, Ordinary, weight 1, keys [Request] {
        /// The hash of a blob, or the root of an input with its chunks.
        root: Digest,
        /// Room that they take: each file counts in whole blocks of 4.
        kibibytes: u32,
        /// For how many blocks from this one.
        blocks: Blocks,
        /// The most that it may cost, in base units: others may fill the room meanwhile.
        price_max: Amount,
    }

    /// Lets a key act on the signer's behalf, within a scope, until it expires, is revoked or has
    /// spent what it may; one that is authorised already gets these terms instead of its own.
    AuthoriseKey = accounts::authorise_key or AuthoriseKeyRejected, Ordinary, weight 1, keys [] {
        /// The address of the key.
        key: Address,
        /// What it may ask.
        scope: Scope,
        /// The last height at which it may ask anything.
        expires: Height,
        /// The most that it may take from the account's free money, fees included, in base units.
        spend_max: Amount,
    }

    /// Takes back what a key was authorised for.
    RevokeKey = accounts::revoke_key or RevokeKeyRejected, Ordinary, weight 1, keys [] {
        /// The address of the key.
        key: Address,
    }

    /// Delegates `amount` of the signer's free money to an operator: it shares the operator's
    /// slashes, after the operator's own free bond.
    Delegate = staking::delegate or DelegateRejected, Ordinary, weight 1, keys [] {
        /// Whose operator.
        operator: AccountId,
        /// Of which role.
        role: Role,
        /// How much, in base units.
        amount: Amount,
    }

    /// Begins to take `amount` of what the signer delegated back; it stays slashable until it
    /// matures. What has matured before is paid out with it.
    Undelegate = staking::undelegate or UndelegateRejected, Ordinary, weight 2, keys [] {
        /// From whose operator.
        operator: AccountId,
        /// Of which role.
        role: Role,
        /// How much, in base units; the value of all shares takes them all.
        amount: Amount,
    }

    /// Puts all that the signer has leaving an operator, and that has not matured, back into the
    /// operator's delegation pool.
    CancelUndelegation
        = staking::cancel_undelegation or CancelUndelegationRejected, Ordinary, weight 2, keys [] {
        /// Whose operator.
        operator: AccountId,
        /// Of which role.
        role: Role,
    }

    /// Pays out all that the signer delegated to an operator and that has matured, and all that it
    /// earned there.
    WithdrawDelegation
        = staking::withdraw_delegation or WithdrawDelegationRejected, Ordinary, weight 2, keys [] {
        /// From whose operator.
        operator: AccountId,
        /// Of which role.
        role: Role,
    }

    /// Sets what an operator keeps of its pay before the rest is shared between its own stake and
    /// what others delegated to it; below everything, others may delegate.
    SetCommission = staking::set_commission or SetCommissionRejected, Ordinary, weight 1, keys [] {
        /// Which role's.
        role: Role,
        /// The share kept, in parts per billion.
        rate: Ratio,
        /// What it never exceeds from now on, in parts per billion.
        ceiling: Ratio,
    }

    /// Moves `amount` of what the signer delegated from one operator to another at once; until it
    /// is free it answers for both, and moves no further.
    Redelegate = staking::redelegate or RedelegateRejected, Ordinary, weight 2, keys [] {
        /// Whose operator it leaves.
        source: AccountId,
        /// Whose it goes to.
        target: AccountId,
        /// Of which role, both.
        role: Role,
        /// How much, in base units; the value of all shares takes them all.
        amount: Amount,
    }

    /// Puts changes of parameters to the vote, with the deposit behind them; what has begun before
    /// they are in force is judged by the parameters that it began with.
    Propose = governance::propose or ProposeRejected, Ordinary, weight 4, keys [] {
        /// What changes, each parameter at most once.
        changes: Vec<ParamChange>,
        /// The hash of a report that audits the change; all zero if there is none.
        audit: Digest,
    }

    /// Votes with all stake of the signer, or says something else than before; its delegators'
    /// own votes count instead of it, as its own count instead of its operators'.
    CastBallot = governance::cast_ballot or CastBallotRejected, Ordinary, weight 4, keys [] {
        /// About which proposal.
        proposal: ProposalId,
        /// What it says.
        choice: BallotChoice,
    }

    /// Takes a proposal back before its voting begins; a part of its deposit burns.
    CancelProposal
        = governance::cancel_proposal or CancelProposalRejected, Ordinary, weight 1, keys [] {
        /// Which proposal.
        proposal: ProposalId,
    }

    /// Puts `amount` of what the signer's operator is unbonding back into its bond, what was
    /// unbonded last first.
    CancelUnbond = staking::cancel_unbond or CancelUnbondRejected, Ordinary, weight 2, keys [] {
        /// Of which role.
        role: Role,
        /// How much, in base units.
        amount: Amount,
    }

    /// Insures the signer's job for a premium: if its result is convicted, `cover` is paid out of
    /// the insurance, besides what the slash compensates.
    InsureJob
        = insurance::insure_job or InsureJobRejected, Ordinary, weight 2, keys [Request] {
        /// Which job.
        job: JobId,
        /// The loss beyond compensation, in base units of what is bonded.
        cover: Amount,
        /// The most that the signer pays for it, in the same.
        premium_max: Amount,
    }

    /// Commits to a tree over the finer steps within a disputed step of a paged program, and
    /// discloses the sixteen children of its root.
    RefineStep = verification::refine_step or RefineStepRejected,
        Protected, weight 4, keys [Provide Audit Request] {
        /// Which job.
        job: JobId,
        /// The leaf that the step ends in.
        node: Node,
        /// The children of the new tree's root, left to right.
        children: Vec<Digest>,
        /// The state before in its tree, and the ends of the new one, as the referee reads them.
        proof: Vec<u8>,
    }

    /// Publishes a prepared program, part by part, behind a deposit taken with the first part; with
    /// the last it is admitted, or the deposit is burnt.
    PublishProgram
        = storage::publish_program or PublishProgramRejected, Ordinary, weight 2, keys [Request] {
        /// The BLAKE3 hash of all its bytes.
        program: Digest,
        /// How many these are.
        bytes_total: u32,
        /// Which part this is, from 0; all but the last have 256 KiB.
        part: u32,
        /// The bytes of this part.
        bytes as data: Vec<u8>,
    }

    /// Takes a program that one published, or began to, from the ledger, and its deposit back.
    RetireProgram
        = storage::retire_program or RetireProgramRejected, Ordinary, weight 2, keys [Request] {
        /// Which program.
        program: Digest,
    }

    /// Appeals against a slash that waits, and all that wait with it, with a deposit behind it: a
    /// vote gives back all that was taken, or the deposit burns and the slash is paid out.
    AppealSlash = governance::appeal_slash or AppealSlashRejected, Ordinary, weight 4, keys [] {
        /// Which slash.
        slash: SlashId,
        /// The hash of a report that says why; all zero if there is none.
        report: Digest,
    }

    /// Says what a member of the council thinks: `veto` stops changes of parameters and
    /// spends while the phase lets it, `yes` or `no` decides an appeal where the council does.
    CastCouncilBallot
        = governance::cast_council_ballot or CastCouncilBallotRejected, Ordinary, weight 1,
        keys [] {
        /// About which proposal.
        proposal: ProposalId,
        /// What it says.
        choice: BallotChoice,
    }

    /// Stops what brings new money in, for so many blocks, or lets it in again; the guardian alone
    /// may, and not after its sunset.
    Pause = governance::pause or PauseRejected, Ordinary, weight 1, keys [] {
        /// What is stopped.
        lane: PauseLane,
        /// For how many blocks from this one; 0 ends a pause.
        blocks: Blocks,
    }

    /// Takes back a job of the signer's while its bids are sealed: whoever bid has its deposit
    /// back, and the signer all that it put into the job.
    CancelJob = market::cancel_job or CancelJobRejected, Ordinary, weight 2, keys [Request] {
        /// Which job.
        job: JobId,
    }

    /// Puts money of the treasury for an account to the vote, with the deposit behind it: paid at
    /// once, or in equal parts over epochs, as far as an epoch's share of the treasury goes.
    ProposeSpend
        = governance::propose_spend or ProposeSpendRejected, Ordinary, weight 4, keys [] {
        /// Who is paid; it has an account.
        to: Address,
        /// In which asset; `stake` in a network of one.
        asset: Asset,
        /// How much in all, in base units.
        amount: Amount,
        /// Over how many epochs, in equal parts; 1 is all at once.
        epochs: Epochs,
        /// The hash of a report that says what for; all zero if there is none.
        report: Digest,
    }

    /// Puts to the vote that a spend which runs pays nothing more, with the deposit behind it.
    StopSpend = governance::stop_spend or StopSpendRejected, Ordinary, weight 4, keys [] {
        /// The number of the proposal that it is.
        spend: ProposalId,
        /// The hash of a report that says why; all zero if there is none.
        report: Digest,
    }

    /// Seals what a unit of what is bonded is worth in what pays, as the signer's validator sees it
    /// in this epoch; it is opened in the next.
    SealPrice = prices::seal_price or SealPriceRejected, Protected, weight 1, keys [Audit] {
        /// The epoch that it is now.
        epoch: Epoch,
        /// `seal::price` of the opening.
        seal: Digest,
    }

    /// Opens the price that the signer's validator sealed in the epoch before.
    OpenPrice = prices::open_price or OpenPriceRejected, Protected, weight 1, keys [Audit] {
        /// The epoch in which it was sealed.
        epoch: Epoch,
        /// What a unit of what is bonded is worth in what pays, in parts per billion.
        price: Factor,
        /// What hid it.
        salt: Digest,
    }

    /// Says of a job that the signer paid for whether it would ask its provider again; once a job,
    /// within a window, by the weight of what was burnt for it.
    RateJob = market::rate_job or RateJobRejected, Ordinary, weight 1, keys [Request] {
        /// Which job.
        job: JobId,
        /// What it says.
        rating: Rating,
    }

    /// Promises that at least `amount` of what the signer's operator has at stake stays there for
    /// `epochs`, at least as much and as long as it promised before.
    LockBond = staking::lock_bond or LockBondRejected, Ordinary, weight 1, keys [] {
        /// Of which role.
        role: Role,
        /// How much in all, in base units.
        amount: Amount,
        /// For how many epochs from now on.
        epochs: Epochs,
    }

    /// Burns what is bonded and mints credits, which pay, for it: at the price of stake less the
    /// spread, as far as the epoch has room.
    MintCredits = credits::mint_credits or MintCreditsRejected, Ordinary, weight 2, keys [] {
        /// How much is burnt, in base units of what is bonded.
        stake: Amount,
        /// The fewest credits that the signer takes for it, in base units of what pays.
        credits_min: Amount,
    }

    /// Burns credits and gives back what is bonded for them: at the price of stake less the spread,
    /// as far as the signer may, the epoch has room and credits are backed.
    RedeemCredits
        = credits::redeem_credits or RedeemCreditsRejected, Ordinary, weight 2, keys [] {
        /// How many are burnt, in base units of what pays.
        credits: Amount,
        /// The least that the signer takes for them, in base units of what is bonded.
        stake_min: Amount,
    }

    /// Pays `amount` of what has come free of an address' grant to it, whoever asks.
    ClaimGrant = grants::claim_grant or ClaimGrantRejected, Ordinary, weight 1, keys [] {
        /// Whose grant, and who is paid.
        to: Address,
        /// How much, in base units.
        amount: Amount,
    }

    /// Pays an entry of the genesis' list to its address, whoever asks; each once.
    ClaimListed = grants::claim_listed or ClaimListedRejected, Ordinary, weight 2, keys [] {
        /// Which entry, counted from 0.
        place: u32,
        /// Who is paid.
        to: Address,
        /// How much, in base units.
        amount: Amount,
        /// The hashes beside the entry's path, from its neighbour up.
        proof: Vec<Digest>,
    }
}

pub(crate) use for_each_command;
