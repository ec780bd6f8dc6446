// The guest interface, from the guest's side. See README.md.
// No library is linked: what a guest needs beyond C's operators is here.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name))) name
#else
#define EXPORT(name) name
#endif

// Defines the interface over a state object and an input buffer.
#define GUEST(state_object, input_buffer)                                    \
  u8 *EXPORT(state)(void) { return (u8 *)&(state_object); }                  \
  u32 EXPORT(state_len)(void) { return sizeof(state_object); }               \
  u8 *EXPORT(input)(void) { return (input_buffer); }                         \
  u32 EXPORT(input_cap)(void) { return sizeof(input_buffer); }

// A small keyed generator (splitmix64): the same draws on every machine.
static inline u64 draw(u64 *stream) {
  u64 z = (*stream += 0x9e3779b97f4a7c15ull);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

// Uniform in [0, 1): 53 bits.
static inline double draw_unit(u64 *stream) {
  return (double)(draw(stream) >> 11) * 0x1p-53;
}

// The first 8 of the 32 seed bytes; the seed is a hash, so they are as good as all.
static inline u64 seed_of(const u8 *seed) {
  u64 value = 0;
  for (u32 i = 0; i < 8; i++) value |= (u64)seed[i] << (8 * i);
  return value;
}
