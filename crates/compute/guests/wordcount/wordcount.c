// Counts words in a text, a chunk a step: totals, a histogram of letters, the ten commonest words.
// A word is a run of letters and inner apostrophes, in lower case, cut after 12 letters. Chunks end
// between words. The state is as long as the words seen so far need.
#include "../include/guest.h"

enum { WORD = 12, TABLE = 8192, WORDS = 6144, TOP = 10, LETTERS = 26 };

typedef struct { u32 count; u8 word[WORD]; } Entry;

static struct {
  u32 bytes;             // 0
  u32 lines;             // 4
  u32 words;             // 8
  u32 distinct;          // 12
  u32 letters[LETTERS];  // 16
  Entry top[TOP];        // 120: commonest first
  u16 slot[TABLE];       // 280: open addressing by hash; place in `word` plus one, 0 if free
  Entry word[WORDS];     // 16664: in order of first appearance
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
  u32 at = hash % TABLE; // Never full: there are more slots than words.
  while (state_object.slot[at] && !same(state_object.word[state_object.slot[at] - 1].word, word)) {
    at = (at + 1) % TABLE;
  }
  if (!state_object.slot[at]) {
    if (state_object.distinct == WORDS) __builtin_trap();
    Entry *fresh = &state_object.word[state_object.distinct++];
    for (u32 i = 0; i < WORD; i++) fresh->word[i] = word[i];
    state_object.slot[at] = (u16)state_object.distinct;
  }
  Entry *entry = &state_object.word[state_object.slot[at] - 1];
  entry->count++;
  rank(entry);
}

static u32 length_used(void) {
  return sizeof(state_object) - (WORDS - state_object.distinct) * sizeof(Entry);
}

u32 EXPORT(init)(void) { return length_used(); }

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
  return length_used();
}
