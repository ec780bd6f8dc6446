//! The pipes of a whole run: what a child reads and what a parent reads, whatever comes.

use earnest_compute::paged::whole::{
    Answer, INPUT_BYTES_MAX, Order, read_answer, serve, write_order,
};
use proptest::prelude::*;

const ORDER: Order =
    Order { module_bytes: 0, input_bytes: 0, ticks_bound: 1000, shown_at: 0, shown_bytes: 16 };

fn order(module: &[u8], input: &[u8]) -> Vec<u8> {
    let mut sent = Vec::new();
    write_order(&mut sent, ORDER, module, input).expect("streams in memory");
    sent
}

#[test]
fn an_order_is_answered_once_and_to_the_end() {
    let mut answers = Vec::new();
    serve(&order(b"no module", &[7; 3_000_000])[..], &mut answers).expect("streams in memory");
    let mut from = &answers[..];
    // Bytes that no engine takes are the host's failure, told as such, and nothing follows.
    assert!(matches!(read_answer(&mut from), Ok(Some(Answer::Failed(_)))));
    assert!(matches!(read_answer(&mut from), Ok(None)));
}

#[test]
fn an_order_above_a_bound_is_not_written() {
    let input = vec![0; usize::try_from(INPUT_BYTES_MAX).expect("128 MiB") + 1];
    assert!(write_order(&mut Vec::new(), ORDER, b"", &input).is_err());
    let greedy = Order { shown_bytes: u64::MAX, ..ORDER };
    assert!(write_order(&mut Vec::new(), greedy, b"", b"").is_err());
}

proptest! {
    #[test]
    fn a_child_that_hears_something_else_ends(
        changes in prop::collection::vec((0usize..40, any::<u8>()), 1..4),
        cut in 0usize..40,
    ) {
        let mut sent = order(b"some module", b"an input");
        for (at, value) in changes {
            let at = at % sent.len();
            sent[at] = value;
        }
        for bytes in [&sent[..], &sent[..cut.min(sent.len())]] {
            let mut answers = Vec::new();
            if serve(bytes, &mut answers).is_ok() {
                let answer = read_answer(&mut &answers[..]);
                prop_assert!(matches!(answer, Ok(Some(Answer::Failed(_)))));
            }
        }
    }

    #[test]
    fn a_parent_that_hears_something_else_is_not_harmed(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut from = &bytes[..];
        while let Ok(Some(_)) = read_answer(&mut from) {}
    }
}
