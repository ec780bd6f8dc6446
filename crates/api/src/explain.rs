use earnest_protocol::{BlockRejected, Rejected, genesis::GenesisRejected};
pub(crate) fn rejected(_: &Rejected) -> (String, &'static str) {
    (String::new(), "")
}
pub(crate) fn block(_: BlockRejected) -> (String, &'static str) {
    (String::new(), "")
}
pub(crate) fn genesis(_: &GenesisRejected) -> (String, &'static str) {
    (String::new(), "")
}
