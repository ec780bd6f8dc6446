//! Messages: each command as the flat Solidity struct that a wallet shows and signs.
//!
//! Law: no field hides another: what a wallet shows is all that is asked. Amounts are `uint256`
//! base units, counts and heights `uint64`, choices words in lower case; `nonce` and `validUntil`
//! end every struct. A change here changes every signature.
//! Not here: what a command means (`earnest-protocol`), hashing (`typed_data`).
#![allow(unreachable_pub, reason = "written by the macro")]

use alloy_sol_types::sol;

sol! {
    struct Transfer {
        address to;
        uint256 amount;
        uint64 nonce;
        uint64 validUntil;
    }

    struct Bond {
        string role;
        uint256 amount;
        uint64 nonce;
        uint64 validUntil;
    }

    struct Unbond {
        string role;
        uint256 amount;
        uint64 nonce;
        uint64 validUntil;
    }

    struct Unjail {
        string role;
        uint64 nonce;
        uint64 validUntil;
    }

    struct ClaimRewards {
        string role;
        uint64 nonce;
        uint64 validUntil;
    }

    struct PostJob {
        bytes32 program;
        bytes32 inputRoot;
        uint32 chunkCount;
        uint64 steps;
        bytes32 seed;
        uint64 stepGasMax;
        uint64 gasBound;
        string class;
        uint256 priceMax;
        uint64 deadlineBlocks;
        string auction;
        uint64 reputationMin;
        uint64 auditRate;
        uint8 auditors;
        uint256 outsideGain;
        string gainTiming;
        bytes32 seedSeal;
        string visibility;
        uint64 nonce;
        uint64 validUntil;
    }

    struct CommitBid {
        uint64 job;
        bytes32 seal;
        uint64 nonce;
        uint64 validUntil;
    }

    struct RevealBid {
        uint64 job;
        uint256 price;
        bytes32 salt;
        uint64 nonce;
        uint64 validUntil;
    }

    struct AcceptJob {
        uint64 job;
        uint64 nonce;
        uint64 validUntil;
    }

    struct CommitResult {
        uint64 job;
        bytes32 seal;
        uint64 nonce;
        uint64 validUntil;
    }

    struct OpenSeed {
        uint64 job;
        bytes32 preimage;
        uint64 nonce;
        uint64 validUntil;
    }

    struct CommitVerdict {
        uint64 job;
        bytes32 seal;
        uint64 nonce;
        uint64 validUntil;
    }

    struct RevealResult {
        uint64 job;
        bytes32 root;
        bytes32 output;
        uint64 gas;
        uint64 steps;
        bytes32 salt;
        bytes outputProof;
        uint64 nonce;
        uint64 validUntil;
    }

    struct RevealVerdict {
        uint64 job;
        bytes32 root;
        bytes32 output;
        uint64 gas;
        uint64 steps;
        bytes32 salt;
        uint64 nonce;
        uint64 validUntil;
    }

    struct Challenge {
        uint64 job;
        uint64 nonce;
        uint64 validUntil;
    }

    struct OpenNode {
        uint64 job;
        uint8 level;
        uint64 index;
        bytes32[] children;
        uint64 nonce;
        uint64 validUntil;
    }

    struct RejectChild {
        uint64 job;
        uint8 child;
        uint64 nonce;
        uint64 validUntil;
    }

    struct ProveStep {
        uint64 job;
        uint64 leaf;
        bytes evidence;
        uint64 nonce;
        uint64 validUntil;
    }

    struct RequestData {
        uint64 job;
        string item;
        uint32 chunk;
        uint64 nonce;
        uint64 validUntil;
    }

    struct ServeData {
        uint64 job;
        string item;
        uint32 chunk;
        bytes data;
        uint64 nonce;
        uint64 validUntil;
    }

    struct ConfirmReceipt {
        uint64 job;
        uint64 nonce;
        uint64 validUntil;
    }

    struct ReportCopy {
        uint64 job;
        uint32 accused;
        bytes32 root;
        bytes32 output;
        uint64 gas;
        uint64 steps;
        bytes32 salt;
        uint64 nonce;
        uint64 validUntil;
    }
}
