//! Random numbers from the job's seed: ChaCha20 with the seed as its key, block after block.

use crate::host;
use crate::layout::SEED_AT;
use crate::state::State;

/// Fills memory with random bytes.
pub fn fill(state: &mut State, to: u32, length: u32) {
    let mut done = 0;
    while done < length {
        if state.generator.left == 0 || 64 < state.generator.left {
            make(state);
        }
        let piece = (length - done).min(state.generator.left);
        let from = state.generator.block.as_ptr() as u32 + 64 - state.generator.left;
        host::copy(from, to.wrapping_add(done), piece);
        state.generator.left -= piece;
        done += piece;
    }
}

macro_rules! quarter {
    ($a:ident, $b:ident, $c:ident, $d:ident) => {
        $a = $a.wrapping_add($b);
        $d = ($d ^ $a).rotate_left(16);
        $c = $c.wrapping_add($d);
        $b = ($b ^ $c).rotate_left(12);
        $a = $a.wrapping_add($b);
        $d = ($d ^ $a).rotate_left(8);
        $c = $c.wrapping_add($d);
        $b = ($b ^ $c).rotate_left(7);
    };
}

fn make(state: &mut State) {
    let key = |at: usize| state.header_word(SEED_AT + 4 * at);
    let (k0, k1, k2, k3) = (key(0), key(1), key(2), key(3));
    let (k4, k5, k6, k7) = (key(4), key(5), key(6), key(7));
    let (low, high) = (state.generator.made as u32, (state.generator.made >> 32) as u32);
    let (c0, c1, c2, c3) = (0x6170_7865u32, 0x3320_646eu32, 0x7962_2d32u32, 0x6b20_6574u32);
    let (mut x0, mut x1, mut x2, mut x3) = (c0, c1, c2, c3);
    let (mut x4, mut x5, mut x6, mut x7) = (k0, k1, k2, k3);
    let (mut x8, mut x9, mut x10, mut x11) = (k4, k5, k6, k7);
    let (mut x12, mut x13, mut x14, mut x15) = (low, high, 0u32, 0u32);
    let mut round = 0;
    while round < 10 {
        quarter!(x0, x4, x8, x12);
        quarter!(x1, x5, x9, x13);
        quarter!(x2, x6, x10, x14);
        quarter!(x3, x7, x11, x15);
        quarter!(x0, x5, x10, x15);
        quarter!(x1, x6, x11, x12);
        quarter!(x2, x7, x8, x13);
        quarter!(x3, x4, x9, x14);
        round += 1;
    }
    let add = u32::wrapping_add;
    state.generator.block = [
        add(x0, c0),
        add(x1, c1),
        add(x2, c2),
        add(x3, c3),
        add(x4, k0),
        add(x5, k1),
        add(x6, k2),
        add(x7, k3),
        add(x8, k4),
        add(x9, k5),
        add(x10, k6),
        add(x11, k7),
        add(x12, low),
        add(x13, high),
        x14,
        x15,
    ];
    state.generator.made = state.generator.made.wrapping_add(1);
    state.generator.left = 64;
}
