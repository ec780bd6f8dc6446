//! The limits that docs/guests.md states are those of the code.

use earnest_compute::admission::{
    CALL_DEPTH_MAX, FUNCTION_BYTES_MAX, FUNCTION_COUNT_MAX, GLOBAL_COUNT_MAX, LOCAL_COUNT_MAX,
    MEMORY_BYTES_MAX, MODULE_BYTES_MAX, NESTING_MAX, STATE_BYTES_MAX, TABLE_ELEMENT_COUNT_MAX,
};

#[test]
fn the_limits_of_the_page_for_authors_are_those_of_admission() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guests.md");
    let page = std::fs::read_to_string(page).expect("the page is in the repository");
    let (kib, mib) = (MODULE_BYTES_MAX / 1024, MEMORY_BYTES_MAX / (1 << 20));
    let (body, state) = (FUNCTION_BYTES_MAX / 1024, STATE_BYTES_MAX / (1 << 20));
    let pages = MEMORY_BYTES_MAX / (64 * 1024);
    for row in [
        format!("| module | {kib} KiB, no imports, no start function, no bulk memory"),
        format!("| functions | {FUNCTION_COUNT_MAX} |"),
        format!("| one function | {body} KiB of code, {LOCAL_COUNT_MAX} locals"),
        format!("blocks nested at most {NESTING_MAX} deep |"),
        format!("| calls inside one another | {CALL_DEPTH_MAX} |"),
        format!("| globals | {GLOBAL_COUNT_MAX} |"),
        format!("| table | one, {TABLE_ELEMENT_COUNT_MAX} elements |"),
        format!("| memory | one, minimum = maximum, at most {mib} MiB ({pages} pages) |"),
        format!("| state | at most {state} MiB |"),
    ] {
        assert!(page.contains(&row), "docs/guests.md does not say: {row}");
    }
}
