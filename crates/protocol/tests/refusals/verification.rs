//! Results, verdicts, disputes, data and reports.

use earnest_protocol::{
    Amount, Asset, Command, Digest, Gas, Height, JobId, Ratio, RawParams, Role,
    TransactionRejected,
    command::*,
    market::Phase,
    verification::{
        ChallengeRejected, CommitResultRejected, CommitVerdictRejected, ConfirmReceiptRejected,
        OpenNodeRejected, OpenSeedRejected, ProveStepRejected, RefineStepRejected,
        RejectChildRejected, ReportCopyRejected, RequestDataRejected, RevealResultRejected,
        RevealVerdictRejected, SealReportRejected, ServeDataRejected,
    },
};

use crate::{
    Row, row,
    world::{World, finer, root},
};

const JOB: JobId = JobId::new(0);
const NO_JOB: JobId = JobId::new(7);
const ROOT: Node = Node { level: 0, index: 0 };

fn executing(world: &mut World) {
    world.assign(world.terms(), &[("P1", 10)]);
}

fn committed(world: &mut World) {
    executing(world);
    world.commit_result("P1", JOB, root(None));
}

fn auditing(world: &mut World) {
    executing(world);
    world.commit("P1", JOB, root(None));
}

fn auditing_open(world: &mut World) {
    auditing(world);
    world.until_phase(JOB, Phase::AuditingOpen);
}

fn revealing(world: &mut World) {
    auditing(world);
    world.audit(JOB, root(None));
}

/// An honest result, open to challenge.
pub(crate) fn challengeable(world: &mut World) {
    revealing(world);
    world.reveal("P1", JOB, root(None), root(None));
}

fn disputed(world: &mut World) {
    challengeable(world);
    world.ok("W", Command::Challenge(Challenge { job: JOB }));
}

/// Steps so small that the referee has time for several in each block.
fn small_steps(params: &mut RawParams) {
    params.market.step_gas_max = Gas::new(10_000_000);
}

/// W's dispute waits for step 3.
fn narrowed(world: &mut World) {
    disputed(world);
    world.narrow("P1", JOB, "W", 3);
}

/// The only auditor of a seat, a bystander among the validators.
fn bystander(world: &World) -> &'static str {
    let drawn = world.auditors(JOB);
    let silent = world.state.case(JOB).expect("assigned").barred.clone();
    ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8"]
        .into_iter()
        .find(|name| {
            !drawn.contains(name) && !silent.contains(&world.operator(name, Role::Validator))
        })
        .expect("eight validators, at most six drawn")
}

fn challenge(job: JobId) -> Command {
    Command::Challenge(Challenge { job })
}

fn commit_result(job: JobId) -> Command {
    Command::CommitResult(CommitResult { job, seal: Digest::ZERO })
}

fn commit_verdict(job: JobId) -> Command {
    Command::CommitVerdict(CommitVerdict { job, seal: Digest::ZERO })
}

fn open_seed(job: JobId, byte: u8) -> Command {
    Command::OpenSeed(OpenSeed { job, preimage: Digest([byte; 32]) })
}

fn open_node(job: JobId, node: Node, count: usize) -> Command {
    Command::OpenNode(OpenNode { job, node, children: vec![Digest::ZERO; count] })
}

fn prove(job: JobId, leaf: u64, evidence: &[u8]) -> Command {
    let node = Node { level: 2, index: leaf };
    Command::ProveStep(ProveStep { job, node, evidence: evidence.to_vec() })
}

fn reject(job: JobId, child: u8) -> Command {
    Command::RejectChild(RejectChild { job, child })
}

fn request(job: JobId, item: DataItem) -> Command {
    Command::RequestData(RequestData { job, item })
}

fn serve(job: JobId, item: DataItem, bytes: &[u8]) -> Command {
    Command::ServeData(ServeData { job, item, bytes: bytes.to_vec() })
}

/// An opening of nothing, for jobs that do not exist.
const BLANK: Opening = Opening {
    root: Digest::ZERO,
    output: Digest::ZERO,
    gas: Gas::ZERO,
    steps: 0,
    salt: Digest::ZERO,
};

fn reveal_result(job: JobId, opening: Opening) -> Command {
    Command::RevealResult(RevealResult { job, opening, output_proof: b"output".to_vec() })
}

fn seal_report(world: &mut World, finder: &str, accused: &str, opening: Opening) {
    let seal = world.seal_report(finder, JOB, accused, opening);
    world.ok(finder, Command::SealReport(SealReport { seal }));
}

fn report(world: &World, job: JobId, accused: &str, opening: Opening) -> Command {
    Command::ReportCopy(ReportCopy { job, accused: world.id(accused), opening })
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = sealing();
    rows.extend(verdicts());
    rows.extend(reveals());
    rows.extend(challenges());
    rows.extend(moves());
    rows.extend(refinements());
    rows.extend(requests());
    rows.extend(answers());
    rows.extend(receipts());
    rows.extend(reports());
    rows
}

fn sealing() -> Vec<Row> {
    vec![
        row(CommitResultRejected::JobNotFound, |_| ("P1", commit_result(NO_JOB))),
        row(CommitResultRejected::WrongPhase { phase: Phase::Committed }, |world| {
            committed(world);
            ("P1", commit_result(JOB))
        }),
        row(CommitResultRejected::NotTheProvider, |world| {
            executing(world);
            ("P2", commit_result(JOB))
        }),
        row(OpenSeedRejected::JobNotFound, |_| ("R", open_seed(NO_JOB, 4))),
        row(OpenSeedRejected::WrongPhase { phase: Phase::Executing }, |world| {
            executing(world);
            ("R", open_seed(JOB, 4))
        }),
        row(OpenSeedRejected::NotTheRequester, |world| {
            committed(world);
            ("P1", open_seed(JOB, 4))
        }),
        row(OpenSeedRejected::AlreadyOpened, |world| {
            committed(world);
            world.ok("R", open_seed(JOB, 4));
            ("R", open_seed(JOB, 4))
        }),
        row(OpenSeedRejected::SealMismatch, |world| {
            committed(world);
            ("R", open_seed(JOB, 3))
        }),
    ]
}

fn verdicts() -> Vec<Row> {
    let [wanted, left] = [10_005, 9_999].map(Amount::tokens);
    let [stake, needed] = [100, 52_500].map(Amount::tokens);
    vec![
        row(CommitVerdictRejected::JobNotFound, |_| ("V1", commit_verdict(NO_JOB))),
        row(CommitVerdictRejected::WrongPhase { phase: Phase::Committed }, |world| {
            committed(world);
            ("V1", commit_verdict(JOB))
        }),
        row(CommitVerdictRejected::NotAValidator, |world| {
            auditing(world);
            ("W", commit_verdict(JOB))
        }),
        row(CommitVerdictRejected::NotDrawn, |world| {
            auditing(world);
            (bystander(world), commit_verdict(JOB))
        }),
        row(CommitVerdictRejected::AlreadyCommitted, |world| {
            auditing(world);
            let drawn = world.auditors(JOB)[0];
            world.ok(drawn, commit_verdict(JOB));
            (drawn, commit_verdict(JOB))
        }),
        row(CommitVerdictRejected::MayNotWork, |world| {
            auditing_open(world);
            let silent = world.state.case(JOB).expect("assigned").missed[0];
            (world.name(silent.account), commit_verdict(JOB))
        }),
        row(CommitVerdictRejected::OutsideActiveSet { stake, needed }, |world| {
            auditing_open(world);
            world.ok(
                "W",
                Command::Bond(Bond { role: Role::Validator, amount: Amount::tokens(100) }),
            );
            ("W", commit_verdict(JOB))
        })
        .under(|params| {
            params.verification.auditors_max = 2;
            params.staking.validators_active_max = 8;
        }),
        row(CommitVerdictRejected::OwnJob, |world| {
            auditing_open(world);
            let (role, amount) = (Role::Validator, Amount::tokens(100));
            world.ok("P1", Command::Bond(Bond { role, amount }));
            ("P1", commit_verdict(JOB))
        }),
        row(CommitVerdictRejected::ExceedsFreeBond { wanted, free_bond: left }, |world| {
            auditing_open(world);
            let name = bystander(world);
            let (role, amount) = (Role::Validator, Amount::tokens(40_001));
            world.ok(name, Command::Unbond(Unbond { role, amount }));
            (name, commit_verdict(JOB))
        })
        .under(|params| {
            params.verification.audit_lock = earnest_protocol::Factor::percent(10_000);
            params.market.tariff_per_mgas = Amount::new(100_000_000).expect("small");
        }),
    ]
}

fn reveals() -> Vec<Row> {
    vec![
        row(RevealResultRejected::JobNotFound, |_| ("P1", reveal_result(NO_JOB, BLANK))),
        row(RevealResultRejected::WrongPhase { phase: Phase::Auditing }, |world| {
            auditing(world);
            ("P1", reveal_result(JOB, world.opening(JOB, root(None))))
        }),
        row(RevealResultRejected::NotTheProvider, |world| {
            revealing(world);
            ("P2", reveal_result(JOB, world.opening(JOB, root(None))))
        }),
        row(RevealResultRejected::AlreadyRevealed, |world| {
            revealing(world);
            world.reveal_result("P1", JOB, root(None));
            ("P1", reveal_result(JOB, world.opening(JOB, root(None))))
        }),
        row(RevealResultRejected::SealMismatch, |world| {
            revealing(world);
            ("P1", reveal_result(JOB, world.opening(JOB, root(Some(3)))))
        }),
        row(RevealResultRejected::StepsMismatch { wanted: 100, got: 99 }, |world| {
            executing(world);
            let mut opening = world.opening(JOB, root(None));
            opening.steps = 99;
            let (network, address) = (world.state.network(), world.address("P1"));
            let seal = earnest_protocol::seal::result(&network, JOB, &address, &opening);
            world.ok("P1", Command::CommitResult(CommitResult { job: JOB, seal }));
            world.ok("R", open_seed(JOB, 4));
            world.blocks(2);
            world.audit(JOB, root(None));
            ("P1", reveal_result(JOB, opening))
        }),
        row(RevealResultRejected::OutputProofInvalid, |world| {
            revealing(world);
            let (opening, output_proof) = (world.opening(JOB, root(None)), Vec::new());
            ("P1", Command::RevealResult(RevealResult { job: JOB, opening, output_proof }))
        }),
        row(RevealVerdictRejected::JobNotFound, |_| {
            ("V1", Command::RevealVerdict(RevealVerdict { job: NO_JOB, opening: BLANK }))
        }),
        row(RevealVerdictRejected::WrongPhase { phase: Phase::Auditing }, |world| {
            auditing(world);
            let drawn = world.auditors(JOB)[0];
            (drawn, Command::RevealVerdict(RevealVerdict { job: JOB, opening: BLANK }))
        }),
        row(RevealVerdictRejected::NotDrawn, |world| {
            revealing(world);
            let opening = BLANK;
            (bystander(world), Command::RevealVerdict(RevealVerdict { job: JOB, opening }))
        }),
        row(RevealVerdictRejected::AlreadyRevealed, |world| {
            revealing(world);
            let drawn = world.auditors(JOB)[0];
            world.reveal_verdict(drawn, JOB, root(None));
            (drawn, Command::RevealVerdict(RevealVerdict { job: JOB, opening: BLANK }))
        }),
        row(RevealVerdictRejected::SealMismatch, |world| {
            revealing(world);
            let drawn = world.auditors(JOB)[0];
            (drawn, Command::RevealVerdict(RevealVerdict { job: JOB, opening: BLANK }))
        }),
    ]
}

fn challenges() -> Vec<Row> {
    let almost = Amount::new(999_999_000).expect("small");
    vec![
        row(ChallengeRejected::JobNotFound, |_| ("W", challenge(NO_JOB))),
        row(ChallengeRejected::WrongPhase { phase: Phase::Revealing }, |world| {
            revealing(world);
            ("W", challenge(JOB))
        }),
        // Five blocks, and five more that the work takes at the reference speed.
        row(ChallengeRejected::WindowClosed { until: Height::new(16) }, |world| {
            disputed(world);
            world.blocks(11);
            ("X", challenge(JOB))
        }),
        row(ChallengeRejected::OwnResult, |world| {
            challengeable(world);
            ("P1", challenge(JOB))
        }),
        row(ChallengeRejected::AlreadyChallenging, |world| {
            disputed(world);
            ("W", challenge(JOB))
        }),
        row(ChallengeRejected::DisputesAtLimit { limit: 1 }, |world| {
            disputed(world);
            ("X", challenge(JOB))
        })
        .under(|params| params.verification.disputes_max = 1),
        row(ChallengeRejected::ExceedsFree { wanted: Amount::tokens(1), free: almost }, |world| {
            challengeable(world);
            give(world, "W", Amount::tokens(99_999));
            ("W", challenge(JOB))
        })
        .under(|params| params.chain.base_fee = Amount::new(500).expect("small")),
    ]
}

// tidy: ladder
fn moves() -> Vec<Row> {
    vec![
        row(OpenNodeRejected::JobNotFound, |_| ("P1", open_node(NO_JOB, ROOT, 16))),
        row(OpenNodeRejected::WrongPhase { phase: Phase::Revealing }, |world| {
            revealing(world);
            ("P1", open_node(JOB, ROOT, 16))
        }),
        row(OpenNodeRejected::NotTheProvider, |world| {
            disputed(world);
            ("W", open_node(JOB, ROOT, 16))
        }),
        row(OpenNodeRejected::NotAwaited, |world| {
            disputed(world);
            ("P1", open_node(JOB, Node { level: 1, index: 0 }, 16))
        }),
        row(OpenNodeRejected::ChildrenMismatch, |world| {
            disputed(world);
            ("P1", open_node(JOB, ROOT, 15))
        }),
        row(RejectChildRejected::JobNotFound, |_| ("W", reject(NO_JOB, 0))),
        row(RejectChildRejected::WrongPhase { phase: Phase::Revealing }, |world| {
            revealing(world);
            ("W", reject(JOB, 0))
        }),
        row(RejectChildRejected::NoDispute, |world| {
            disputed(world);
            ("X", reject(JOB, 0))
        }),
        row(RejectChildRejected::NotYourTurn, |world| {
            disputed(world);
            ("W", reject(JOB, 0))
        }),
        row(RejectChildRejected::NoSuchChild { child: 7 }, |world| {
            disputed(world);
            world.ok("P1", open_node(JOB, ROOT, 16));
            ("W", reject(JOB, 7))
        }),
        row(ProveStepRejected::JobNotFound, |_| ("P1", prove(NO_JOB, 3, b"evidence"))),
        row(ProveStepRejected::WrongPhase { phase: Phase::Revealing }, |world| {
            revealing(world);
            ("P1", prove(JOB, 3, b"evidence"))
        }),
        row(ProveStepRejected::NotTheProvider, |world| {
            narrowed(world);
            ("W", prove(JOB, 3, b"evidence"))
        }),
        row(ProveStepRejected::NotAwaited, |world| {
            narrowed(world);
            ("P1", prove(JOB, 4, b"evidence"))
        }),
        row(ProveStepRejected::HeardBefore, |world| {
            let node = paged(world);
            let prove = |evidence: &[u8]| {
                let evidence = evidence.to_vec();
                Command::ProveStep(ProveStep { job: JOB, node, evidence })
            };
            world.ok("P1", prove(b"too little"));
            ("P1", prove(b"nothing"))
        }),
        row(ProveStepRejected::EvidenceInvalid, |world| {
            narrowed(world);
            ("P1", prove(JOB, 3, b"nothing"))
        })
        .under(small_steps),
        row(TransactionRejected::RefereeBusy { wanted: 10_000_000, left: 5_000_000 }, |world| {
            // The first leaf takes ten of fifteen; of the second challenger's there is a later one.
            narrowed(world);
            world.ok("X", challenge(JOB));
            world.narrow("P1", JOB, "X", 4);
            world.prove("P1", JOB, 3);
            ("P1", prove(JOB, 4, b"evidence"))
        })
        .under(|params| {
            small_steps(params);
            params.chain.referee_gas = Gas::new(15_000_000);
        }),
    ]
}

/// Of a published program, W's dispute waits for step 3.
fn paged(world: &mut World) -> Node {
    let program = world.publish("X", b"program");
    let mut terms = world.paged_terms(program);
    terms.audit_rate = Ratio::percent(2);
    world.assign(terms, &[("P1", 10)]);
    world.commit("P1", JOB, root(None));
    world.reveal_result("P1", JOB, root(None));
    world.ok("W", Command::Challenge(Challenge { job: JOB }));
    world.narrow("P1", JOB, "W", 3);
    Node { level: 2, index: 3 }
}

fn refine(job: JobId, node: Node, proof: &[u8]) -> Command {
    let children = vec![Digest::ZERO; 16];
    Command::RefineStep(RefineStep { job, node, children, proof: proof.to_vec() })
}

fn refinements() -> Vec<Row> {
    vec![
        row(RefineStepRejected::JobNotFound, |_| ("P1", refine(NO_JOB, ROOT, b""))),
        row(RefineStepRejected::WrongPhase { phase: Phase::Revealing }, |world| {
            revealing(world);
            ("P1", refine(JOB, ROOT, b""))
        }),
        row(RefineStepRejected::NotTheProvider, |world| {
            narrowed(world);
            ("W", refine(JOB, ROOT, b""))
        }),
        row(RefineStepRejected::NotAwaited, |world| {
            narrowed(world); // A step of a program that computes in steps of its own.
            ("P1", refine(JOB, Node { level: 2, index: 3 }, b""))
        }),
        row(RefineStepRejected::ProofInvalid, |world| {
            let node = paged(world);
            ("P1", refine(JOB, node, b"nothing"))
        }),
        row(RejectChildRejected::FirstStateAgreed, |world| {
            let node = paged(world);
            let (children, proof) = (vec![Digest::ZERO; 16], finer(9));
            let step = RefineStep { job: JOB, node, children, proof };
            world.ok("P1", Command::RefineStep(step));
            for index in [48, 768, 12_288] {
                world.ok("W", reject(JOB, 0));
                let level = if index == 48 {
                    3
                } else if index == 768 {
                    4
                } else {
                    5
                };
                let children = vec![Digest::ZERO; 16];
                let node = Node { level, index };
                world.ok("P1", Command::OpenNode(OpenNode { job: JOB, node, children }));
            }
            ("W", reject(JOB, 0))
        }),
    ]
}

fn requests() -> Vec<Row> {
    let [wanted, free] = [102_400_000, 100_000_000].map(|x| Amount::new(x).expect("small"));
    vec![
        row(RequestDataRejected::JobNotFound, |_| ("R", request(NO_JOB, DataItem::Output))),
        row(RequestDataRejected::WrongPhase { phase: Phase::Revealing }, |world| {
            revealing(world);
            ("R", request(JOB, DataItem::Output))
        }),
        row(RequestDataRejected::NotEntitled, |world| {
            challengeable(world);
            ("X", request(JOB, DataItem::Output))
        }),
        row(RequestDataRejected::NoSuchItem, |world| {
            challengeable(world);
            ("R", request(JOB, DataItem::Program))
        }),
        row(RequestDataRejected::AlreadyRequested, |world| {
            challengeable(world);
            world.ok("R", request(JOB, DataItem::Output));
            ("R", request(JOB, DataItem::Output))
        }),
        row(RequestDataRejected::AlreadyConfirmed, |world| {
            challengeable(world);
            world.ok("R", Command::ConfirmReceipt(ConfirmReceipt { job: JOB }));
            ("R", request(JOB, DataItem::Output))
        }),
        row(RequestDataRejected::RequestsAtLimit { limit: 1 }, |world| {
            challengeable(world);
            world.ok("R", request(JOB, DataItem::Output));
            world.ok("P1", serve(JOB, DataItem::Output, b"bytes"));
            ("R", request(JOB, DataItem::Output))
        })
        .under(|params| params.verification.data_requests_max = 1),
        row(RequestDataRejected::ExceedsFree { wanted, free }, |world| {
            challengeable(world);
            let fees = 1_000 + 1_025_000; // A transfer, and a request for a mebibyte.
            let left = free_after(world, "R", 100_000_000 + fees);
            give(world, "R", left);
            ("R", request(JOB, DataItem::Output))
        }),
    ]
}

/// A name gives X what it has too much.
fn give(world: &mut World, name: &str, amount: Amount) {
    let (to, asset) = (world.address("X"), Asset::Stake);
    world.ok(name, Command::Transfer(Transfer { to, asset, amount }));
}

/// What a name must give away to keep `keep` units.
fn free_after(world: &World, name: &str, keep: u64) -> Amount {
    Amount::new(world.state.free(world.id(name)).units() - keep).expect("small")
}

fn answers() -> Vec<Row> {
    vec![
        row(ServeDataRejected::JobNotFound, |_| ("P1", serve(NO_JOB, DataItem::Output, b"bytes"))),
        row(ServeDataRejected::WrongPhase { phase: Phase::Committed }, |world| {
            committed(world);
            ("P1", serve(JOB, DataItem::Program, b"bytes"))
        }),
        row(ServeDataRejected::NotRequested, |world| {
            challengeable(world);
            ("P1", serve(JOB, DataItem::Output, b"bytes"))
        }),
        row(ServeDataRejected::BytesMismatch, |world| {
            challengeable(world);
            world.ok("R", request(JOB, DataItem::Output));
            ("P1", serve(JOB, DataItem::Output, b"other"))
        }),
    ]
}

fn receipts() -> Vec<Row> {
    vec![
        row(ConfirmReceiptRejected::JobNotFound, |_| {
            ("R", Command::ConfirmReceipt(ConfirmReceipt { job: NO_JOB }))
        }),
        row(ConfirmReceiptRejected::WrongPhase { phase: Phase::Bidding }, |world| {
            world.post(world.terms());
            ("R", Command::ConfirmReceipt(ConfirmReceipt { job: JOB }))
        }),
        row(ConfirmReceiptRejected::NotTheRequester, |world| {
            challengeable(world);
            ("W", Command::ConfirmReceipt(ConfirmReceipt { job: JOB }))
        }),
        row(ConfirmReceiptRejected::AlreadyConfirmed, |world| {
            challengeable(world);
            world.ok("R", Command::ConfirmReceipt(ConfirmReceipt { job: JOB }));
            ("R", Command::ConfirmReceipt(ConfirmReceipt { job: JOB }))
        }),
    ]
}

fn reports() -> Vec<Row> {
    vec![
        row(ReportCopyRejected::JobNotFound, |world| ("W", report(world, NO_JOB, "P1", BLANK))),
        row(ReportCopyRejected::WrongPhase { phase: Phase::Revealing }, |world| {
            revealing(world);
            ("W", report(world, JOB, "P1", BLANK))
        }),
        row(ReportCopyRejected::NothingSealed, |world| {
            auditing(world);
            ("W", report(world, JOB, world.auditors(JOB)[0], BLANK))
        }),
        row(ReportCopyRejected::OwnSeal, |world| {
            auditing(world);
            ("P1", report(world, JOB, "P1", world.opening(JOB, root(None))))
        }),
        row(ReportCopyRejected::SealMismatch, |world| {
            auditing(world);
            ("W", report(world, JOB, "P1", BLANK))
        }),
        row(ReportCopyRejected::NotSealedBefore, |world| {
            auditing(world);
            let opening = world.opening(JOB, root(None));
            // In the very block of the report, as whoever saw it on its way could.
            seal_report(world, "W", "P1", opening);
            ("W", report(world, JOB, "P1", opening))
        }),
        row(SealReportRejected::AlreadySealed, |world| {
            let seal = Digest([7; 32]);
            world.ok("W", Command::SealReport(SealReport { seal }));
            ("W", Command::SealReport(SealReport { seal }))
        }),
    ]
}
