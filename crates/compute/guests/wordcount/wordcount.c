// Counts words in a text, a chunk a step: totals, a histogram of letters, the ten commonest words.
// A word is a run of letters and inner apostrophes, in lower case, cut after 12 letters. Chunks end
// between words.
#include "../include/guest.h"

enum { WORD = 12, TABLE = 8192, TOP = 10, LETTERS = 26 };

typedef struct { u32 count; u8 word[WORD]; } Entry;

static struct {
  u32 bytes;             // 0
  u32 lines;             // 4
  u32 words;             // 8
  u32 distinct;          // 12
  u32 letters[LETTERS];  // 16
  Entry top[TOP];        // 120: commonest first
  Entry table[TABLE];    // 280: open addressing by hash
} state_object;

static u8 input_buffer[64 * 1024];
GUEST(state_object, input_buffer)

static int same(const u8 *a, const u8 *b) {
  for (u32 i = 0; i < WORD; i++) {
    if (a[i] != b[i]) return 0;
  }
  return 1;
}

// Puts a raised count in its place among the commonest.
static void rank(const Entry *entry) {
  u32 at = TOP - 1;
  for (u32 i = 0; i < TOP; i++) {
    if (same(state_object.top[i].word, entry->word)) { at = i; break; }
  }
  if (entry->count <= state_object.top[at].count) return;
  for (; 0 < at && state_object.top[at - 1].count < entry->count; at--) {
    state_object.top[at] = state_object.top[at - 1];
  }
  state_object.top[at] = *entry;
}

static void count(const u8 *word) {
  u32 hash = 2166136261u;
  for (u32 i = 0; i < WORD; i++) hash = (hash ^ word[i]) * 16777619u;
  for (u32 probe = 0; probe < TABLE; probe++) {
    Entry *entry = &state_object.table[(hash + probe) % TABLE];
    if (entry->count && !same(entry->word, word)) continue;
    if (!entry->count) {
      for (u32 i = 0; i < WORD; i++) entry->word[i] = word[i];
      state_object.distinct++;
    }
    entry->count++;
    rank(entry);
    return;
  }
  __builtin_trap(); // More than 8192 distinct words.
}

u32 EXPORT(init)(void) { return sizeof(state_object); }

u32 EXPORT(step)(u64 index, u32 length) {
  (void)index;
  u8 word[WORD];
  u32 size = 0;
  for (u32 at = 0; at <= length; at++) {
    u8 byte = at < length ? input_buffer[at] : ' ';
    u8 lower = byte | 32;
    int letter = 'a' <= lower && lower <= 'z';
    if (letter) state_object.letters[lower - 'a']++;
    if (byte == '\n') state_object.lines++;
    if (letter || (byte == '\'' && 0 < size)) {
      if (size < WORD) word[size] = letter ? lower : byte;
      size++;
    } else if (0 < size) {
      for (u32 i = size; i < WORD; i++) word[i] = 0;
      count(word);
      state_object.words++;
      size = 0;
    }
  }
  state_object.bytes += length;
  return sizeof(state_object);
}
