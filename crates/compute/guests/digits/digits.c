// Trains a perceptron 64-32-10 on handwritten digits, one minibatch a step, and tests it on digits
// it has never trained on.
//
// A chunk is: count (u8), kind (u8: 0 train, 1 test), count labels (u8), count images (64 u8 of
// 0..16). A training chunk is one step of gradient descent with momentum. The first test chunk
// after a training chunk begins a new test; the accuracy is that of the test so far.
#include "../include/guest.h"

enum { PIXELS = 64, HIDDEN = 32, DIGITS = 10, BATCH_MAX = 72 };

typedef struct {
  float w1[PIXELS][HIDDEN];
  float b1[HIDDEN];
  float w2[HIDDEN][DIGITS];
  float b2[DIGITS];
} Net;

static struct {
  float accuracy;   // 0: right / tested of the last test
  float confidence; // 4: mean probability of the right digit in the last training chunk
  u32 updates;      // 8
  u32 right;        // 12
  u32 tested;       // 16
  u32 testing;      // 20: 1 after a test chunk
  Net net;          // 24
  Net velocity;
} state_object;

static u8 input_buffer[2 + BATCH_MAX * (1 + PIXELS)];
GUEST(state_object, input_buffer)

static Net gradient;
static float hidden[HIDDEN], scores[DIGITS], pixels[PIXELS];

// e^x for x <= 0 by 2^k times a polynomial; 0 below -80.
static float exp_negative(float x) {
  if (!(x > -80.0f)) return 0.0f;
  float scaled = x * 1.44269504f;
  int k = (int)scaled - 1;
  float f = (scaled - (float)k) * 0.69314718f; // in [0, 2 ln 2)
  float p = 1.0f + f * (1.0f + f * (0.5f + f * (0.16666667f + f * (0.041666667f +
            f * (0.008333333f + f * (0.0013888889f + f * 0.0001984127f))))));
  union { u32 bits; float value; } power = {.bits = (u32)(k + 127) << 23};
  return p * power.value;
}

// Leaves probabilities in `scores`; returns the likeliest digit.
static u32 forward(const u8 *image) {
  const Net *net = &state_object.net;
  for (u32 j = 0; j < HIDDEN; j++) hidden[j] = net->b1[j];
  for (u32 i = 0; i < PIXELS; i++) {
    float x = pixels[i] = (float)image[i] * 0.0625f;
    for (u32 j = 0; j < HIDDEN; j++) hidden[j] += x * net->w1[i][j];
  }
  for (u32 d = 0; d < DIGITS; d++) scores[d] = net->b2[d];
  for (u32 j = 0; j < HIDDEN; j++) {
    hidden[j] = hidden[j] > 0.0f ? hidden[j] : 0.0f;
    for (u32 d = 0; d < DIGITS; d++) scores[d] += hidden[j] * net->w2[j][d];
  }
  u32 best = 0;
  for (u32 d = 1; d < DIGITS; d++) best = scores[d] > scores[best] ? d : best;
  float top = scores[best], sum = 0.0f;
  for (u32 d = 0; d < DIGITS; d++) sum += scores[d] = exp_negative(scores[d] - top);
  for (u32 d = 0; d < DIGITS; d++) scores[d] /= sum;
  return best;
}

static void backward(u32 label) {
  const Net *net = &state_object.net;
  float slope[HIDDEN];
  scores[label] -= 1.0f;
  for (u32 d = 0; d < DIGITS; d++) gradient.b2[d] += scores[d];
  for (u32 j = 0; j < HIDDEN; j++) {
    float sum = 0.0f;
    for (u32 d = 0; d < DIGITS; d++) {
      sum += scores[d] * net->w2[j][d];
      gradient.w2[j][d] += hidden[j] * scores[d];
    }
    slope[j] = hidden[j] > 0.0f ? sum : 0.0f;
    gradient.b1[j] += slope[j];
  }
  for (u32 i = 0; i < PIXELS; i++) {
    float x = pixels[i];
    for (u32 j = 0; j < HIDDEN; j++) gradient.w1[i][j] += x * slope[j];
  }
}

static void train(const u8 *labels, const u8 *images, u32 count) {
  float confidence = 0.0f, rate = 0.15f / (float)count;
  for (u32 s = 0; s < count; s++) {
    forward(images + s * PIXELS);
    confidence += scores[labels[s]];
    backward(labels[s]);
  }
  float *net = (float *)&state_object.net, *velocity = (float *)&state_object.velocity;
  const float *slope = (const float *)&gradient;
  for (u32 i = 0; i < sizeof(Net) / sizeof(float); i++) {
    velocity[i] = 0.9f * velocity[i] - rate * slope[i];
    net[i] += velocity[i];
  }
  state_object.confidence = confidence / (float)count;
  state_object.updates++;
  state_object.testing = 0;
}

static void test(const u8 *labels, const u8 *images, u32 count) {
  if (!state_object.testing) state_object.right = state_object.tested = 0;
  for (u32 s = 0; s < count; s++) {
    state_object.right += forward(images + s * PIXELS) == labels[s];
  }
  state_object.tested += count;
  state_object.accuracy = (float)state_object.right / (float)state_object.tested;
  state_object.testing = 1;
}

u32 EXPORT(init)(void) {
  u64 stream = seed_of(input_buffer);
  float *w1 = &state_object.net.w1[0][0], *w2 = &state_object.net.w2[0][0];
  for (u32 i = 0; i < PIXELS * HIDDEN; i++) w1[i] = ((float)draw_unit(&stream) - 0.5f) * 0.5f;
  for (u32 i = 0; i < HIDDEN * DIGITS; i++) w2[i] = ((float)draw_unit(&stream) - 0.5f) * 0.5f;
  return sizeof(state_object);
}

u32 EXPORT(step)(u64 index, u32 length) {
  (void)index;
  u32 count = input_buffer[0];
  const u8 *labels = input_buffer + 2, *images = labels + count;
  if (length < 2 || count < 1 || BATCH_MAX < count) __builtin_trap();
  if (length != 2 + count * (1 + PIXELS)) __builtin_trap();
  for (u32 s = 0; s < count; s++) {
    if (DIGITS <= labels[s]) __builtin_trap();
  }
  (input_buffer[1] ? test : train)(labels, images, count);
  return sizeof(state_object);
}
