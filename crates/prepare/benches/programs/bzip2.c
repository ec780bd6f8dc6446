// Compresses and decompresses text that repeats itself in part.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bzlib.h"
#include "clock.h"

void bz_internal_error(int code) { exit(code); }

enum { COUNT = 1500000 };
static char text[COUNT], packed[COUNT * 2], back[COUNT];

int main(void) {
  uint32_t seed = 7;
  for (int at = 0; at < COUNT;) {
    seed = seed * 1664525 + 1013904223;
    at += snprintf(text + at, COUNT - at, "%x%s ", seed >> (seed >> 28), seed & 4096 ? " of the" : ",");
  }
  unsigned length = sizeof packed, again = sizeof back;
  if (BZ2_bzBuffToBuffCompress(packed, &length, text, COUNT, 9, 0, 30)) return 1;
  if (BZ2_bzBuffToBuffDecompress(back, &again, packed, length, 0, 0)) return 2;
  printf("%u %d\n", length, memcmp(text, back, COUNT));
  tell_time();
  return 0;
}
