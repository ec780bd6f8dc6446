//! Words for results, audits, disputes and requests for bytes.

use earnest_protocol::verification::{
    ChallengeRejected, CommitResultRejected, CommitVerdictRejected, ConfirmReceiptRejected,
    OpenNodeRejected, OpenSeedRejected, ProveStepRejected, RefineStepRejected, RejectChildRejected,
    ReportCopyRejected, RequestDataRejected, RevealResultRejected, RevealVerdictRejected,
    SealReportRejected, ServeDataRejected,
};

use super::{
    Words, exceeds_free, exceeds_free_bond, job_not_found, may_not_work, outside_set, say,
    seal_mismatch, wrong_phase,
};

fn not_the_provider() -> Words {
    say(
        "The account is not the provider of this job",
        "Sign with the account that accepted the job.",
    )
}

pub(super) fn commit_result(rejected: CommitResultRejected) -> Words {
    match rejected {
        CommitResultRejected::JobNotFound => job_not_found(),
        CommitResultRejected::WrongPhase { phase } => wrong_phase(phase, "being executed"),
        CommitResultRejected::NotTheProvider => not_the_provider(),
    }
}

pub(super) fn open_seed(rejected: OpenSeedRejected) -> Words {
    match rejected {
        OpenSeedRejected::JobNotFound => job_not_found(),
        OpenSeedRejected::WrongPhase { phase } => {
            wrong_phase(phase, "waiting for the seed of its draw")
        }
        OpenSeedRejected::NotTheRequester => say(
            "Only the requester opens its part of the seed",
            "Sign with the account that posted the job.",
        ),
        OpenSeedRejected::AlreadyOpened => {
            say("The requester's part of the seed is open already", "Nothing needs to be done.")
        }
        OpenSeedRejected::SealMismatch => seal_mismatch("This preimage"),
    }
}

pub(super) fn commit_verdict(rejected: CommitVerdictRejected) -> Words {
    match rejected {
        CommitVerdictRejected::JobNotFound => job_not_found(),
        CommitVerdictRejected::WrongPhase { phase } => wrong_phase(phase, "being audited"),
        CommitVerdictRejected::NotAValidator => {
            say("The account has no validator bond", "Bond for the role of validator first.")
        }
        CommitVerdictRejected::NotDrawn => say(
            "This validator was not drawn, and no seat is open to others",
            "Audit the jobs that draw it; open seats are announced by the event audit_drawn.",
        ),
        CommitVerdictRejected::AlreadyCommitted => say(
            "This seat has its sealed verdict; the first stands",
            "Open that one when sealed results are opened.",
        ),
        CommitVerdictRejected::MayNotWork => may_not_work(),
        CommitVerdictRejected::OutsideActiveSet { stake, needed } => outside_set(stake, needed),
        CommitVerdictRejected::OwnJob => say(
            "Requester and provider do not audit their own job",
            "Leave this seat to another validator.",
        ),
        CommitVerdictRejected::ExceedsFreeBond { wanted, free_bond } => {
            exceeds_free_bond("The seat locks", wanted, free_bond)
        }
    }
}

pub(super) fn reveal_result(rejected: RevealResultRejected) -> Words {
    match rejected {
        RevealResultRejected::JobNotFound => job_not_found(),
        RevealResultRejected::WrongPhase { phase } => wrong_phase(phase, "opening sealed results"),
        RevealResultRejected::NotTheProvider => not_the_provider(),
        RevealResultRejected::AlreadyRevealed => {
            say("The result is open already", "Nothing needs to be done.")
        }
        RevealResultRejected::SealMismatch => seal_mismatch("This result"),
        RevealResultRejected::StepsMismatch { wanted, got } => say(
            format!("The result is about {got} steps, but the job has {wanted}"),
            "Execute all steps; a program that ends early repeats its last state.",
        ),
        RevealResultRejected::OutputProofInvalid => say(
            "The proof does not show the output as the last leaf under the root",
            "Build the proof from the same tree as the root; do it before the window ends.",
        ),
    }
}

pub(super) fn reveal_verdict(rejected: RevealVerdictRejected) -> Words {
    match rejected {
        RevealVerdictRejected::JobNotFound => job_not_found(),
        RevealVerdictRejected::WrongPhase { phase } => wrong_phase(phase, "opening sealed results"),
        RevealVerdictRejected::NotDrawn => say(
            "The account has no seat in this audit",
            "Only auditors who sealed a verdict open one.",
        ),
        RevealVerdictRejected::AlreadyRevealed => {
            say("This verdict is open already", "Nothing needs to be done.")
        }
        RevealVerdictRejected::SealMismatch => seal_mismatch("This verdict"),
    }
}

pub(super) fn challenge(rejected: ChallengeRejected) -> Words {
    match rejected {
        ChallengeRejected::JobNotFound => job_not_found(),
        ChallengeRejected::WrongPhase { phase } => wrong_phase(phase, "in its challenge window"),
        ChallengeRejected::WindowClosed { until } => say(
            format!("New challenges were taken until height {until}; only open disputes still run"),
            "Check results as soon as they are revealed.",
        ),
        ChallengeRejected::OwnResult => {
            say("A provider cannot challenge its own result", "Leave the challenge to others.")
        }
        ChallengeRejected::AlreadyChallenging => say(
            "This account has an open dispute about this job",
            "Play that one; it is enough to convict.",
        ),
        ChallengeRejected::DisputesAtLimit { limit } => say(
            format!("The job already has its {limit} disputes"),
            "One of them is enough if the result is wrong; follow the job.",
        ),
        ChallengeRejected::ExceedsFree { wanted, free } => {
            exceeds_free("The challenge deposit is", wanted, free)
        }
    }
}

pub(super) fn open_node(rejected: OpenNodeRejected) -> Words {
    match rejected {
        OpenNodeRejected::JobNotFound => job_not_found(),
        OpenNodeRejected::WrongPhase { phase } => wrong_phase(phase, "in its challenge window"),
        OpenNodeRejected::NotTheProvider => not_the_provider(),
        OpenNodeRejected::NotAwaited => say(
            "No dispute waits for this node",
            "Read the job's disputes and open the node that is in dispute; the clock runs.",
        ),
        OpenNodeRejected::ChildrenMismatch => say(
            "These sixteen digests are not the children of this node",
            "Take them from the tree that was committed to; the clock runs.",
        ),
    }
}

pub(super) fn reject_child(rejected: RejectChildRejected) -> Words {
    match rejected {
        RejectChildRejected::JobNotFound => job_not_found(),
        RejectChildRejected::WrongPhase { phase } => wrong_phase(phase, "in its challenge window"),
        RejectChildRejected::NoDispute => {
            say("This account has no open dispute about this job", "Challenge the result first.")
        }
        RejectChildRejected::NotYourTurn => {
            say("The provider is to move in this dispute", "Wait for the event node_opened.")
        }
        RejectChildRejected::NoSuchChild { child } => say(
            format!("The node has no child {child} over any step of this job"),
            "Name the first child, 0 to 15, that differs from your own tree.",
        ),
        RejectChildRejected::FirstStateAgreed => say(
            "The first state of a tree is agreed: it follows from the program or the tree above",
            "Name a later child; if none differs from your own tree, there is nothing to reject.",
        ),
    }
}

pub(super) fn prove_step(rejected: ProveStepRejected) -> Words {
    match rejected {
        ProveStepRejected::JobNotFound => job_not_found(),
        ProveStepRejected::WrongPhase { phase } => wrong_phase(phase, "in its challenge window"),
        ProveStepRejected::NotTheProvider => not_the_provider(),
        ProveStepRejected::NotAwaited => say(
            "No dispute waits for this leaf",
            "Read the job's disputes and prove the leaf that is in dispute; the clock runs.",
        ),
        ProveStepRejected::HeardBefore => say(
            "The referee has heard this leaf, and what was shown did not reach",
            "Commit to a finer tree within the step; at the finest nothing more can be shown.",
        ),
        ProveStepRejected::EvidenceInvalid => say(
            "The evidence is not that of this step: its paths, state or chunk do not match",
            "Build it from the tree that was committed to and the job's own input; the clock runs.",
        ),
    }
}

pub(super) fn refine_step(rejected: RefineStepRejected) -> Words {
    match rejected {
        RefineStepRejected::JobNotFound => job_not_found(),
        RefineStepRejected::WrongPhase { phase } => wrong_phase(phase, "in its challenge window"),
        RefineStepRejected::NotTheProvider => not_the_provider(),
        RefineStepRejected::NotAwaited => say(
            "No dispute waits for this leaf, or nothing is finer than its step",
            "Read the job's disputes and answer for the leaf that is in dispute; the clock runs.",
        ),
        RefineStepRejected::ProofInvalid => say(
            "The tree does not begin with the state before the step or not end in the leaf",
            "Build it from the states that the tree above was made of; the clock runs.",
        ),
    }
}

pub(super) fn request_data(rejected: RequestDataRejected) -> Words {
    match rejected {
        RequestDataRejected::JobNotFound => job_not_found(),
        RequestDataRejected::WrongPhase { phase } => {
            wrong_phase(phase, "where these bytes are needed")
        }
        RequestDataRejected::NotEntitled => say(
            "Only the offered winner, the requester, drawn auditors and challengers may ask",
            "Fetch the bytes from the provider or a node instead.",
        ),
        RequestDataRejected::NoSuchItem => say(
            "The job has no such item now",
            "Ask for the program, an input chunk the job has, or the output once it is known: \
             chunk by chunk where it may have more than 1024 KiB.",
        ),
        RequestDataRejected::AlreadyRequested => {
            say("These bytes are requested already", "Wait for the event data_served.")
        }
        RequestDataRejected::AlreadyConfirmed => say(
            "The requester has confirmed that it has the output",
            "Read it where it was stored.",
        ),
        RequestDataRejected::RequestsAtLimit { limit } => say(
            format!(
                "This account has made its {limit} requests about this job, or so many at once"
            ),
            "Wait for those that are not answered, or fetch the rest from the provider or a node.",
        ),
        RequestDataRejected::ExceedsFree { wanted, free } => {
            exceeds_free("The prepaid price of these bytes is", wanted, free)
        }
    }
}

pub(super) fn serve_data(rejected: ServeDataRejected) -> Words {
    match rejected {
        ServeDataRejected::JobNotFound => job_not_found(),
        ServeDataRejected::WrongPhase { phase } => {
            wrong_phase(phase, "where these bytes are needed")
        }
        ServeDataRejected::NotRequested => {
            say("Nobody waits for these bytes", "Nothing needs to be done.")
        }
        ServeDataRejected::BytesMismatch => say(
            "These are not the bytes that were asked for",
            "Serve the bytes whose hash the job binds, with their proof; the deadline stands.",
        ),
    }
}

pub(super) fn report_copy(rejected: ReportCopyRejected) -> Words {
    match rejected {
        ReportCopyRejected::JobNotFound => job_not_found(),
        ReportCopyRejected::WrongPhase { phase } => {
            wrong_phase(phase, "between sealing and opening results")
        }
        ReportCopyRejected::NothingSealed => say(
            "The accused has sealed nothing here, or it is open already",
            "Report a copied result before it is opened.",
        ),
        ReportCopyRejected::OwnSeal => {
            say("One cannot report oneself", "Open the result when its time comes.")
        }
        ReportCopyRejected::NotSealedBefore => say(
            "The finder has not sealed this report in an earlier block",
            "Seal the report first with `seal_report`, then publish it in a later block.",
        ),
        ReportCopyRejected::SealMismatch => seal_mismatch("This opening"),
    }
}

pub(super) fn confirm_receipt(rejected: ConfirmReceiptRejected) -> Words {
    match rejected {
        ConfirmReceiptRejected::JobNotFound => job_not_found(),
        ConfirmReceiptRejected::WrongPhase { phase } => {
            wrong_phase(phase, "in its challenge window")
        }
        ConfirmReceiptRejected::NotTheRequester => say(
            "Only the requester confirms that the output arrived",
            "Sign with the account that posted the job.",
        ),
        ConfirmReceiptRejected::AlreadyConfirmed => {
            say("The output is confirmed already", "Nothing needs to be done.")
        }
    }
}

pub(super) fn seal_report(rejected: SealReportRejected) -> Words {
    match rejected {
        SealReportRejected::AlreadySealed => say(
            "The account has sealed this very report already",
            "Publish it with `report_copy` in a later block than that of the seal.",
        ),
    }
}
