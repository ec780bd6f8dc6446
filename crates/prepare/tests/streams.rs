//! What a program is given, says and how it ends.

mod system;

use earnest_prepare::bundle::Bundle;
use system::story::{program, told, words};
use system::{End, run};

#[test]
fn a_program_gets_its_arguments_and_its_environment() {
    let bundle = Bundle {
        arguments: vec!["count".into(), "".into(), "-l".into()],
        environment: [("B".into(), "2=2".into()), ("A".into(), "1".into())].into(),
        ..Bundle::default()
    };
    let body = r"
        (drop (call $args_sizes_get (i32.const 256) (i32.const 260)))
        (call $give (i32.const 256) (i32.const 8))
        (drop (call $args_get (i32.const 256) (i32.const 512)))
        (call $give (i32.const 256) (i32.const 12))
        (call $give (i32.const 512) (i32.const 10))
        (drop (call $environ_sizes_get (i32.const 256) (i32.const 260)))
        (call $give (i32.const 256) (i32.const 8))
        (drop (call $environ_get (i32.const 256) (i32.const 512)))
        (call $give (i32.const 256) (i32.const 8))
        (call $give (i32.const 512) (i32.const 10))";
    let output = told("", body, &bundle);
    let (head, rest) = output.split_at(20);
    assert_eq!(words(head), [3, 10, 512, 518, 519]);
    let (texts, rest) = rest.split_at(10);
    assert_eq!(texts, b"count\0\0-l\0");
    let (head, texts) = rest.split_at(16);
    assert_eq!(words(head), [2, 10, 512, 516]);
    assert_eq!(texts, b"A=1\0B=2=2\0");
}

#[test]
fn standard_input_is_read_to_its_end_in_pieces() {
    let bundle = Bundle { standard_input: b"twelve bytes".to_vec(), ..Bundle::default() };
    let body = r"
        (call $say (call $read (i32.const 0) (i32.const 256) (i32.const 7)))
        (call $say (call $read (i32.const 0) (i32.const 263) (i32.const 100)))
        (call $say (call $read (i32.const 0) (i32.const 275) (i32.const 100)))
        (call $give (i32.const 256) (i32.const 12))";
    let output = told("", body, &bundle);
    assert_eq!(words(&output[..24]), [0, 7, 0, 5, 0, 0]);
    assert_eq!(&output[24..], b"twelve bytes");
}

#[test]
fn a_long_write_arrives_whole_and_in_order() {
    let body = r"
        (local $at i32)
        (loop $more
          (i32.store (local.get $at) (local.get $at))
          (br_if $more (i32.lt_u
            (local.tee $at (i32.add (local.get $at) (i32.const 4))) (i32.const 200000))))
        (call $give (i32.const 256) (i32.const 199744))";
    let output = told("", body, &Bundle::default());
    assert_eq!(words(&output), (64..50_000).map(|word| word * 4).collect::<Vec<u32>>());
}

#[test]
fn standard_error_is_kept_apart_and_its_last_bytes_stay() {
    let fields = r#"(data (i32.const 256) "out" "err")"#;
    let body = r"
        (call $write (i32.const 2) (i32.const 259) (i32.const 3))
        (call $give (i32.const 256) (i32.const 3))";
    let ran = run(&program(fields, body), &Bundle::default());
    assert_eq!((&ran.output[..], &ran.errors[..]), (&b"\0\0\0\0out"[..], &b"err"[..]));

    let body = r"
        (call $write (i32.const 2) (i32.const 65536) (i32.const 70000))
        (call $write (i32.const 2) (i32.const 259) (i32.const 3))";
    let errors = run(&program(fields, body), &Bundle::default()).errors;
    assert_eq!(errors.len(), 64 * 1024);
    assert!(errors.ends_with(b"\0err"));
}

#[test]
fn an_end_with_a_code_a_fault_and_a_return_are_told_apart() {
    let end = |body| run(&program("", body), &Bundle::default()).end;
    assert_eq!(end(""), End::Exited(0));
    assert_eq!(end("(call $proc_exit (i32.const 0)) (unreachable)"), End::Exited(0));
    assert_eq!(end("(call $proc_exit (i32.const 7))"), End::Exited(7));
    assert_eq!(end("(unreachable)"), End::Trapped);
    // A pointer outside the memory is the program's own fault.
    assert_eq!(end("(call $say (call $random_get (i32.const -4) (i32.const 8)))"), End::Trapped);
}

#[test]
fn the_clock_moves_when_it_is_asked_and_when_a_program_sleeps() {
    // A relative wait of 5 seconds and an absolute one, by the monotonic clock, until 2 seconds.
    let fields = r#"
        (data (i32.const 256) "\07\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00"
          "\01\00\00\00\00\00\00\00" "\00\f2\05\2a\01\00\00\00" "\00\00\00\00\00\00\00\00"
          "\00\00\00\00\00\00\00\00"
          "\08\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00"
          "\01\00\00\00\00\00\00\00" "\00\94\35\77\00\00\00\00" "\00\00\00\00\00\00\00\00"
          "\01\00\00\00\00\00\00\00")"#;
    let body = r"
        (drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 512)))
        (call $say_long (i64.load (i32.const 512)))
        (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 512)))
        (call $say_long (i64.load (i32.const 512)))
        (drop (call $poll_oneoff (i32.const 256) (i32.const 512) (i32.const 2) (i32.const 520)))
        (call $say_long (i64.load (i32.const 512)))
        (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 512)))
        (call $say_long (i64.load (i32.const 512)))
        (call $say (call $clock_time_get (i32.const 4) (i64.const 1) (i32.const 512)))";
    let output = told(fields, body, &Bundle::default());
    let longs: Vec<u64> = output[..32]
        .chunks_exact(8)
        .map(|long| u64::from_le_bytes(long.try_into().expect("eight bytes")))
        .collect();
    // 2000-01-01 and a microsecond; two; the second subscription alone fires; two seconds and one.
    assert_eq!(longs, [946_684_800_000_001_000, 2_000, 8, 2_000_001_000]);
    assert_eq!(words(&output[32..]), [28]);
}

#[test]
fn random_bytes_are_those_of_chacha20_under_the_seed() {
    let body = r"
        (drop (call $random_get (i32.const 256) (i32.const 10)))
        (drop (call $random_get (i32.const 266) (i32.const 118)))
        (call $give (i32.const 256) (i32.const 128))";
    let output = told("", body, &Bundle::default());
    // The first bytes of both blocks under a key of zeros: RFC 8439, appendix A.1, vectors 1 and 2.
    assert_eq!(&output[..8], [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90]);
    assert_eq!(&output[64..72], [0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51, 0x38, 0x7a]);
    let other = told("", body, &Bundle { seed: [1; 32], ..Bundle::default() });
    assert_ne!(output, other);
}

#[test]
fn what_is_not_served_says_so() {
    let body = r"
        (call $say (call $sock_shutdown (i32.const 3) (i32.const 0)))
        (call $say (call $proc_raise (i32.const 9)))
        (call $say (call $path_symlink (i32.const 0) (i32.const 0) (i32.const 3)
          (i32.const 0) (i32.const 0)))
        (call $say (call $sched_yield))
        (call $say (call $fd_close (i32.const 9)))
        (call $say (call $fd_tell (i32.const 1) (i32.const 256)))
        (call $say (call $fd_prestat_get (i32.const 4) (i32.const 256)))";
    assert_eq!(words(&told("", body, &Bundle::default())), [52, 52, 52, 0, 8, 70, 8]);
}
