#include "trace/kept.h"

#include "trace/error.h"
#include "trace/numbered.h"

static aatgs_kept **all(const aatgs_kept_tables *t, size_t *count)
{
  *count = t->list.size / sizeof(void *);
  return (aatgs_kept **)(void *)t->list.data;
}

/* At most one that is in force is in a slot. */
static void replace_in_slot(aatgs_kept_tables *tables, uint32_t number)
{
  size_t i;
  aatgs_kept **t = all(tables, &i);
  while (i-- > 0)
    if (!t[i]->replaced && t[i]->number % tables->slots == number % tables->slots) {
      t[i]->replaced = true;
      tables->replaced_bytes += t[i]->size;
      return;
    }
}

/* Forgets `one`, or with NULL those that are replaced. */
static void forget(aatgs_kept_tables *tables, const aatgs_kept *one)
{
  size_t count, left = 0;
  aatgs_kept **t = all(tables, &count);
  for (size_t i = 0; i < count; i++)
    if (one ? t[i] == one : t[i]->replaced) {
      tables->replaced_bytes -= t[i]->replaced ? t[i]->size : 0;
      free(t[i]);
    } else {
      t[left++] = t[i];
    }
  tables->list.size = left * sizeof(void *);
}

int aatgs_kept_add(aatgs_kept_tables *tables, uint32_t number, const uint8_t *bytes, size_t size)
{
  aatgs_kept *old = aatgs_kept_find(tables, number);
  if (old && old->size == size && memcmp(old->bytes, bytes, size) == 0) {
    if (old->replaced) {
      replace_in_slot(tables, number);
      old->replaced = false;
      tables->replaced_bytes -= size;
    }
    return 0;
  }
  aatgs_kept *t = malloc(sizeof *t + size);
  if (!t)
    return AATGS_ENOMEM;
  *t = (aatgs_kept){.number = number, .size = size};
  memcpy(t->bytes, bytes, size);
  if (old)
    forget(tables, old);
  else if (tables->slots)
    replace_in_slot(tables, number);
  if (aatgs_numbered_add(&tables->list, &t->number))
    return 0;
  free(t);
  return AATGS_ENOMEM;
}

aatgs_kept *aatgs_kept_find(const aatgs_kept_tables *tables, uint32_t number)
{
  return aatgs_numbered_find(&tables->list, number);
}

void aatgs_kept_drop_replaced(aatgs_kept_tables *tables)
{
  if (tables->slots)
    forget(tables, NULL);
}

void aatgs_kept_free(aatgs_kept_tables *tables)
{
  size_t count;
  aatgs_kept **t = all(tables, &count);
  for (size_t i = 0; i < count; i++)
    free(t[i]);
  aatgs_bytes_free(&tables->list);
}
