// Natively a program tells the processor's time that it took; prepared it cannot know.
#include <stdio.h>
#ifdef __wasi__
static void tell_time(void) {}
#else
#include <time.h>
static void tell_time(void) { fprintf(stderr, "%.6f\n", (double)clock() / CLOCKS_PER_SEC); }
#endif
