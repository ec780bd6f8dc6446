//! Programs in text: all of the system interface by name, and a way to say numbers and bytes.

use super::{End, Ran, run};
use earnest_prepare::bundle::Bundle;

/// Each import as (name, parameters): `i` a word, `l` a long; all return a word.
const IMPORTS: [(&str, &str); 44] = [
    ("args_get", "ii"),
    ("args_sizes_get", "ii"),
    ("environ_get", "ii"),
    ("environ_sizes_get", "ii"),
    ("clock_res_get", "ii"),
    ("clock_time_get", "ili"),
    ("fd_advise", "illi"),
    ("fd_allocate", "ill"),
    ("fd_close", "i"),
    ("fd_datasync", "i"),
    ("fd_fdstat_get", "ii"),
    ("fd_fdstat_set_flags", "ii"),
    ("fd_fdstat_set_rights", "ill"),
    ("fd_filestat_get", "ii"),
    ("fd_filestat_set_size", "il"),
    ("fd_filestat_set_times", "illi"),
    ("fd_pread", "iiili"),
    ("fd_prestat_get", "ii"),
    ("fd_prestat_dir_name", "iii"),
    ("fd_pwrite", "iiili"),
    ("fd_read", "iiii"),
    ("fd_readdir", "iiili"),
    ("fd_renumber", "ii"),
    ("fd_seek", "ilii"),
    ("fd_sync", "i"),
    ("fd_tell", "ii"),
    ("fd_write", "iiii"),
    ("path_create_directory", "iii"),
    ("path_filestat_get", "iiiii"),
    ("path_filestat_set_times", "iiiilli"),
    ("path_link", "iiiiiii"),
    ("path_open", "iiiiillii"),
    ("path_readlink", "iiiiii"),
    ("path_remove_directory", "iii"),
    ("path_rename", "iiiiii"),
    ("path_symlink", "iiiii"),
    ("path_unlink_file", "iii"),
    ("poll_oneoff", "iiii"),
    ("proc_raise", "i"),
    ("random_get", "ii"),
    ("sched_yield", ""),
    ("sock_recv", "iiiiii"),
    ("sock_send", "iiiii"),
    ("sock_shutdown", "ii"),
];

/// What stories have besides the interface. Memory below 256 is theirs; a story's own begins at
/// 256. `$say` puts out a word, `$give` bytes; `$open` opens a path to read or to write.
const PRELUDE: &str = r#"
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 4)
  (func $pieces (param $at i32) (param $length i32) (result i32)
    (i32.store (i32.const 16) (local.get $at))
    (i32.store (i32.const 20) (local.get $length))
    (i32.const 16))
  (func $give (param $at i32) (param $length i32)
    (drop (call $fd_write (i32.const 1) (call $pieces (local.get $at) (local.get $length))
      (i32.const 1) (i32.const 24))))
  (func $say (param $word i32)
    (i32.store (i32.const 32) (local.get $word))
    (call $give (i32.const 32) (i32.const 4)))
  (func $say_long (param $long i64)
    (i64.store (i32.const 32) (local.get $long))
    (call $give (i32.const 32) (i32.const 8)))
  (func $open (param $path i32) (param $length i32) (param $how i32) (param $rights i64)
    (result i32)
    (call $say (call $path_open (i32.const 3) (i32.const 0) (local.get $path)
      (local.get $length) (local.get $how) (local.get $rights) (i64.const 0) (i32.const 0)
      (i32.const 40)))
    (i32.load (i32.const 40)))
  (func $read (param $file i32) (param $at i32) (param $length i32) (result i32)
    (call $say (call $fd_read (local.get $file)
      (call $pieces (local.get $at) (local.get $length)) (i32.const 1) (i32.const 28)))
    (i32.load (i32.const 28)))
  (func $write (param $file i32) (param $at i32) (param $length i32)
    (call $say (call $fd_write (local.get $file)
      (call $pieces (local.get $at) (local.get $length)) (i32.const 1) (i32.const 28))))
"#;

/// A program that does this, and has these data segments and functions.
pub(crate) fn program(fields: &str, body: &str) -> Vec<u8> {
    let imports: String =
        IMPORTS.iter().map(|(name, parameters)| import(name, parameters)).collect();
    let text = format!("(module {imports} {PRELUDE} {fields} (func (export \"_start\") {body}))");
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn import(name: &str, parameters: &str) -> String {
    let kinds: Vec<&str> =
        parameters.chars().map(|c| if c == 'l' { "i64" } else { "i32" }).collect();
    let kinds = kinds.join(" ");
    let function = format!("(func ${name} (param {kinds}) (result i32))");
    format!("(import \"wasi_snapshot_preview1\" \"{name}\" {function})\n")
}

/// Runs it to its end without a code, and returns the output.
pub(crate) fn told(fields: &str, body: &str, bundle: &Bundle) -> Vec<u8> {
    let Ran { output, end, .. } = run(&program(fields, body), bundle);
    assert_eq!(end, End::Exited(0));
    output
}

/// The output as words.
pub(crate) fn words(output: &[u8]) -> Vec<u32> {
    assert_eq!(output.len() % 4, 0, "only words were said: {output:?}");
    let words = output.chunks_exact(4);
    words.map(|word| u32::from_le_bytes(word.try_into().expect("four bytes"))).collect()
}
