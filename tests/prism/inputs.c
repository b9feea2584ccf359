/* What the parsers take and what they refuse, and what is known of a graph
 * before the search. */
#include "support/cm.h"
#include "support/prism_graphs.h"
#include "support/prism_harness.h"

#include "host/prism/parse.h"

static aatgs_input input_of(const char *path, const char *text, size_t size)
{
  return (aatgs_input){path, (const uint8_t *)text, size};
}

typedef struct bad_text {
  const char *text;
  const char *sentence; /* must be part of the refusal */
} bad_text;

static void refuses_bad_graphs(void **state)
{
  static const bad_text bad[] = {
      {"", "g.col: the file is empty"},
      {"c only a comment\n", "g.col:1: no problem line"},
      {"e 1 2\np edge 2 1\n", "g.col:1: an edge before the problem line"},
      {"p edge 3\n", "g.col:1: the problem line reads"},
      {"p edge x 3\n", "g.col:1: the problem line reads"},
      {"p edge 3 1 7\ne 1 2\n", "g.col:1: the problem line reads"},
      {"p cnf 3 1\n", "g.col:1: not a graph to colour"},
      {"p edge 0 0\n", "g.col:1: 0 vertices"},
      {"p edge 40000 0\n", "g.col:1: 40000 vertices; 1 to 16383"},
      {"p edge 99999999999999 0\n", "g.col:1: the problem line reads"},
      {"p edge 2 1\np edge 2 1\ne 1 2\n", "g.col:2: a second problem line"},
      {"p edge 2 1\ne 1 3\n", "g.col:2: vertex 3 is out of range"},
      {"p edge 2 1\ne 0 1\n", "g.col:2: vertex 0 is out of range"},
      {"p edge 2 1\ne 1 -2\n", "g.col:2: an edge reads"},
      {"p edge 2 1\ne 1\n", "g.col:2: an edge reads"},
      {"p edge 2 1\ne 1 2 3\n", "g.col:2: an edge reads"},
      {"p edge 2 1\ne 2 2\n", "g.col:2: vertex 2 is its own neighbour"},
      {"p edge 3 2\ne 1 2\n", "g.col:2: the file ends after 1 edge lines"},
      {"p edge 3 1\ne 1 2\ne 2 3\n", "g.col:3: the file ends after 2 edge lines"},
      {"p edge 3 2\ne 1 2\ne 2", "g.col:3: an edge reads"},
      {"hello\n", "g.col:1: expected a line that begins with c, p or e"},
      {"edge 1 2\n", "g.col:1: expected a line"},
      {"p edge 2 1\ne 1 2\n\001\002", "g.col:3: byte 0x01"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    aatgs_input in = input_of("g.col", bad[i].text, strlen(bad[i].text));
    prism_graph g;
    prism_error e = {""};
    if (prism_col_parse(&in, &g, &e))
      fail_msg("case %zu was taken", i);
    if (!strstr(e.text, bad[i].sentence))
      fail_msg("case %zu: '%s' does not say '%s'", i, e.text, bad[i].sentence);
  }
  aatgs_input nul = input_of("g.col", "p edge 2 1\ne 1 2\n\0", 18);
  prism_graph g;
  prism_error e;
  assert_false(prism_col_parse(&nul, &g, &e));
}

static void takes_graphs_as_they_are_found(void **state)
{
  /* Comments, blank lines, CRLF, both directions, an edge twice, node lines, either count. */
  static const char *const good[] = {
      "c hi\np edge 4 3\ne 1 2\ne 3 2\ne 4 1\n",
      "p col 4 3\r\ne 2 1\r\n\r\ne 3 2\r\ne 1 4\r\n",
      "p edge 4 6\ne 1 2\ne 2 1\ne 3 2\ne 2 3\ne 4 1\ne 1 4\n",
      "p edge 4 3\ne 1 2\ne 2 1\ne 3 2\ne 2 3\ne 4 1\ne 1 4\n",
      "p edges 4 3\nn 1 5\ne 1 2\ne 2 3\ne 1 4",
  };
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    static const uint32_t rows[] = {0, 2, 4, 5, 6};
    static const uint16_t adj[] = {1, 3, 0, 2, 1, 0};
    aatgs_input in = input_of("g.col", good[i], strlen(good[i]));
    prism_graph g;
    prism_error e = {""};
    if (!prism_col_parse(&in, &g, &e))
      fail_msg("case %zu: %s", i, e.text);
    assert_int_equal(g.n, 4);
    assert_int_equal(g.edges, 3);
    assert_memory_equal(g.rows, rows, sizeof rows);
    assert_memory_equal(g.adj, adj, sizeof adj);
    prism_graph_free(&g);
  }
}

/* Vertices, edges and the colours that any colouring needs, by formula. */
typedef struct known_graph {
  const char *file;
  uint32_t n, edges;
} known_graph;

static uint32_t queen_edges(uint32_t n)
{
  return n * (n - 1) * (5 * n - 1) / 3;
}

static void reads_the_shared_graphs(void **state)
{
  known_graph known[8] = {{"dimacs/queen8_8.col", 64, queen_edges(8)},
                          {"dimacs/queen5_5.col", 25, queen_edges(5)},
                          {"dimacs/queen11_11.col", 121, queen_edges(11)}};
  size_t count = 3;
  uint32_t n = 2, edges = 1;
  (void)state;
  for (uint32_t k = 2; k <= 7; k++) { /* Mycielski: n -> 2 n + 1, m -> 3 m + n */
    static char names[8][32];
    edges = 3 * edges + n;
    n = 2 * n + 1;
    if (k < 3)
      continue;
    snprintf(names[k], sizeof names[k], "dimacs/myciel%u.col", k);
    known[count++] = (known_graph){names[k], n, edges};
  }
  for (size_t i = 0; i < count; i++) {
    size_t size = 0;
    char *text = harness_file(known[i].file, &size);
    if (!text)
      skip();
    aatgs_input in = input_of(known[i].file, text, size);
    prism_graph g;
    prism_error e = {""};
    if (!prism_col_parse(&in, &g, &e))
      fail_msg("%s", e.text);
    assert_int_equal(g.n, known[i].n);
    assert_int_equal(g.edges, known[i].edges);
    prism_graph_free(&g);
    free(text);
  }
}

static void first_colorings_are_legal(void **state)
{
  (void)state;
  for (uint32_t percent = 0; percent <= 100; percent += 10) {
    size_t size;
    char *text = graph_text(60, graph_random, percent, &size);
    aatgs_input in = input_of("g.col", text, size);
    prism_graph g;
    prism_error e;
    uint16_t color[60];
    uint32_t colors, clique;
    assert_true(prism_col_parse(&in, &g, &e));
    colors = prism_dsatur(&g, color);
    clique = prism_clique(&g);
    assert_int_equal(prism_count_conflicts(&g, color), 0);
    assert_in_range(clique, 1, colors);
    for (uint32_t v = 0; v < 60; v++)
      assert_true(color[v] < colors);
    if (percent == 0)
      assert_int_equal(colors, 1);
    if (percent == 100) {
      assert_int_equal(colors, 60);
      assert_int_equal(clique, 60);
    }
    prism_graph_free(&g);
    free(text);
  }
}

static const char atom[] =
    "ATOM      1  CA  ALA A  10      11.104   6.134  -6.504  1.00  0.00           C\n";

static void refuses_bad_proteins(void **state)
{
  char text[256];
  static const bad_text bad[] = {
      {"", "p.pdb: the file is empty"},
      {"HEADER    NOTHING\nEND\n", "p.pdb: no ATOM record in 2 lines"},
      {"ATOM      1  CA  ALA A  10      11.104   6.1\n", "p.pdb:1: an atom's line ends after 44"},
      {"ATOM      1  CA  ALA A  10      11.104   6.1x4  -6.504\n", "p.pdb:1: columns 39 to 46"},
      {"ATOM      1  CA  ALA A  10               6.134  -6.504\n", "p.pdb:1: columns 31 to 38"},
      {"ATOM      1  CA  ALA A  xx      11.104   6.134  -6.504\n", "p.pdb:1: columns 23 to 26"},
      {"HETATM    1  C1  LIG A  10      11.104   6.134  -6.504\n", "no ATOM record"},
      {"ATOM\003", "p.pdb:1: byte 0x03"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    aatgs_input in = input_of("p.pdb", bad[i].text, strlen(bad[i].text));
    prism_protein p;
    prism_error e = {""};
    assert_false(prism_protein_parse(&in, &p, &e));
    if (!strstr(e.text, bad[i].sentence))
      fail_msg("case %zu: '%s' does not say '%s'", i, e.text, bad[i].sentence);
  }
  /* Two atoms too far apart for a grid. */
  snprintf(text, sizeof text, "%s%s", atom, atom);
  memcpy(text + strlen(atom) + 30, "9999.000", 8);
  aatgs_input in = input_of("p.pdb", text, strlen(text));
  prism_protein p;
  prism_frame f;
  prism_error e;
  assert_true(prism_protein_parse(&in, &p, &e));
  assert_false(prism_frame_of(&in, &p, &f, &e));
  prism_protein_free(&p);
}

static void reads_atoms_by_the_columns(void **state)
{
  static const char text[] =
      "MODEL        1\n"
      "ATOM      1  CA AALA A  10      11.104   6.134  -6.504  0.50  0.00           C\n"
      "ATOM      2  CA BALA A  10      12.104   6.134  -6.504  0.50  0.00           C\n"
      "ATOM      3  SG  CYS A  10A     -0.050  -1.000 100.000  1.00  0.00           S\n"
      "ATOM      4  H   CYS A  10A      0.000   0.000   0.000  1.00  0.00           H\n"
      "HETATM    5 SE   MSE A  11       1.000   2.000   3.000  1.00  0.00          SE\n"
      "HETATM    6  C1  LIG A  12       1.000   2.000   3.000  1.00  0.00           C\n"
      "HETATM    7  O   HOH A  13       1.000   2.000   3.000  1.00  0.00           O\n"
      "ATOM      8 1HB  ALA A  14       1.000   2.000   3.000\n"
      "ATOM      9  N   ALA B  14       1       2.5     3.0    \n"
      "ENDMDL\nMODEL        2\n"
      "ATOM      1  CA  ALA A  10      11.104   6.134  -6.504  1.00  0.00           C\n"
      "ENDMDL\nEND\n";
  static const struct {
    int32_t at[3], radius, number;
    char insertion, chain;
  } expected[] = {{{11104, 6134, -6504}, 1700, 10, ' ', 'A'},
                  {{-50, -1000, 100000}, 1800, 10, 'A', 'A'},
                  {{1000, 2000, 3000}, 1900, 11, ' ', 'A'},
                  {{1000, 2500, 3000}, 1550, 14, ' ', 'B'}};
  aatgs_input in = input_of("p.pdb", text, sizeof text - 1);
  prism_protein p;
  prism_error e = {""};
  (void)state;
  if (!prism_protein_parse(&in, &p, &e))
    fail_msg("%s", e.text);
  assert_int_equal(p.count, 4);
  for (size_t i = 0; i < 4; i++) {
    assert_memory_equal(p.atoms[i].at, expected[i].at, sizeof expected[i].at);
    assert_int_equal(p.atoms[i].radius, expected[i].radius);
    assert_int_equal(p.atoms[i].number, expected[i].number);
    assert_int_equal(p.atoms[i].insertion, expected[i].insertion);
    assert_int_equal(p.atoms[i].chain[0], expected[i].chain);
  }
  prism_protein_free(&p);
}

static const char cif[] =
    "# a comment\ndata_TEST\n_cell.length_a 10.0\nloop_\n_other.a\n_other.b\n1 'x y'\n;text\n"
    "field\n;\n2\nloop_\n_atom_site.group_PDB\n_atom_site.id\n_atom_site.type_symbol\n"
    "_atom_site.label_atom_id\n_atom_site.label_alt_id\n_atom_site.label_comp_id\n"
    "_atom_site.auth_asym_id\n_atom_site.auth_seq_id\n_atom_site.pdbx_PDB_ins_code\n"
    "_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n"
    "_atom_site.pdbx_PDB_model_num\n"
    "ATOM 1 C CA A ALA A 10 ? 11.104 6.134 -6.5045 1\n"
    "ATOM 2 C CA B ALA A 10 ? 12.104 6.134 -6.504 1\n"
    "ATOM 3 O \"O5'\" . G AA 11 B -0.05 -1 100.0 1\n"
    "ATOM 4 H H . G AA 11 B 0 0 0 1\n"
    "HETATM 5 SE SE . MSE A 12 ? 1 2 3 1\n"
    "HETATM 6 C C1 . LIG A 13 ? 1 2 3 1\n"
    "HETATM 7 O O . HOH A 14 ? 1 2 3 1\n"
    "ATOM 8 C CA . ALA A 10 ? 11.104 6.134 -6.504 2\n"
    "#\nloop_\n_more.x\n1\n";

static void reads_mmcif(void **state)
{
  aatgs_input in = input_of("p.cif", cif, sizeof cif - 1);
  prism_protein p;
  prism_error e = {""};
  (void)state;
  if (!prism_protein_parse(&in, &p, &e))
    fail_msg("%s", e.text);
  assert_int_equal(p.count, 3);
  assert_int_equal(p.atoms[0].at[0], 11104);
  assert_int_equal(p.atoms[0].at[2], -6504);
  assert_string_equal(p.atoms[1].chain, "AA");
  assert_int_equal(p.atoms[1].insertion, 'B');
  assert_int_equal(p.atoms[1].at[0], -50);
  assert_int_equal(p.atoms[1].at[1], -1000);
  assert_int_equal(p.atoms[1].radius, 1520);
  assert_int_equal(p.atoms[2].radius, 1900);
  prism_protein_free(&p);
}

static void refuses_bad_mmcif(void **state)
{
  static const bad_text bad[] = {
      {"data_X\n", "p.pdb:2: no atoms"},
      {"data_X\nloop_\n_atom_site.Cartn_x\n1.0\n", "has no _atom_site.label_comp_id"},
      {"data_X\nloop_\n_atom_site.label_comp_id\n_atom_site.auth_asym_id\n_atom_site.auth_seq_id\n"
       "_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\nALA A 1 1 2\n",
       "the last atom has 5 of 6 values"},
      {"data_X\nloop_\n_atom_site.label_comp_id\n_atom_site.auth_asym_id\n_atom_site.auth_seq_id\n"
       "_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\nALA A 1 1 x 2\n",
       "Cartn_y is no coordinate"},
      {"data_X\nloop_\n_atom_site.label_comp_id\n_atom_site.auth_asym_id\n_atom_site.auth_seq_id\n"
       "_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\nALA A . 1 1 2\n",
       "auth_seq_id is no residue number"},
      {"data_X\nloop_\n_atom_site.label_comp_id\n_atom_site.auth_asym_id\n_atom_site.auth_seq_id\n"
       "_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\nHOH A 1 1 1 2\n",
       "no atom of a polymer"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    aatgs_input in = input_of("p.pdb", bad[i].text, strlen(bad[i].text));
    prism_protein p;
    prism_error e = {""};
    if (prism_protein_parse(&in, &p, &e))
      fail_msg("case %zu was taken", i);
    if (!strstr(e.text, bad[i].sentence))
      fail_msg("case %zu: '%s' does not say '%s'", i, e.text, bad[i].sentence);
  }
}

/* Whatever the bytes, a parser ends with a graph or a sentence (for the sanitizers). */
static void any_text_is_survived(void **state)
{
  static const char *const seeds[] = {atom, cif, "p edge 4 3\ne 1 2\ne 2 3\ne 1 4\n"};
  uint64_t r = 1;
  (void)state;
  for (int i = 0; i < 30000; i++) {
    char text[1200];
    size_t size = strlen(seeds[i % 3]);
    memcpy(text, seeds[i % 3], size);
    for (int change = 0; change < 3; change++) {
      r = aatgs_mix64(r + (uint64_t)i);
      text[r % size] = "\n \t'\";.?_#0e-\r~"[(r >> 32) % 15];
    }
    size = r % 5 ? size : (r >> 40) % size;
    aatgs_input in = input_of("x", text, size);
    prism_error e;
    prism_graph g;
    prism_protein p;
    if (prism_col_parse(&in, &g, &e))
      prism_graph_free(&g);
    if (prism_protein_parse(&in, &p, &e))
      prism_protein_free(&p);
  }
}

static void set_up_reports_a_bad_input(void **state)
{
  harness h;
  (void)state;
  assert_int_equal(harness_open(&h, "p edge 2 1\ne 1 9\n", 17, NULL, 0), -8);
  assert_non_null(strstr(h.error, "g.col:2: vertex 9"));
  harness_close(&h);
  assert_int_equal(harness_open(&h, NULL, 0, "HEADER\n", 7), -8);
  assert_non_null(strstr(h.error, "p.pdb: no ATOM"));
  harness_close(&h);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(refuses_bad_graphs),
                                     cmocka_unit_test(takes_graphs_as_they_are_found),
                                     cmocka_unit_test(reads_the_shared_graphs),
                                     cmocka_unit_test(first_colorings_are_legal),
                                     cmocka_unit_test(refuses_bad_proteins),
                                     cmocka_unit_test(reads_atoms_by_the_columns),
                                     cmocka_unit_test(reads_mmcif),
                                     cmocka_unit_test(refuses_bad_mmcif),
                                     cmocka_unit_test(any_text_is_survived),
                                     cmocka_unit_test(set_up_reports_a_bad_input)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
