// A cluster of 32 bodies under softened gravity; eight leapfrog steps of 1/512 time unit a step.
// The state carries the relative error of the total energy: a good integrator keeps it small.
#include "../include/guest.h"

enum { BODIES = 32, SUBSTEPS = 8 };

typedef struct { double x, y, z; } Vector;

static struct {
  double energy_error; // 0: (energy - first) / |first|
  double energy;       // 8
  double energy_first; // 16
  double time;         // 24
  Vector place[BODIES];    // 32
  Vector velocity[BODIES]; // 800
  double mass[BODIES];     // 1568
} state_object;

static u8 input_buffer[32];
GUEST(state_object, input_buffer)

static const double DT = 1.0 / 512.0, SOFTENING = 0.01;
static Vector pull[BODIES];

static void accelerate(void) {
  for (u32 i = 0; i < BODIES; i++) pull[i] = (Vector){0.0, 0.0, 0.0};
  for (u32 i = 0; i < BODIES; i++) {
    Vector own = state_object.place[i];
    for (u32 j = i + 1; j < BODIES; j++) {
      Vector other = state_object.place[j];
      double x = other.x - own.x, y = other.y - own.y, z = other.z - own.z;
      double square = x * x + y * y + z * z + SOFTENING;
      double inverse = 1.0 / (square * __builtin_sqrt(square));
      double to_own = state_object.mass[j] * inverse, to_other = state_object.mass[i] * inverse;
      pull[i].x += x * to_own, pull[i].y += y * to_own, pull[i].z += z * to_own;
      pull[j].x -= x * to_other, pull[j].y -= y * to_other, pull[j].z -= z * to_other;
    }
  }
}

static double energy(void) {
  double sum = 0.0;
  for (u32 i = 0; i < BODIES; i++) {
    Vector v = state_object.velocity[i], own = state_object.place[i];
    sum += 0.5 * state_object.mass[i] * (v.x * v.x + v.y * v.y + v.z * v.z);
    for (u32 j = i + 1; j < BODIES; j++) {
      Vector other = state_object.place[j];
      double x = other.x - own.x, y = other.y - own.y, z = other.z - own.z;
      double distance = __builtin_sqrt(x * x + y * y + z * z + SOFTENING);
      sum -= state_object.mass[i] * state_object.mass[j] / distance;
    }
  }
  return sum;
}

static void kick(double dt) {
  for (u32 i = 0; i < BODIES; i++) {
    Vector *v = &state_object.velocity[i];
    v->x += dt * pull[i].x, v->y += dt * pull[i].y, v->z += dt * pull[i].z;
  }
}

static void drift(double dt) {
  for (u32 i = 0; i < BODIES; i++) {
    Vector *p = &state_object.place[i], v = state_object.velocity[i];
    p->x += dt * v.x, p->y += dt * v.y, p->z += dt * v.z;
  }
}

u32 EXPORT(init)(void) {
  u64 stream = seed_of(input_buffer);
  for (u32 i = 0; i < BODIES; i++) {
    double u[6];
    for (u32 k = 0; k < 6; k++) u[k] = 2.0 * draw_unit(&stream) - 1.0;
    state_object.place[i] = (Vector){u[0], u[1], u[2]};
    // Turning about the z axis, with some disorder.
    state_object.velocity[i] =
        (Vector){0.3 * u[3] - 0.5 * u[1], 0.3 * u[4] + 0.5 * u[0], 0.3 * u[5]};
    state_object.mass[i] = 1.0 / BODIES;
  }
  state_object.energy_first = state_object.energy = energy();
  return sizeof(state_object);
}

u32 EXPORT(step)(u64 index, u32 length) {
  (void)index, (void)length;
  accelerate();
  for (u32 s = 0; s < SUBSTEPS; s++) {
    kick(0.5 * DT);
    drift(DT);
    accelerate();
    kick(0.5 * DT);
  }
  state_object.time += SUBSTEPS * DT;
  state_object.energy = energy();
  double change = state_object.energy - state_object.energy_first;
  double first = state_object.energy_first;
  state_object.energy_error = change / (first < 0.0 ? -first : first);
  return sizeof(state_object);
}
