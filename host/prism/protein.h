/* What the readers of proteins share: an atom as a file gives it, and whether it
 * belongs in the scan. */
#ifndef AATGS_PRISM_PROTEIN_H
#define AATGS_PRISM_PROTEIN_H

#include "host/prism/parse.h"

/* An atom of a file, before anything is left out. */
typedef struct protein_atom {
  int32_t at[3]; /* 1/1000 angstrom */
  int32_t number;
  char element[3]; /* upper case; "" when the file does not say */
  char name[5];
  char residue[4]; /* without blanks around it */
  char chain[5];
  char insertion;
  char location; /* of several, or a blank */
  bool hetero;   /* not of a standard residue */
} protein_atom;

/* Collects a protein. Of a residue with alternate locations the first met is kept. */
typedef struct protein_builder {
  prism_protein *out;
  size_t capacity;
  protein_atom last; /* to tell where a residue ends */
  char kept;
} protein_builder;

/* Adds the atom unless it is a hydrogen, a water, a ligand or another location. False: out of
 * memory. */
bool prism_protein_add(protein_builder *b, const protein_atom *atom);

/* Reads "-12.3456" (cut after three places) as 1/1000; false when it is no decimal number of at
 * most seven digits before the point. */
bool prism_read_thousandths(const char *text, size_t length, int32_t *out);

/* The reader of mmCIF. */
bool prism_cif_parse(const aatgs_input *in, prism_protein *out, prism_error *e);

#endif
