//! One file for each command about grants.

pub(crate) mod claim_grant;
pub(crate) mod claim_listed;
