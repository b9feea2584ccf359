/* How numbers of one width become residuals, changes and byte planes. column.c includes this once
 * for each width, with NUMBER (uint32_t, uint64_t) and ROWS(name) defined: loops over numbers of
 * one fixed width are what a compiler makes vectors of. */

/* Differences are modulo 2^width; the sign goes into the low bit. */
static inline NUMBER ROWS(fold)(NUMBER d)
{
  return (NUMBER)(d << 1) ^ (NUMBER)(0 - (d >> (8 * sizeof d - 1)));
}

/* The bits in which any of the numbers differs from the first. */
static NUMBER ROWS(differences)(const NUMBER *v, size_t n)
{
  NUMBER differ = 0;
  for (size_t i = 1; i < n; i++)
    differ |= v[i] ^ v[0];
  return differ;
}

/* Fills `out` with what is stored for each number by a coder that has residuals; returns the bits
 * that any of them has. The first of a coder that compares with the row before is 0: base_of()
 * stands for it. */
static NUMBER ROWS(residuals)(aatgs_coder coder, const NUMBER *v, const NUMBER *ref, size_t n,
                              NUMBER *out)
{
  NUMBER any = 0;
  out[0] = 0;
  switch (coder) {
  case AATGS_CODER_DELTA:
    for (size_t i = 1; i < n; i++)
      any |= out[i] = ROWS(fold)(v[i] - v[i - 1]);
    return any;
  case AATGS_CODER_DELTA2:
    if (n > 1)
      any = out[1] = ROWS(fold)(v[1] - v[0]);
    for (size_t i = 2; i < n; i++)
      any |= out[i] = ROWS(fold)(v[i] - 2 * v[i - 1] + v[i - 2]);
    return any;
  case AATGS_CODER_XOR:
    for (size_t i = 1; i < n; i++)
      any |= out[i] = v[i] ^ v[i - 1];
    return any;
  case AATGS_CODER_REF:
    for (size_t i = 0; i < n; i++)
      any |= out[i] = ROWS(fold)(v[i] - ref[i]);
    return any;
  default: /* AATGS_CODER_REF_DELTA */
    for (size_t i = 1; i < n; i++)
      any |= out[i] = ROWS(fold)(v[i] - ref[i] - v[i - 1] + ref[i - 1]);
    return any;
  }
}

static NUMBER ROWS(base_of)(aatgs_coder coder, const NUMBER *v, const NUMBER *ref)
{
  return coder == AATGS_CODER_REF_DELTA ? v[0] - ref[0] : v[0];
}

static NUMBER ROWS(any_of)(const NUMBER *v, size_t n)
{
  NUMBER any = 0;
  for (size_t i = 0; i < n; i++)
    any |= v[i];
  return any;
}

/* Block by block, so that a number is fetched once for all its planes. */
static void ROWS(put_planes)(const NUMBER *v, size_t n, unsigned planes, aatgs_bytes *out)
{
  uint8_t *to = aatgs_bytes_extend(out, n * planes);
  for (size_t at = 0, end; to && at < n; at = end) {
    end = at + BLOCK < n ? at + BLOCK : n;
    for (unsigned p = 0; p < planes; p++) {
      uint8_t *plane = to + p * n;
      for (size_t i = at; i < end; i++)
        plane[i] = (uint8_t)(v[i] >> (8 * p));
    }
  }
}

/* ---- Changes ---------------------------------------------------------------------- */

/* Rows that are looked at together where nothing changes. */
#define STILL 16u

/* Fills `distance` with how far each change lies behind the one before; returns how many. */
static size_t ROWS(find_changes)(const NUMBER *v, size_t n, NUMBER *distance)
{
  size_t changes = 0, where = 0, i = 1;
  if (v[0] != 0)
    distance[changes++] = 0;
  while (i < n) {
    const size_t end = i + STILL < n ? i + STILL : n;
    NUMBER differ = 0;
    if (end < i + STILL)
      differ = 1; /* the last few, one by one */
    else
      for (size_t k = 0; k < STILL; k++)
        differ |= v[i + k] ^ v[i + k - 1];
    for (; differ && i < end; i++) {
      if (v[i] == v[i - 1])
        continue;
      distance[changes++] = (NUMBER)(i - where);
      where = i;
    }
    i = end;
  }
  return changes;
}

/* u32 changes, u32 planes of a distance, distances, new values (entry->planes each). */
static void ROWS(encode_changes)(const NUMBER *v, size_t n, NUMBER *scratch, aatgs_bytes *out,
                                 aatgs_column_entry *entry)
{
  const size_t changes = ROWS(find_changes)(v, n, scratch);
  const unsigned planes = planes_of(ROWS(any_of)(scratch, changes));
  size_t where = 0;
  aatgs_bytes_u32(out, (uint32_t)changes);
  aatgs_bytes_u32(out, planes);
  ROWS(put_planes)(scratch, changes, planes, out);
  for (size_t k = 0; k < changes; k++) {
    where += scratch[k];
    scratch[k] = v[where];
  }
  entry->planes = (uint8_t)planes_of(ROWS(any_of)(scratch, changes));
  ROWS(put_planes)(scratch, changes, entry->planes, out);
}

/* ---- Measuring ---------------------------------------------------------------------- */

/* Bits that an order-0 coder needs for numbers, by byte plane. */
static double ROWS(entropy_bits)(const NUMBER *r, size_t n)
{
  const unsigned planes = planes_of(ROWS(any_of)(r, n));
  double bits = 0;
  for (unsigned p = 0; p < planes; p++) {
    uint32_t seen[256] = {0};
    for (size_t i = 0; i < n; i++)
      seen[(uint8_t)(r[i] >> (8 * p))]++;
    for (unsigned b = 0; b < 256; b++)
      if (seen[b])
        bits -= seen[b] * log2((double)seen[b] / (double)n);
  }
  return bits;
}

/* The coder that needs the fewest bits for samples from all over the column. `scratch` has room for
 * SAMPLE numbers. */
static aatgs_coder ROWS(measure)(const NUMBER *v, const NUMBER *ref, size_t n, NUMBER *scratch)
{
  const size_t windows = n > SAMPLE ? SAMPLE / WINDOW : 1, rows = n > SAMPLE ? WINDOW : n;
  size_t changes = 0;
  NUMBER any = 0;
  for (size_t w = 0; w < windows; w++) {
    const NUMBER *from = v + window_at(w, windows, rows, n);
    changes += ROWS(find_changes)(from, rows, scratch) - (from[0] != 0);
    any |= ROWS(any_of)(from, rows);
  }
  /* A change costs a distance and the value with its byte planes. */
  double least = (double)changes * (10 + 8 * planes_of(any));
  aatgs_coder best = AATGS_CODER_CHANGES;
  for (aatgs_coder c = AATGS_CODER_RAW; c <= (ref ? AATGS_CODER_REF_DELTA : AATGS_CODER_XOR); c++) {
    if (c == AATGS_CODER_CHANGES)
      continue;
    for (size_t w = 0; w < windows; w++) {
      const size_t at = window_at(w, windows, rows, n);
      NUMBER *r = scratch + w * rows;
      if (c == AATGS_CODER_RAW)
        memcpy(r, v + at, rows * sizeof *r);
      else
        ROWS(residuals)(c, v + at, ref ? ref + at : NULL, rows, r);
      if (has_base(c) && rows > 2) /* what the first two differ from is not in the window */
        r[0] = r[1] = r[2];
    }
    const double bits = ROWS(entropy_bits)(scratch, windows * rows);
    if (bits < least * 0.99) {
      least = bits;
      best = c;
    }
  }
  return best;
}

/* ---- Encoding ------------------------------------------------------------------------- */

static void ROWS(encode)(const NUMBER *v, const NUMBER *ref, size_t n, aatgs_column_choice *choice,
                         NUMBER *scratch, aatgs_bytes *out, aatgs_bytes *ends,
                         aatgs_column_entry *entry)
{
  NUMBER any = n ? ROWS(differences)(v, n) : 0;
  if (any == 0) {
    entry->planes = (uint8_t)(n ? planes_of(v[0]) : 0);
    aatgs_bytes_put(out, v, entry->planes);
    return;
  }
  if (choice->age == 0) {
    choice->coder = (uint8_t)ROWS(measure)(v, ref, n, scratch);
    choice->age = REMEASURE;
  }
  choice->age--;
  entry->coder = choice->coder;
  const aatgs_coder coder = (aatgs_coder)choice->coder;
  if (coder == AATGS_CODER_CHANGES) {
    ROWS(encode_changes)(v, n, scratch, out, entry);
    return;
  }
  if (coder == AATGS_CODER_RAW)
    any |= v[0];
  else
    any = ROWS(residuals)(coder, v, ref, n, scratch);
  entry->planes = (uint8_t)planes_of(any);
  if (has_base(coder))
    aatgs_bytes_u64(out, ROWS(base_of)(coder, v, ref));
  mark_ends(ends, out->size, n, entry->planes);
  ROWS(put_planes)(coder == AATGS_CODER_RAW ? v : scratch, n, entry->planes, out);
}

#undef STILL
#undef NUMBER
#undef ROWS
