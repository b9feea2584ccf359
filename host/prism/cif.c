/* Reads the atoms of a protein from an mmCIF file: the loop of `_atom_site`. */
#include "host/prism/protein.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 64

/* The items of _atom_site that are read; author numbering, as a PDB file has it. */
enum item {
  GROUP,
  SYMBOL,
  NAME,
  LOCATION,
  RESIDUE,
  CHAIN,
  NUMBER,
  INSERTION,
  X,
  Y,
  Z,
  MODEL,
  ITEMS
};
static const char *const item_names[ITEMS] = {
    "group_PDB",     "type_symbol",  "label_atom_id", "label_alt_id",
    "label_comp_id", "auth_asym_id", "auth_seq_id",   "pdbx_PDB_ins_code",
    "Cartn_x",       "Cartn_y",      "Cartn_z",       "pdbx_PDB_model_num"};

typedef struct token {
  const char *text;
  size_t length;
  bool quoted;
} token;

typedef struct reader {
  const aatgs_input *in;
  prism_error *error;
  const char *at, *stop;
  size_t line;
  bool line_start;
  size_t columns;
  int column_of[ITEMS]; /* -1: not in this file */
  protein_builder builder;
  char model[12]; /* the first one; "" before it */
} reader;

#define REFUSE(r, ...) prism_refuse((r)->error, __VA_ARGS__)
#define PLACE(r)       (r)->in->path, (r)->line

static void skip_line(reader *r)
{
  const char *newline = memchr(r->at, '\n', (size_t)(r->stop - r->at));
  r->at = newline ? newline : r->stop;
}

static void skip_blanks(reader *r)
{
  while (r->at < r->stop) {
    if (*r->at == '\n') {
      r->line++;
      r->line_start = true;
      r->at++;
    } else if (isspace((unsigned char)*r->at)) {
      r->line_start = false;
      r->at++;
    } else if (*r->at == '#') {
      skip_line(r);
    } else {
      return;
    }
  }
}

/* A text field: from a semicolon at the start of a line to the next such line. */
static void text_field(reader *r, token *t)
{
  t->text = ++r->at;
  while (r->at < r->stop) {
    skip_line(r);
    if (r->at == r->stop)
      break;
    r->line++;
    if (++r->at < r->stop && *r->at == ';')
      break;
  }
  t->length = (size_t)(r->at - t->text);
  r->at += r->at < r->stop;
}

/* The next word, or false at the end of the file. */
static bool next_token(reader *r, token *t)
{
  skip_blanks(r);
  if (r->at == r->stop)
    return false;
  t->quoted = true;
  if (*r->at == ';' && r->line_start) {
    text_field(r, t);
  } else if (*r->at == '\'' || *r->at == '"') {
    char quote = *r->at++;
    t->text = r->at; /* a quote ends a string where a blank follows it */
    while (r->at < r->stop && *r->at != '\n' &&
           !(*r->at == quote && (r->at + 1 == r->stop || isspace((unsigned char)r->at[1]))))
      r->at++;
    t->length = (size_t)(r->at - t->text);
    r->at += r->at < r->stop && *r->at == quote;
  } else {
    t->quoted = false;
    t->text = r->at;
    while (r->at < r->stop && !isspace((unsigned char)*r->at))
      r->at++;
    t->length = (size_t)(r->at - t->text);
  }
  r->line_start = false;
  return true;
}

static bool is_word(const token *t, const char *word)
{
  return !t->quoted && t->length == strlen(word) && !memcmp(t->text, word, t->length);
}

/* `.` and `?` stand for nothing. */
static void copy_token(const token *t, char *out, size_t size)
{
  size_t n = t->length < size - 1 ? t->length : size - 1;
  if (is_word(t, ".") || is_word(t, "?"))
    n = 0;
  memcpy(out, t->text, n);
  out[n] = '\0';
}

static void note_column(reader *r, const token *t)
{
  const size_t prefix = strlen("_atom_site.");
  for (int i = 0; i < ITEMS; i++)
    if (t->length - prefix == strlen(item_names[i]) &&
        !memcmp(t->text + prefix, item_names[i], t->length - prefix))
      r->column_of[i] = (int)r->columns;
  r->columns++;
}

/* Goes to the first value of the loop over _atom_site. */
static bool find_loop(reader *r, token *t)
{
  bool loop = false, more = next_token(r, t);
  for (int i = 0; i < ITEMS; i++)
    r->column_of[i] = -1;
  while (more && !(loop && t->length > 11 && !t->quoted && !memcmp(t->text, "_atom_site.", 11))) {
    loop = is_word(t, "loop_");
    more = next_token(r, t);
  }
  while (more && !t->quoted && t->length > 11 && !memcmp(t->text, "_atom_site.", 11)) {
    note_column(r, t);
    more = next_token(r, t);
  }
  if (!more)
    return REFUSE(r, "%s:%zu: no atoms: there is no loop over _atom_site with values", PLACE(r));
  if (r->columns > COLUMNS_MAX)
    return REFUSE(r, "%s:%zu: _atom_site has %zu columns; %d are possible", PLACE(r), r->columns,
                  COLUMNS_MAX);
  static const enum item needed[] = {RESIDUE, CHAIN, NUMBER, X, Y, Z};
  for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
    if (r->column_of[needed[i]] < 0)
      return REFUSE(r, "%s:%zu: the loop over _atom_site has no _atom_site.%s", PLACE(r),
                    item_names[needed[i]]);
  return true;
}

static void copy_item(const reader *r, const token *row, enum item item, char *out, size_t size)
{
  out[0] = '\0';
  if (r->column_of[item] >= 0)
    copy_token(&row[r->column_of[item]], out, size);
}

static bool add_row(reader *r, const token *row)
{
  protein_atom a = {0};
  char text[24], model[12], *end;
  copy_item(r, row, MODEL, model, sizeof model);
  if (!r->model[0])
    memcpy(r->model, model, sizeof model);
  if (strcmp(model, r->model) != 0)
    return true;
  for (int d = 0; d < 3; d++) {
    const token *t = &row[r->column_of[X + d]];
    if (!prism_read_thousandths(t->text, t->length, &a.at[d]))
      return REFUSE(r, "%s:%zu: %s is no coordinate", PLACE(r), item_names[X + d]);
  }
  copy_item(r, row, NUMBER, text, sizeof text);
  a.number = (int32_t)strtol(text, &end, 10);
  if (end == text || *end)
    return REFUSE(r, "%s:%zu: auth_seq_id is no residue number", PLACE(r));
  copy_item(r, row, SYMBOL, a.element, sizeof a.element);
  for (char *c = a.element; *c; c++)
    *c = (char)toupper((unsigned char)*c);
  copy_item(r, row, NAME, a.name, sizeof a.name);
  copy_item(r, row, RESIDUE, a.residue, sizeof a.residue);
  copy_item(r, row, CHAIN, a.chain, sizeof a.chain);
  copy_item(r, row, LOCATION, text, sizeof text);
  a.location = text[0] ? text[0] : ' ';
  copy_item(r, row, INSERTION, text, sizeof text);
  a.insertion = text[0] ? text[0] : ' ';
  copy_item(r, row, GROUP, text, sizeof text);
  a.hetero = !strcmp(text, "HETATM");
  return prism_protein_add(&r->builder, &a) ||
         REFUSE(r, "%s:%zu: out of memory for the atoms", PLACE(r));
}

/* Does the word end the loop's values? */
static bool ends_loop(const token *t)
{
  return !t->quoted && t->length &&
         (t->text[0] == '_' || is_word(t, "loop_") ||
          (t->length >= 5 && !memcmp(t->text, "data_", 5)));
}

static bool read_rows(reader *r, token *t)
{
  token row[COLUMNS_MAX];
  bool more = true;
  while (more && !ends_loop(t)) {
    for (size_t i = 0; i < r->columns; i++) {
      if (!more || ends_loop(t))
        return REFUSE(r, "%s:%zu: the last atom has %zu of %zu values: the file is cut off",
                      PLACE(r), i, r->columns);
      row[i] = *t;
      more = next_token(r, t);
    }
    if (!add_row(r, row))
      return false;
  }
  return true;
}

bool prism_cif_parse(const aatgs_input *in, prism_protein *out, prism_error *e)
{
  reader r = {.in = in,
              .error = e,
              .at = (const char *)in->bytes,
              .stop = (const char *)in->bytes + in->size,
              .line = 1,
              .line_start = true,
              .builder = {.out = out}};
  token t;
  if (!find_loop(&r, &t) || !read_rows(&r, &t)) {
    prism_protein_free(out);
    return false;
  }
  if (out->count == 0)
    return REFUSE(&r, "%s: no atom of a polymer in it; give a protein", in->path);
  return true;
}
