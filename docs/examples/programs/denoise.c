// denoise.c: takes the noise out of speech with RNNoise's network. Standard input and output are
// mono samples of 16 bits at 48 kHz.
#include <stdint.h>
#include <stdio.h>

#include "rnnoise.h"

enum { FRAME = 480 };

int main(void) {
  DenoiseState *state = rnnoise_create(NULL);
  int16_t samples[FRAME];
  float frame[FRAME];
  double voice = 0;
  int frames = 0;
  while (fread(samples, sizeof *samples, FRAME, stdin) == FRAME) {
    for (int i = 0; i < FRAME; i++) frame[i] = samples[i];
    voice += rnnoise_process_frame(state, frame, frame);
    for (int i = 0; i < FRAME; i++) {
      float value = frame[i] < -32768 ? -32768 : 32767 < frame[i] ? 32767 : frame[i];
      samples[i] = value;
    }
    fwrite(samples, sizeof *samples, FRAME, stdout);
    frames++;
  }
  fprintf(stderr, "%d frames, %.1f %% of them voice\n", frames, frames ? voice / frames * 100 : 0);
  return 0;
}
