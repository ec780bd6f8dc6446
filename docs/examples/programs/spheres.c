// spheres.c: a picture of mirrored spheres above a chequered floor, traced ray by ray, as PNG on
// standard output. Width and height are the arguments.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct { double x, y, z; } Vector;
typedef struct { Vector centre; double radius; Vector colour; double mirror; } Sphere;
typedef struct { double distance; Vector place, normal, colour; double mirror; } Hit;

static Vector add(Vector a, Vector b) { return (Vector){a.x + b.x, a.y + b.y, a.z + b.z}; }
static Vector scale(Vector a, double by) { return (Vector){a.x * by, a.y * by, a.z * by}; }
static Vector take(Vector a, Vector b) { return add(a, scale(b, -1)); }
static double dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static Vector unit(Vector a) { return scale(a, 1 / sqrt(dot(a, a))); }

enum { SPHERES = 22, SAMPLES = 3, BOUNCES = 5 };
static Sphere spheres[SPHERES];
static const Vector LIGHT = {-4, 7, -5};

static void arrange(void) {
  spheres[0] = (Sphere){{0, 1, 0}, 1, {0.9, 0.9, 0.95}, 0.7};
  uint32_t seed = 11;
  for (int i = 1; i < SPHERES; i++) {
    double turn[4];
    for (int k = 0; k < 4; k++) turn[k] = (seed = seed * 1664525 + 1013904223) / 4294967296.0;
    double row = i % 7 - 3, radius = 0.18 + 0.22 * turn[0];
    Vector colour = {0.25 + 0.7 * turn[1], 0.25 + 0.7 * turn[2], 0.25 + 0.7 * turn[3]};
    Vector centre = {row * 0.95 + turn[1] * 0.4, radius, i / 7 * 1.5 - 2.1 + turn[2] * 0.4};
    if (fabs(centre.x) < 1.3 && fabs(centre.z) < 1.3) centre.z -= 1.8;
    spheres[i] = (Sphere){centre, radius, colour, 0.25};
  }
}

static int hits(Vector from, Vector along, Hit *hit) {
  hit->distance = 1e9;
  for (int i = 0; i < SPHERES; i++) {
    const Sphere *s = &spheres[i];
    Vector apart = take(from, s->centre);
    double half = dot(apart, along), rest = dot(apart, apart) - s->radius * s->radius;
    double inside = half * half - rest;
    if (inside < 0) continue;
    double distance = -half - sqrt(inside);
    if (distance < 1e-6 || hit->distance <= distance) continue;
    Vector place = add(from, scale(along, distance));
    Vector normal = scale(take(place, s->centre), 1 / s->radius);
    *hit = (Hit){distance, place, normal, s->colour, s->mirror};
  }
  double distance = -from.y / along.y;
  if (along.y < 0 && distance < hit->distance) {
    Vector place = add(from, scale(along, distance));
    int odd = (int)(floor(place.x) + floor(place.z)) & 1;
    Vector colour = odd ? (Vector){0.85, 0.83, 0.78} : (Vector){0.16, 0.2, 0.26};
    *hit = (Hit){distance, place, {0, 1, 0}, colour, 0.12};
  }
  return hit->distance < 1e9;
}

static Vector look(Vector from, Vector along, int bounces) {
  Hit hit, other;
  if (!hits(from, along, &hit)) {
    double height = along.y < 0 ? 0 : along.y;
    return (Vector){0.75 - 0.5 * height, 0.85 - 0.4 * height, 1 - 0.2 * height};
  }
  Vector to_light = take(LIGHT, hit.place);
  double away = sqrt(dot(to_light, to_light)), lit = dot(hit.normal, to_light) / away;
  Vector above = add(hit.place, scale(hit.normal, 1e-6));
  if (lit < 0 || (hits(above, scale(to_light, 1 / away), &other) && other.distance < away)) lit = 0;
  Vector colour = scale(hit.colour, 0.2 + 0.8 * lit);
  if (!bounces) return colour;
  Vector turned = take(along, scale(hit.normal, 2 * dot(along, hit.normal)));
  Vector mirrored = look(above, unit(turned), bounces - 1);
  return add(scale(colour, 1 - hit.mirror), scale(mirrored, hit.mirror));
}

static uint8_t *out;
static size_t length;

static void byte(uint8_t value) { out[length++] = value; }
static void big(uint32_t value) { for (int k = 24; 0 <= k; k -= 8) byte(value >> k); }

// Ends the chunk whose name stands at `start`, and writes its length in front.
static void finish(size_t start) {
  uint32_t sum = ~0u, count = length - start - 4;
  for (size_t at = start; at < length; at++) {
    sum ^= out[at];
    for (int k = 0; k < 8; k++) sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
  }
  big(~sum);
  for (int k = 0; k < 4; k++) out[start - 4 + k] = count >> (24 - 8 * k);
}

static size_t begin(const char *name) {
  big(0);
  size_t start = length;
  for (int k = 0; k < 4; k++) byte(name[k]);
  return start;
}

int main(int count, char **words) {
  int width = 1 < count ? atoi(words[1]) : 360, height = 2 < count ? atoi(words[2]) : 240;
  if (width < 1 || height < 1 || 1000 < width || 1000 < height) {
    return fputs("width and height are 1 to 1000\n", stderr), 2;
  }
  arrange();
  uint32_t row_bytes = 1 + 3 * width;
  out = malloc((size_t)height * (row_bytes + 5) + 100);
  for (int k = 0; k < 8; k++) byte("\x89PNG\r\n\x1a\n"[k]);
  size_t start = begin("IHDR");
  big(width), big(height);
  for (int k = 0; k < 5; k++) byte("\x08\x02\0\0\0"[k]);
  finish(start);
  start = begin("IDAT");
  byte(0x78), byte(0x01); // Rows stand as they are, a block each.
  uint32_t one = 1, two = 0;
  Vector eye = {0, 2.2, -7};
  for (int y = 0; y < height; y++) {
    byte(y == height - 1), byte(row_bytes), byte(row_bytes >> 8);
    byte(~row_bytes), byte(~row_bytes >> 8);
    size_t row = length;
    byte(0);
    for (int x = 0; x < width; x++) {
      Vector sum = {0, 0, 0};
      for (int k = 0; k < SAMPLES * SAMPLES; k++) {
        double dx = (k % SAMPLES + 0.5) / SAMPLES, dy = (k / SAMPLES + 0.5) / SAMPLES;
        Vector along = {(x + dx - width * 0.5) / height, (height * 0.42 - y - dy) / height, 1.35};
        sum = add(sum, look(eye, unit(along), BOUNCES));
      }
      double parts[3] = {sum.x, sum.y, sum.z};
      for (int k = 0; k < 3; k++) {
        double value = sqrt(parts[k] / (SAMPLES * SAMPLES)) * 255 + 0.5;
        byte(value < 255 ? (uint8_t)value : 255);
      }
    }
    for (size_t at = row; at < length; at++) {
      one = (one + out[at]) % 65521;
      two = (two + one) % 65521;
    }
  }
  big(two << 16 | one);
  finish(start);
  finish(begin("IEND"));
  return fwrite(out, 1, length, stdout) != length;
}
