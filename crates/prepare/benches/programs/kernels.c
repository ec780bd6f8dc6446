// Small loops of one kind each, chosen by a definition: hash, sort, sieve (integers), mandelbrot,
// bodies (floats in locals), matrix (floats stored in the innermost loop).
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "clock.h"

#ifdef KERNEL_hash
static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
static uint32_t state[8], block[16];

static uint32_t turn(uint32_t word, int by) { return word >> by | word << (32 - by); }

static void compress(void) {
  uint32_t w[64], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4],
                  f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < 16; i++) w[i] = block[i];
  for (int i = 16; i < 64; i++) {
    uint32_t x = w[i - 15], y = w[i - 2];
    w[i] = w[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ x >> 3) + w[i - 7] +
           (turn(y, 17) ^ turn(y, 19) ^ y >> 10);
  }
  for (int i = 0; i < 64; i++) {
    uint32_t t = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i];
    uint32_t u = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t, d = c, c = b, b = a, a = t + u;
  }
  uint32_t added[8] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; i++) state[i] += added[i];
}

static double run(void) {
  for (int round = 0; round < 500000; round++) {
    for (int i = 0; i < 16; i++) block[i] += state[i & 7] + round;
    compress();
  }
  return state[0];
}
#endif

#ifdef KERNEL_sort
enum { COUNT = 300000 };
static uint32_t words[COUNT];

static double run(void) {
  uint32_t seed = 1;
  for (int round = 0; round < 4; round++) {
    for (int i = 0; i < COUNT; i++) words[i] = seed = seed * 1664525 + 1013904223;
    for (int gap = COUNT / 2; gap; gap /= 2)
      for (int i = gap; i < COUNT; i++) {
        uint32_t word = words[i];
        int at = i;
        for (; gap <= at && word < words[at - gap]; at -= gap) words[at] = words[at - gap];
        words[at] = word;
      }
  }
  return words[COUNT / 2];
}
#endif

#ifdef KERNEL_sieve
enum { COUNT = 2000000 };
static uint8_t composite[COUNT];

static double run(void) {
  int primes = 0;
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < COUNT; i++) composite[i] = 0;
    for (int i = 2; i < COUNT; i++) {
      if (composite[i]) continue;
      primes++;
      for (int at = 2 * i; at < COUNT; at += i) composite[at] = 1;
    }
  }
  return primes;
}
#endif

#ifdef KERNEL_mandelbrot
static double run(void) {
  long inside = 0;
  for (int row = 0; row < 400; row++)
    for (int column = 0; column < 400; column++) {
      double cr = column / 160.0 - 1.75, ci = row / 200.0 - 1, r = 0, i = 0;
      int step = 0;
      for (; step < 400 && r * r + i * i < 4; step++) {
        double next = r * r - i * i + cr;
        i = 2 * r * i + ci, r = next;
      }
      inside += step;
    }
  return inside;
}
#endif

#ifdef KERNEL_bodies
enum { COUNT = 5 };
static double place[COUNT][3], speed[COUNT][3], mass[COUNT];

static double run(void) {
  for (int i = 0; i < COUNT; i++) {
    mass[i] = 1 + i;
    for (int k = 0; k < 3; k++) place[i][k] = (i * 7 + k * 3) % 11, speed[i][k] = (i + k) * 0.01;
  }
  for (int step = 0; step < 600000; step++) {
    for (int i = 0; i < COUNT; i++)
      for (int j = i + 1; j < COUNT; j++) {
        double d[3], squared = 0.01;
        for (int k = 0; k < 3; k++) d[k] = place[i][k] - place[j][k], squared += d[k] * d[k];
        double pull = 0.001 / (squared * sqrt(squared));
        for (int k = 0; k < 3; k++)
          speed[i][k] -= d[k] * mass[j] * pull, speed[j][k] += d[k] * mass[i] * pull;
      }
    for (int i = 0; i < COUNT; i++)
      for (int k = 0; k < 3; k++) place[i][k] += 0.001 * speed[i][k];
  }
  return place[0][0];
}
#endif

#ifdef KERNEL_matrix
enum { SIDE = 320 };
static double a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];

static double run(void) {
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++) a[i][j] = i + j, b[i][j] = i - j;
  for (int round = 0; round < 5; round++)
    for (int i = 0; i < SIDE; i++)
      for (int k = 0; k < SIDE; k++)
        for (int j = 0; j < SIDE; j++) c[i][j] += a[i][k] * b[k][j];
  return c[3][5];
}
#endif

int main(void) {
  printf("%.17g\n", run());
  tell_time();
  return 0;
}
