/* Parsers of prism's inputs, and what comes of them. */
#ifndef AATGS_PRISM_PARSE_H
#define AATGS_PRISM_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/workload.h"

/* Why an input was refused: one sentence with file, line and way out. */
typedef struct prism_error {
  char text[400];
} prism_error;

/* Stores a printf-style sentence and returns false. */
bool prism_refuse(prism_error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Refuses inputs that are no text: empty, or with bytes no text has. */
bool prism_check_text(const aatgs_input *in, const char *what, prism_error *e);

/* An undirected graph without loops and duplicate edges; neighbours ascend. */
typedef struct prism_graph {
  uint32_t n;
  uint32_t edges;
  uint32_t *rows; /* n + 1 */
  uint16_t *adj;  /* 2 x edges */
} prism_graph;

/* Reads DIMACS .col: `p edge N M`, then `e U V`, vertices from 1. Duplicates, either way round, are
 * merged; M may count lines or different edges. At most 16,383 vertices. On false
 * nothing needs freeing. */
bool prism_col_parse(const aatgs_input *in, prism_graph *out, prism_error *e);
void prism_graph_free(prism_graph *g);

/* Colours the graph by DSATUR (Brelaz 1979): the vertex with the most colours around it first,
 * then the one with the most uncoloured neighbours, then the lowest. Returns the number of colours,
 * 0 when out of memory. */
uint32_t prism_dsatur(const prism_graph *g, uint16_t *color);
/* Size of a clique found greedily: no colouring has fewer colours. 0 when out of memory. */
uint32_t prism_clique(const prism_graph *g);
/* Edges whose ends have the same colour. */
uint32_t prism_count_conflicts(const prism_graph *g, const uint16_t *color);

/* An atom of a protein's first model. Lengths in 1/1000 angstrom. */
typedef struct prism_atom {
  int32_t at[3];
  int32_t radius; /* van der Waals */
  char residue[4];
  char chain[5];
  int32_t number;
  char insertion;
} prism_atom;

typedef struct prism_protein {
  size_t count;
  prism_atom *atoms;
} prism_protein;

/* Reads the atoms of the polymers of the first model of a PDB or mmCIF file: no hydrogens, no
 * waters, no ligands; of alternate locations the first of each residue. */
bool prism_protein_parse(const aatgs_input *in, prism_protein *out, prism_error *e);
void prism_protein_free(prism_protein *p);

/* The scan grid of a protein, for device/prism/lbs.h. */
typedef struct prism_frame {
  int32_t origin[3];
  uint32_t points[3];
  uint32_t cells[3];
  int32_t spacing;
  int32_t cell_size;
} prism_frame;
bool prism_frame_of(const aatgs_input *in, const prism_protein *p, prism_frame *out,
                    prism_error *e);

#endif
