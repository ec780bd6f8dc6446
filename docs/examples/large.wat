;; large.wat: puts out 1,643,400 bytes, 25 times 64 KiB and 5,000 more, of a generator's numbers:
;; six chunks of 256 KiB and a rest that ends within a leaf.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;; Where bytes lie, at 0, and how many, at 4: all of them, until less is left.
  (func (export "_start") (local $left i32) (local $at i32) (local $number i32)
    (i32.store (i32.const 0) (i32.const 65536))
    (local.set $left (i32.const 1643400))
    (loop $block
      (local.set $at (i32.const 65536))
      (loop $fill
        (local.set $number
          (i32.add (i32.mul (local.get $number) (i32.const 1664525)) (i32.const 1013904223)))
        (i32.store (local.get $at) (local.get $number))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br_if $fill (i32.lt_u (local.get $at) (i32.const 131072))))
      (i32.store (i32.const 4)
        (select (local.get $left) (i32.const 65536)
          (i32.lt_u (local.get $left) (i32.const 65536))))
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.set $left (i32.sub (local.get $left) (i32.load (i32.const 4))))
      (br_if $block (local.get $left)))))
