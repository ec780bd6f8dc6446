// digits.c: trains a network, 64-48-10, on handwritten digits (a file of records of 65 bytes: a label
// and 8 by 8 pixels of 0 to 16), and tells how well it reads those that it has not seen.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 64, HIDDEN = 48, DIGITS = 10, RECORD = 1 + PIXELS, BATCH = 32, SEEN = 1500 };

typedef struct {
  float w1[HIDDEN][PIXELS], b1[HIDDEN], w2[DIGITS][HIDDEN], b2[DIGITS];
} Net;

static Net net, gradient, speed;
static float hidden[HIDDEN], chance[DIGITS], image[PIXELS];

static int guess(const unsigned char *record) {
  for (int i = 0; i < PIXELS; i++) image[i] = record[1 + i] / 16.0f;
  for (int j = 0; j < HIDDEN; j++) {
    float sum = net.b1[j];
    for (int i = 0; i < PIXELS; i++) sum += net.w1[j][i] * image[i];
    hidden[j] = tanhf(sum);
  }
  int best = 0;
  float total = 0;
  for (int d = 0; d < DIGITS; d++) {
    float sum = net.b2[d];
    for (int j = 0; j < HIDDEN; j++) sum += net.w2[d][j] * hidden[j];
    total += chance[d] = expf(sum);
    if (chance[best] < chance[d]) best = d;
  }
  for (int d = 0; d < DIGITS; d++) chance[d] /= total;
  return best;
}

// Adds the slope of one record's loss; returns the loss.
static double learn(const unsigned char *record) {
  guess(record);
  double loss = -log(chance[record[0]]);
  chance[record[0]] -= 1;
  for (int d = 0; d < DIGITS; d++) {
    gradient.b2[d] += chance[d];
    for (int j = 0; j < HIDDEN; j++) gradient.w2[d][j] += chance[d] * hidden[j];
  }
  for (int j = 0; j < HIDDEN; j++) {
    float slope = 0;
    for (int d = 0; d < DIGITS; d++) slope += chance[d] * net.w2[d][j];
    slope *= 1 - hidden[j] * hidden[j];
    gradient.b1[j] += slope;
    for (int i = 0; i < PIXELS; i++) gradient.w1[j][i] += slope * image[i];
  }
  return loss;
}

static void step(int count) {
  float *weights = (float *)&net, *by = (float *)&speed, *slopes = (float *)&gradient;
  for (size_t i = 0; i < sizeof net / sizeof *weights; i++) {
    by[i] = 0.9f * by[i] - 0.05f / count * slopes[i];
    weights[i] += by[i];
  }
  memset(&gradient, 0, sizeof gradient);
}

static int right(const unsigned char *records, int count) {
  int sum = 0;
  for (int k = 0; k < count; k++) sum += guess(records + k * RECORD) == records[k * RECORD];
  return sum;
}

int main(int words, char **word) {
  static unsigned char records[4000 * RECORD];
  FILE *file = 1 < words ? fopen(word[1], "rb") : NULL;
  if (!file) return fputs("usage: digits FILE [ROUNDS]\n", stderr), 2;
  int count = fread(records, RECORD, sizeof records / RECORD, file);
  int rounds = 2 < words ? atoi(word[2]) : 12;
  if (count <= SEEN) return fputs("too few digits\n", stderr), 1;
  srand(7);
  for (int i = 0; i < HIDDEN * PIXELS; i++) net.w1[0][i] = (rand() % 2001 - 1000) / 5000.0f;
  for (int i = 0; i < DIGITS * HIDDEN; i++) net.w2[0][i] = (rand() % 2001 - 1000) / 5000.0f;
  for (int round = 1; round <= rounds; round++) {
    double loss = 0;
    for (int k = 0; k < SEEN; k++) {
      loss += learn(records + rand() % SEEN * RECORD);
      if (k % BATCH == BATCH - 1) step(BATCH);
    }
    printf("round %2d: loss %.4f, reads %d of %d unseen digits\n", round, loss / SEEN,
           right(records + SEEN * RECORD, count - SEEN), count - SEEN);
  }
  int table[DIGITS][DIGITS] = {{0}};
  for (int k = SEEN; k < count; k++) table[records[k * RECORD]][guess(records + k * RECORD)]++;
  for (int is = 0; is < DIGITS; is++) {
    printf("%d is read as", is);
    for (int d = 0; d < DIGITS; d++) {
      if (table[is][d]) printf("  %d: %d", d, table[is][d]);
    }
    puts("");
  }
  return 0;
}
