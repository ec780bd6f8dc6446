// Runs a guest as a native program, for the benchmark; the guest's source comes in by `-include`.
// Usage: native STEPS RUNS CHUNKS_FILE. The file holds, per chunk, a u32 length and the bytes.
// Prints the nanoseconds that RUNS whole tasks took.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  long steps = atol(argv[1]), runs = atol(argv[2]), count = 0;
  static unsigned char bytes[1 << 22];
  FILE *file = fopen(argv[3], "rb");
  if (!file) return 3;
  size_t length = fread(bytes, 1, sizeof bytes, file);
  static unsigned char *chunk[4096];
  static u32 size[4096];
  for (size_t at = 0; at + 4 <= length && count < 4096; count++) {
    memcpy(&size[count], bytes + at, 4);
    chunk[count] = bytes + at + 4;
    at += 4 + size[count];
  }
  long long start = now();
  for (long run = 0; run < runs; run++) {
    memset(state(), 0, state_len());
    memset(input(), 42, 32);
    init();
    for (long i = 0; i < steps; i++) {
      u32 n = count ? size[i % count] : 0;
      if (n) memcpy(input(), chunk[i % count], n);
      step(i + 1, n);
    }
  }
  printf("%lld\n", now() - start);
  return 0;
}
