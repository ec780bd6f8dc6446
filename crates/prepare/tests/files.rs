//! The folder that a program sees: the input's files, and what it makes over them.

mod system;

use earnest_prepare::bundle::Bundle;
use system::story::{told, words};

const READ: u32 = 2;
const WRITE: u32 = 64;

fn bundle() -> Bundle {
    let files = [("a.txt", "hello world"), ("sub-c", "c"), ("sub/b", "bb"), ("sub/deep/x", "ddd")];
    Bundle {
        files: files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).into(),
        ..Bundle::default()
    }
}

/// A call that opens a path which stands in the data, and says the error number.
fn open(path: (u32, u32), how: u32, rights: u32) -> String {
    let (at, length) = path;
    format!(
        "(call $open (i32.const {at}) (i32.const {length}) (i32.const {how}) (i64.const {rights}))"
    )
}

#[test]
fn a_file_of_the_input_is_read_where_it_lies() {
    let fields = r#"(data (i32.const 256) "a.txt")"#;
    let body = format!(
        r"(local $file i32)
        (local.set $file {})
        (call $say (local.get $file))
        (call $say (call $read (local.get $file) (i32.const 512) (i32.const 5)))
        (call $say (call $fd_seek (local.get $file) (i64.const -5) (i32.const 2) (i32.const 264)))
        (call $say_long (i64.load (i32.const 264)))
        (call $say (call $read (local.get $file) (i32.const 517) (i32.const 100)))
        (call $say (call $fd_pread (local.get $file) (call $pieces (i32.const 522) (i32.const 3))
          (i32.const 1) (i64.const 4) (i32.const 28)))
        (call $say (call $fd_tell (local.get $file) (i32.const 264)))
        (call $say_long (i64.load (i32.const 264)))
        (call $say (call $fd_filestat_get (local.get $file) (i32.const 300)))
        (call $say (i32.load8_u (i32.const 316)))
        (call $say_long (i64.load (i32.const 332)))
        (call $say (call $fd_close (local.get $file)))
        (call $say (call $fd_close (local.get $file)))
        (call $give (i32.const 512) (i32.const 13))",
        open((256, 5), 0, READ)
    );
    let output = told(fields, &body, &bundle());
    let said = words(&output[..output.len() - 13]);
    assert_eq!(said, [0, 4, 0, 5, 0, 6, 0, 0, 5, 0, 0, 11, 0, 0, 4, 11, 0, 0, 8]);
    assert_eq!(&output[output.len() - 13..], b"helloworldo w");
}

#[test]
fn paths_find_files_and_folders_or_say_why_not() {
    let fields = r#"(data (i32.const 256) "sub/./deep/../b" "none/x" "a.txt/x" "../a.txt" "sub")"#;
    let opened = [
        open((256, 15), 0, READ),     // Parts that lead nowhere are left out.
        open((271, 6), 0, READ),      // Nothing is there.
        open((277, 7), 0, READ),      // Nothing lies below a file.
        open((277, 7), 1, WRITE),     // Nor can anything be made there.
        open((284, 8), 0, READ),      // Out of the folder.
        open((277, 5), 0, WRITE),     // The input cannot be changed.
        open((277, 5), 2, READ),      // Not a folder.
        open((292, 3), 2, READ),      // A folder.
        open((292, 3), 1 | 4, WRITE), // It is there already.
    ];
    let body: String = opened.iter().map(|open| format!("(drop {open})")).collect();
    let said = words(&told(fields, &body, &bundle()));
    assert_eq!(said, [0, 44, 44, 54, 76, 69, 54, 0, 20]);
}

/// The names in a listing as `fd_readdir` writes it, with a mark for folders.
fn names(mut listing: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    while let Some((head, rest)) = listing.split_at_checked(24) {
        let length = u32::from_le_bytes(head[16..20].try_into().expect("four bytes"));
        let (name, rest) = rest.split_at(usize::try_from(length).expect("fits"));
        let mark = if head[20] == 3 { "/" } else { "" };
        names.push(format!("{}{mark}", String::from_utf8_lossy(name)));
        listing = rest;
    }
    names
}

#[test]
fn a_folder_lists_the_input_and_what_was_made_a_page_at_a_time() {
    let fields = r#"(data (i32.const 256) "sub/new" "made" "made/below" "sub")"#;
    let body = format!(
        r"(local $folder i32)
        (drop (call $path_create_directory (i32.const 3) (i32.const 263) (i32.const 4)))
        (drop {}) (drop {}) (local.set $folder {})
        (drop (call $fd_readdir (i32.const 3) (i32.const 512) (i32.const 1000) (i64.const 0)
          (i32.const 300)))
        (call $say (i32.load (i32.const 300)))
        (call $give (i32.const 512) (i32.load (i32.const 300)))
        ;; The other folder from its third entry on, in a page that holds one entry and a half.
        (drop (call $fd_readdir (local.get $folder) (i32.const 512) (i32.const 40) (i64.const 2)
          (i32.const 300)))
        (call $say (i32.load (i32.const 300)))
        (call $give (i32.const 512) (i32.const 25))
        (drop (call $fd_readdir (local.get $folder) (i32.const 512) (i32.const 1000)
          (i64.load (i32.const 512)) (i32.const 300)))
        (call $give (i32.const 512) (i32.load (i32.const 300)))",
        open((256, 7), 1, WRITE),
        open((267, 10), 1, WRITE),
        open((277, 3), 2, READ),
    );
    let output = told(fields, &body, &bundle());
    assert_eq!(&output[..12], [0; 12], "all was opened");
    let used = usize::try_from(words(&output[12..16])[0]).expect("fits");
    let (all, rest) = output[16..].split_at(used);
    assert_eq!(names(all), ["./", "../", "a.txt", "sub-c", "sub/", "made/"]);
    assert_eq!(words(&rest[..4]), [40], "a full page says that more may follow");
    assert_eq!(names(&rest[4..29]), ["b"]);
    assert_eq!(names(&rest[29..]), ["deep/", "new"]);
}

#[test]
fn a_file_that_the_program_makes_is_read_back_cut_and_grown_with_zeros() {
    let fields = r#"(data (i32.const 256) "tmp" "abcdefgh")"#;
    let body = format!(
        r"(local $file i32)
        (local.set $file {})
        (call $write (local.get $file) (i32.const 259) (i32.const 8))
        (call $say (call $fd_filestat_set_size (local.get $file) (i64.const 3)))
        (call $say (call $fd_filestat_set_size (local.get $file) (i64.const 5)))
        ;; Far behind the end: three blocks, the middle one a hole.
        (call $say (call $fd_pwrite (local.get $file) (call $pieces (i32.const 259) (i32.const 8))
          (i32.const 1) (i64.const 131068) (i32.const 28)))
        (call $say (call $fd_filestat_get (local.get $file) (i32.const 300)))
        (call $say_long (i64.load (i32.const 332)))
        (drop (call $fd_seek (local.get $file) (i64.const 0) (i32.const 0) (i32.const 264)))
        (call $say (call $read (local.get $file) (i32.const 65536) (i32.const 196000)))
        (call $give (i32.const 65536) (i32.const 131076))",
        open((256, 3), 1, WRITE)
    );
    let output = told(fields, &body, &bundle());
    assert_eq!(words(&output[..36]), [0, 0, 0, 0, 0, 0, 131_076, 0, 0]);
    let content = &output[40..];
    assert_eq!(&content[..5], b"abc\0\0");
    assert!(content[5..131_068].iter().all(|byte| *byte == 0));
    assert_eq!(&content[131_068..], b"abcdefgh");
}

#[test]
fn blocks_that_were_freed_hold_zeros_when_they_are_used_again() {
    let fields = r#"(data (i32.const 256) "tmp" "two")"#;
    let body = format!(
        r"(local $file i32)
        (local.set $file {})
        (memory.fill (i32.const 65536) (i32.const 7) (i32.const 100000))
        (call $write (local.get $file) (i32.const 65536) (i32.const 100000))
        (drop (call $path_unlink_file (i32.const 3) (i32.const 256) (i32.const 3)))
        ;; Without a name it is there still, until it is closed.
        (call $say (call $fd_pread (local.get $file) (call $pieces (i32.const 512) (i32.const 1))
          (i32.const 1) (i64.const 99999) (i32.const 28)))
        (call $say (i32.load8_u (i32.const 512)))
        (call $say (memory.size))
        (call $say (call $fd_close (local.get $file)))
        (drop {})
        (local.set $file {})
        (call $say (call $fd_filestat_set_size (local.get $file) (i64.const 100000)))
        (call $say (memory.size))
        (drop (call $read (local.get $file) (i32.const 65536) (i32.const 100000)))
        (call $give (i32.const 65536) (i32.const 100000))",
        open((256, 3), 1 | 4, WRITE),
        open((256, 3), 0, READ),
        open((259, 3), 1 | 4, WRITE)
    );
    let output = told(fields, &body, &bundle());
    let said = words(&output[..44]);
    // Four pages of the program and two blocks: no more for the second file.
    assert_eq!(said, [0, 0, 0, 7, 6, 0, 44, 0, 0, 6, 0]);
    assert_eq!(output[44..], [0; 100_000]);
}

#[test]
fn appending_renaming_and_removing_do_what_they_say() {
    let fields = r#"(data (i32.const 256) "log" "dir" "dir/log" "a.txt" "line")"#;
    let path =
        |at: u32, length: u32| format!("(i32.const 3) (i32.const {at}) (i32.const {length})");
    let (log, dir, moved) = (path(256, 3), path(259, 3), path(262, 7));
    let body = format!(
        r"(local $file i32)
        (local.set $file {})
        (drop (call $fd_fdstat_set_flags (local.get $file) (i32.const 1)))
        (call $write (local.get $file) (i32.const 274) (i32.const 4))
        (drop (call $fd_seek (local.get $file) (i64.const 0) (i32.const 0) (i32.const 300)))
        (call $write (local.get $file) (i32.const 274) (i32.const 4))
        (call $say (call $path_create_directory {dir}))
        (call $say (call $path_create_directory {dir}))
        (call $say (call $path_rename {log} {moved}))
        (call $say (call $path_filestat_get (i32.const 3) (i32.const 0) (i32.const 256)
          (i32.const 3) (i32.const 300)))
        (call $say (call $path_filestat_get (i32.const 3) (i32.const 0) (i32.const 262)
          (i32.const 7) (i32.const 300)))
        (call $say_long (i64.load (i32.const 332)))
        (call $say (call $path_remove_directory {dir}))
        (call $say (call $path_rename {dir} {moved}))
        (call $say (call $path_unlink_file {dir}))
        (call $say (call $path_unlink_file {moved}))
        (call $say (call $path_remove_directory {dir}))
        (call $say (call $path_unlink_file (i32.const 3) (i32.const 269) (i32.const 5)))",
        open((256, 3), 1, WRITE)
    );
    let said = words(&told(fields, &body, &bundle()));
    let (opened, rest) = said.split_at(3);
    assert_eq!(opened, [0, 0, 0]);
    assert_eq!(rest, [0, 20, 0, 44, 0, 8, 0, 55, 28, 31, 0, 0, 69]);
}

#[test]
fn a_program_that_opens_or_makes_without_end_is_told_to_stop() {
    let fields = r#"(data (i32.const 256) "a.txt" "f00")"#;
    let body = r"
        (local $count i32) (local $errno i32)
        (loop $more
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $errno (call $path_open (i32.const 3) (i32.const 0) (i32.const 256)
            (i32.const 5) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 40)))
          (br_if $more (i32.eqz (local.get $errno))))
        (call $say (local.get $count)) (call $say (local.get $errno))
        (drop (call $fd_close (i32.load (i32.const 40))))
        (local.set $count (i32.const 0))
        (loop $more
          (i32.store8 (i32.const 262)
            (i32.add (i32.const 65) (i32.rem_u (local.get $count) (i32.const 50))))
          (i32.store8 (i32.const 263)
            (i32.add (i32.const 65) (i32.div_u (local.get $count) (i32.const 50))))
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $errno
            (call $path_create_directory (i32.const 3) (i32.const 261) (i32.const 3)))
          (br_if $more (i32.eqz (local.get $errno))))
        (call $say (local.get $count)) (call $say (local.get $errno))";
    // 60 besides the first four, then EMFILE; 128 folders, then ENOSPC.
    assert_eq!(words(&told(fields, body, &bundle())), [61, 33, 129, 51]);
}

#[test]
fn a_disk_without_end_is_full_at_the_end_of_memory() {
    let fields = r#"(data (i32.const 256) "tmp")"#;
    let body = format!(
        r"(local $file i32)
        (local.set $file {})
        (call $say (call $fd_allocate (local.get $file) (i64.const 0) (i64.const 0x10000000)))
        (call $say (call $fd_allocate (local.get $file) (i64.const 0) (i64.const 0x10000001)))
        (call $say (call $fd_allocate (local.get $file) (i64.const 0) (i64.const 0x8000000)))
        (call $say (call $fd_allocate (local.get $file) (i64.const 1) (i64.const -1)))",
        open((256, 3), 1, WRITE)
    );
    assert_eq!(words(&told(fields, &body, &bundle())), [0, 51, 22, 0, 22]);
}
