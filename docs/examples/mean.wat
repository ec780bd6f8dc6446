;; mean.wat: counts the bytes of an input and adds them up, one chunk a step.
;; State: count and sum, each 8 bytes, little-endian, at 16; input buffer: at 65,536.
(module
  (memory (export "memory") 2 2)
  (func (export "state") (result i32) (i32.const 16))
  (func (export "state_len") (result i32) (i32.const 16))
  (func (export "input") (result i32) (i32.const 65536))
  (func (export "init") (result i32) (i32.const 16))
  (func (export "step") (param $index i64) (param $length i32) (result i32)
    (local $at i32) (local $sum i64)
    (local.set $sum (i64.load (i32.const 24)))
    (block $end
      (loop $next
        (br_if $end (i32.ge_u (local.get $at) (local.get $length)))
        (local.set $sum (i64.add (local.get $sum) (i64.load8_u offset=65536 (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (i64.store (i32.const 24) (local.get $sum))
    (i64.store (i32.const 16)
      (i64.add (i64.load (i32.const 16)) (i64.extend_i32_u (local.get $length))))
    (i32.const 16)))
