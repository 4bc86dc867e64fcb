/* Hash tables whose keys are addresses: open addressing, at most half full.
 *
 * Owns: the memory of its slots, until table_free(). Threads: whoever uses it guards it. Jumps:
 * never. */

#include "core.h"

static size_t home(const Table *t, const void *key) {
  return ((uintptr_t)key >> 4) * 0x9E3779B97F4A7C15u >> 20 & (t->room - 1);
}

/* The slot of the key, or the free one where it belongs. */
static Slot *slot_of(const Table *t, const void *key) {
  size_t at = home(t, key);
  while (t->slots[at].key && t->slots[at].key != key)
    at = (at + 1) & (t->room - 1);
  return &t->slots[at];
}

static bool make_room(Table *t) {
  Table larger = {.n = t->n, .room = t->room ? 2 * t->room : 64};
  larger.slots = calloc(larger.room, sizeof *larger.slots);
  if (!larger.slots)
    return false;
  for (size_t i = 0; i < t->room; i++)
    if (t->slots[i].key)
      *slot_of(&larger, t->slots[i].key) = t->slots[i];
  free(t->slots);
  *t = larger;
  return true;
}

bool table_put(Table *t, void *key, uintptr_t value) {
  if (2 * (t->n + 1) > t->room && !make_room(t))
    return false;
  Slot *slot = slot_of(t, key);
  t->n += slot->key == NULL;
  *slot = (Slot){key, value};
  return true;
}

bool table_has(const Table *t, const void *key) { return t->n > 0 && slot_of(t, key)->key; }

uintptr_t table_get(const Table *t, const void *key) { return t->n ? slot_of(t, key)->value : 0; }

/* The slots that follow move back if they could not be found behind the gap. */
void table_remove(Table *t, const void *key) {
  if (!table_has(t, key))
    return;
  size_t gap = (size_t)(slot_of(t, key) - t->slots), mask = t->room - 1;
  for (size_t at = (gap + 1) & mask; t->slots[at].key; at = (at + 1) & mask)
    if (((at - home(t, t->slots[at].key)) & mask) >= ((at - gap) & mask)) {
      t->slots[gap] = t->slots[at];
      gap = at;
    }
  t->slots[gap] = (Slot){NULL, 0};
  t->n--;
}

void table_free(Table *t) {
  free(t->slots);
  *t = (Table){NULL, 0, 0};
}
