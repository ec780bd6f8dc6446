//! Properties: the tree, the paths, and what random bytes may do (nothing).

mod common;

use common::{admitted, counter, no_input, task};
use earnest_compute::admission::{MOVED_BYTES_PER_GAS, STEP_GAS_LEAST, moved_gas};
use earnest_compute::bisection::{StepEvidence, judge, verify_output};
use earnest_compute::checkpoint::{ARITY, depth, node_digest, state_hash, verify_children};
use earnest_compute::runner::{read_frame, read_reply, serve};
use earnest_compute::{Digest, PAD, Position, Tree, admit};
use proptest::prelude::*;

fn leaves(steps: u64, salt: u64) -> Vec<Digest> {
    (0..=steps).map(|i| state_hash(&[i.to_le_bytes(), salt.to_le_bytes()].concat())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_leaf_is_proved_at_its_place_only(steps in 1u64..600, at in 0u64..600, salt: u64) {
        let leaves = leaves(steps, salt);
        let tree = Tree::build(leaves.clone()).expect("two leaves");
        prop_assert_eq!(tree.steps(), steps);
        let at = at % (steps + 1);
        let proof = tree.prove(at).expect("within");
        let (root, leaf) = (tree.root(), leaves[at as usize]);
        prop_assert!(proof.verify(&root, steps, at, &leaf));
        prop_assert!(!proof.verify(&root, steps, at ^ 1, &leaf));
        prop_assert!(!proof.verify(&root, steps, at, &PAD));
        prop_assert!(!proof.verify(&leaf, steps, at, &leaf));
        if depth(steps * 16) != depth(steps) {
            prop_assert!(!proof.verify(&root, steps * 16, at, &leaf));
        }
        prop_assert!(tree.prove(steps + 1).is_none());
    }

    #[test]
    fn the_fixed_charge_is_its_formula_and_never_falls(
        state in 0usize..1 << 21, chunk in 0usize..1 << 19, more in 0usize..5_000
    ) {
        let guest = admitted(&counter());
        let (step, init) = (guest.step_gas_fixed(state, chunk), guest.init_gas_fixed(state));
        let up = |bytes: usize| (bytes as u64).div_ceil(MOVED_BYTES_PER_GAS);
        prop_assert_eq!(step, guest.instance_gas() + 2 * up(state) + up(chunk));
        prop_assert_eq!(init, guest.load_gas() + guest.instance_gas() + up(32) + up(state));
        prop_assert!(STEP_GAS_LEAST <= step);
        prop_assert!(step <= guest.step_gas_fixed(state + more, chunk));
        prop_assert!(step <= guest.step_gas_fixed(state, chunk + more));
        prop_assert!(init <= guest.init_gas_fixed(state + more));
        prop_assert!(moved_gas(state + more) <= moved_gas(state) + moved_gas(more));
    }

    #[test]
    fn children_verify_exactly_as_built(steps in 1u64..600, level in 0u32..4, index in 0u64..40,
                                        child in 0usize..ARITY) {
        let tree = Tree::build(leaves(steps, 1)).expect("two leaves");
        let at = Position { level, index };
        if let Some(children) = tree.children(at) {
            let digest = tree.digest(at).expect("has children");
            prop_assert_eq!(node_digest(&children), digest);
            prop_assert!(verify_children(&digest, at, steps, &children));
            let mut forged = children;
            forged[child] = if children[child] == PAD { digest } else { PAD };
            // Even where the forger also chooses the parent, the shape gives it away.
            prop_assert!(!verify_children(&node_digest(&forged), at, steps, &forged));
            prop_assert!(!verify_children(&digest, at, steps, &forged));
        } else {
            prop_assert!(!verify_children(&PAD, at, steps, &[PAD; ARITY]));
            prop_assert!(at.level >= depth(steps) || at.first_leaf(steps).is_none());
        }
    }

    #[test]
    fn random_bytes_are_refused_without_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..400)
    ) {
        let module = counter();
        let task = task(&module, &no_input(), 10);
        let root = Digest([3; 32]);
        prop_assert!(judge(&task, &root, 1, &root, &bytes).is_err());
        prop_assert!(verify_output(&task, &root, &bytes).is_none());
        let _ = StepEvidence::decode(&bytes);
        prop_assert!(admit(&bytes).is_err());
        let _ = read_frame(&mut &bytes[..]);
        let _ = read_reply(&mut &bytes[..]);
        prop_assert!(serve(&bytes[..], Vec::new()).is_err());
    }

    #[test]
    fn mutated_modules_never_panic(at in 0usize..400, value: u8, cut in 0usize..400) {
        let mut module = counter();
        let place = at % module.len();
        module[place] = value;
        let _ = admit(&module);
        module.truncate(cut % module.len());
        let _ = admit(&module);
    }

    #[test]
    fn extreme_places_never_panic(
        level: u32, index: u64, steps in 1u64..(1 << 24), child in 0u8..16
    ) {
        let at = Position { level, index };
        let _ = at.child(child).first_leaf(steps);
        let _ = at.as_leaf(steps);
        prop_assert!(!verify_children(&PAD, at, steps, &[PAD; ARITY]));
    }
}

#[test]
fn the_fixed_charge_of_impossible_lengths_is_a_number_too() {
    let (guest, most) = (admitted(&counter()), usize::MAX);
    assert_eq!(guest.step_gas_fixed(most, most), guest.instance_gas() + 3 * moved_gas(most));
}

#[test]
fn the_depth_is_the_least_that_holds_all_leaves() {
    for (steps, expected) in
        [(1, 1), (15, 1), (16, 2), (255, 2), (256, 3), (4095, 3), (4096, 4), (1 << 24, 7)]
    {
        assert_eq!(depth(steps), expected, "{steps}");
    }
}
