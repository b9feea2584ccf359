/* What prism keeps on the device: its regions and the words of their headers.
 *
 * Primary regions are small: colourings, clocks, decisions. The big tables that
 * make a move cheap are derived, and rebuilt from them (rebuild.h). */
#ifndef AATGS_PRISM_STATE_H
#define AATGS_PRISM_STATE_H

#include "../port.h"
#include "../workload.h"
#include "prism.h"

enum prism_region {
  PRISM_INFO = 0,       /* u32[PRISM_INFO_WORDS], prism_info */
  PRISM_ROWS,           /* u32[n + 1]: start of each vertex's neighbours */
  PRISM_ADJ,            /* u16[2 m]: neighbours, ascending */
  PRISM_MATRIX,         /* u64[n][PRISM_WORDS(n)]: the same as bits */
  PRISM_NEAR,           /* i16[n][PRISM_ROUND(n)]: the same, -1 for neighbours; 0 bytes on large
                           graphs */
  PRISM_EXP,            /* u32: e^(-i / 256) x 2^32, see fixed.h */
  PRISM_ATOMS,          /* i32[atoms][4]: x, y, z, radius in 1/1000 angstrom */
  PRISM_CELLS,          /* u32[cells + 1], then u32[atoms]: atoms by cell */
  PRISM_CONTROL,        /* u32[PRISM_CONTROL_WORDS], prism_control */
  PRISM_TABLES,         /* u32: what ConfigUpload derives from the config */
  PRISM_BEST,           /* u16[n]: best legal colouring */
  PRISM_FOCUS,          /* u16[n]: best colouring with the target's number of colours */
  PRISM_WHCR,           /* u32: headers of the individuals, the islands, the chains */
  PRISM_WHCR_COLORS,    /* u16[individuals][PRISM_WHCR_SLOTS][n], then u16[chains][n] */
  PRISM_WHCR_RING,      /* u64[individuals][PRISM_RING]: the last tenures given, see whcr_tabu.h */
  PRISM_WHCR_GAMMA,     /* i16[searches][stride][PRISM_ROUND(n)] */
  PRISM_WHCR_OWN,       /* u16[searches][PRISM_ROUND(n)]: conflicts of each vertex */
  PRISM_WHCR_LOW,       /* i16[searches][2][PRISM_ROUND(n)]: bounds of the entries of each vertex */
  PRISM_WHCR_MEMBERS,   /* u64[searches][stride][PRISM_WORDS(n)]: vertices of each colour */
  PRISM_WHCR_DUE,       /* u16[individuals][2][PRISM_RING]: entries of the ring by their end */
  PRISM_WHCR_SCRATCH,   /* u32[searches][PRISM_SCRATCH_WORDS] */
  PRISM_THERMO,         /* u32: headers of the replicas */
  PRISM_THERMO_COLORS,  /* u16[replicas][2][n]: current, best */
  PRISM_THERMO_GAMMA,   /* i16[replicas][n][stride] */
  PRISM_QUANTUM,        /* u32: headers of the slices, then shared words */
  PRISM_QUANTUM_COLORS, /* u16[slices][2][n] */
  PRISM_QUANTUM_GAMMA,  /* i16[slices][n][stride] */
  PRISM_QUANTUM_OVERLAP, /* u16[slices][2][stride][stride]: vertices that a class of the slice
                            before, after it shares with a class here: [there][here] */
  PRISM_QUANTUM_SIZES,   /* u16[slices][stride], then a queue u16[slices][n] */
  PRISM_CUSTOM,          /* u32: header of iterated greedy */
  PRISM_CUSTOM_COLORS,   /* u16[n] */
  PRISM_CUSTOM_SCRATCH,  /* u32[PRISM_SCRATCH_WORDS] */
  PRISM_SCRATCH,         /* u32[PRISM_SCRATCH_WORDS], or u64[stride][PRISM_WORDS(n)] */
  PRISM_LBS,             /* u32: cursor and pockets */
  PRISM_LBS_ROWS,        /* u32[rows]: checksum of each scanned row */
  PRISM_LBS_GRID,        /* u8[points]: occupancy, then burial */
  PRISM_LBS_LABELS,      /* u32[points]: scratch of the clustering */
  PRISM_REGIONS
};

/* ---- Constant: what the inputs say ---------------------------------------- */

enum prism_info {
  PRISM_N = 0,       /* vertices; 0: no graph */
  PRISM_EDGES,       /* without duplicates */
  PRISM_KMAX,        /* colours of the starting colouring */
  PRISM_STRIDE,      /* columns of a conflict table: kmax, rounded up */
  PRISM_LOWER,       /* no colouring needs fewer colours */
  PRISM_INDIVIDUALS, /* of WhcrKernel; even */
  PRISM_CHAINS,      /* of a cooling individual, at most */
  PRISM_ATOM_COUNT,  /* 0: no protein */
  PRISM_GRID_X,      /* points of the scan grid */
  PRISM_GRID_Y,
  PRISM_GRID_Z,
  PRISM_ORIGIN_X, /* of the grid, i32, 1/1000 angstrom */
  PRISM_ORIGIN_Y,
  PRISM_ORIGIN_Z,
  PRISM_SPACING, /* of the grid, 1/1000 angstrom */
  PRISM_CELLS_X, /* of the cell lists */
  PRISM_CELLS_Y,
  PRISM_CELLS_Z,
  PRISM_CELL_SIZE, /* 1/1000 angstrom */
  PRISM_INFO_WORDS = 32
};

#define PRISM_SCRATCH_WORDS(n, stride) (6u * (stride) + 2u * (n) + 8u)
#define PRISM_WORDS(n)                 (((n) + 63u) / 64u)  /* a bit a vertex */
#define PRISM_ROUND(n)                 (((n) + 15u) & ~15u) /* read 16 at a time */
#define PRISM_INDIVIDUALS_MAX          128u
#define PRISM_REPLICAS_MAX             8u
#define PRISM_SLICES_MAX               16u
/* What searches with tables of its own: individuals, then the chains of the cooling ones, which are
 * two of every eight. */
#define PRISM_CHAINS_MAX           8u
#define PRISM_COOLING(individuals) (((individuals) + 2u) / 8u * 2u)
/* Numbers of the solvers: individuals, replicas, slices, the custom task; then: nobody. */
#define PRISM_SOLVER_THERMO  PRISM_INDIVIDUALS_MAX
#define PRISM_SOLVER_QUANTUM (PRISM_SOLVER_THERMO + PRISM_REPLICAS_MAX)
#define PRISM_SOLVER_CUSTOM  (PRISM_SOLVER_QUANTUM + PRISM_SLICES_MAX)
#define PRISM_SOLVERS        (PRISM_SOLVER_CUSTOM + 1u)
#define PRISM_VERTICES_MAX   16383u /* conflict counts stay below PRISM_CLASHES */

/* ---- Primary: decisions --------------------------------------------------- */

/* Words of PRISM_CONTROL. Written by ConfigUpload, PhaseTransition and TelemetryDownload, which
 * a sound graph orders; read by the solvers between them. */
enum prism_control {
  PRISM_TARGET = 0,      /* colours the solvers aim at; 0: nothing left to do */
  PRISM_BEST_COLORS,     /* of PRISM_BEST */
  PRISM_FOCUS_COLORS,    /* target that PRISM_FOCUS belongs to */
  PRISM_FOCUS_CONFLICTS, /* UINT32_MAX: none yet */
  PRISM_FOCUS_SOLVER,    /* who found it, prism_solver number */
  PRISM_FIXED,           /* target_colors of the config */
  PRISM_KICKS,           /* perturbations ordered so far, by solver */
  PRISM_REHEATS,
  PRISM_QUENCHES,
  PRISM_STAGNATION,  /* weighted iterations without progress, x 256 */
  PRISM_PHASE,       /* 0: disordered, 1: condensed (the thresholds say) */
  PRISM_PHASE_NEXT,  /* phase seen lately */
  PRISM_PHASE_COUNT, /* iterations it was seen in a row */
  PRISM_TRANSITIONS,
  PRISM_PHASE_ID,                   /* of the config */
  PRISM_BETTI,                      /* three words */
  PRISM_ACTIVITY = PRISM_BETTI + 3, /* reservoir's reading, x 256 */
  PRISM_FREE_ENERGY,                /* x 256 */
  PRISM_BELIEF,                     /* expected conflicts, x 65536, i32 */
  PRISM_ACTION,                     /* last perturbation + 1; 0: none */
  PRISM_ACTION_CONFLICTS,           /* focus conflicts when it was chosen */
  PRISM_ACTION_COLORS,              /* best colours when it was chosen */
  PRISM_VALUES,                     /* four words: worth of each action, x 65536, i32 */
  PRISM_BRANCH = PRISM_VALUES + 4,  /* eight words: reservoir branches, x 65536, i32 */
  PRISM_TAKEN = PRISM_BRANCH + 8,   /* takings-over that changed something */
  PRISM_CONFIG,                     /* 64 words: the config in force, iteration left out */
  PRISM_CONTROL_WORDS = PRISM_CONFIG + 64
};

enum prism_action {
  PRISM_ACTION_KICK = 0,
  PRISM_ACTION_REHEAT = 1,
  PRISM_ACTION_QUENCH = 2,
  PRISM_ACTION_REORDER = 3,
  PRISM_ACTIONS = 4
};

/* Words at the start of every solver's header, so that results are taken over in one way. */
enum prism_head {
  PRISM_H_K = 0,     /* colours it works with */
  PRISM_H_CONFLICTS, /* of its current colouring */
  PRISM_H_BEST,      /* conflicts of its best colouring with k colours; UINT32_MAX: none */
  PRISM_H_MOVES,     /* moves in this iteration */
  PRISM_H_ITERATION, /* low 32 bits of the iteration that counted them */
  PRISM_H_EPOCH,     /* perturbations obeyed */
  PRISM_H_OWN        /* first word of its own */
};

enum prism_whcr_head {
  PRISM_W_CLOCK = PRISM_H_OWN, /* of the tabu search: moves so far */
  PRISM_W_STAGE,               /* steps of the cycle that it has done */
  PRISM_W_TURN,                /* entries of its ring so far */
  PRISM_W_ATTEMPT,             /* partial: attempts that failed so far */
  PRISM_W_LEAST,               /* partial: fewest vertices left over in this attempt */
  PRISM_W_SINCE,               /* partial: moves since then; of a chain: in this cycle */
  PRISM_W_WEIGHT,              /* partial, cooling: of all vertices together */
  PRISM_WHCR_WORDS
};
/* An island is a pair of individuals that cross. */
enum prism_island_word {
  PRISM_I_STAGE = 0,  /* steps of the cycle that are due */
  PRISM_I_MOVES,      /* moves done in this step */
  PRISM_I_K,          /* colours the island works with */
  PRISM_I_GENERATION, /* crossovers so far */
  PRISM_I_ELITE,      /* conflicts of the elites: this era's and the last one's */
  PRISM_ISLAND_WORDS = 8
};
/* Slots of PRISM_WHCR_COLORS. */
enum prism_whcr_slot {
  PRISM_SLOT_CURRENT = 0,
  PRISM_SLOT_BEST,                       /* of this generation */
  PRISM_SLOT_PARENT,                     /* what the next generation is made of */
  PRISM_SLOT_WEIGHT = PRISM_SLOT_PARENT, /* partial, cooling: of each vertex */
  PRISM_SLOT_ELITE, /* of the island: individual 0 keeps this era's, 1 the last one's */
  PRISM_WHCR_SLOTS
};
#define PRISM_RING 1024u /* tenures remembered; each is shorter */

enum prism_thermo_head {
  PRISM_T_RUNG = PRISM_H_OWN, /* of the temperature ladder */
  PRISM_THERMO_WORDS = 8
};
enum prism_thermo_word { PRISM_THERMO_CLOCK = PRISM_THERMO_WORDS * PRISM_REPLICAS_MAX };

enum prism_quantum_head {
  PRISM_Q_TUNNELS = PRISM_H_OWN, /* tunnelling events in this iteration */
  PRISM_Q_RING,                  /* slices on the ring when its overlaps were counted */
  PRISM_QUANTUM_WORDS = 8
};
enum prism_quantum_word {
  PRISM_Q_CLOCK = PRISM_QUANTUM_WORDS * PRISM_SLICES_MAX, /* steps: even or odd slices move */
  PRISM_Q_FIELD,                                          /* transverse field in force, x 2^20 */
  PRISM_Q_EPOCH,                                          /* quenches obeyed */
  PRISM_Q_COUPLING, /* between slices, over the temperature, x 256 */
  PRISM_Q_TARGET,   /* colours that the cycles were counted at */
  PRISM_Q_CYCLES,   /* of the field at this target, ended */
  PRISM_Q_SHARED
};

/* ---- Derived: PRISM_TABLES ------------------------------------------------- */

/* Fixed-point forms of config fields, and acceptance thresholds. */
enum prism_table {
  PRISM_T_SWEEPS = 0,
  PRISM_T_STRESS,      /* x 65536 */
  PRISM_T_PERSISTENCE, /* moves */
  PRISM_T_BELIEF,      /* x 256 */
  PRISM_T_HOTSPOT,     /* x 256 */
  PRISM_T_PRE,         /* moves of a smoothing step */
  PRISM_T_POST,
  PRISM_T_LEVELS,
  PRISM_T_RATIO,    /* x 256 */
  PRISM_T_RESTRICT, /* x 256 */
  PRISM_T_PROLONG,  /* probability x 2^32 */
  PRISM_T_REPLICAS,
  PRISM_T_SWAP_EVERY,
  PRISM_T_SWAP, /* probability x 2^32 */
  PRISM_T_SLICES,
  PRISM_T_TUNNEL, /* probability x 2^32 */
  PRISM_T_TUNNEL_BOOST,
  PRISM_T_CHEMICAL,    /* over the quantum temperature, x 256, i32 */
  PRISM_T_INVERSE,     /* 1 / quantum temperature, x 256 */
  PRISM_T_SENSITIVITY, /* share of the vertices a kick moves, x 2^32 */
  PRISM_T_LADDER = 32, /* 1 / temperature of each rung, x 65536 */
  PRISM_T_WEIGHT = 40, /* [rung][PRISM_RISES]: e^(-rise / T) x 2^26 */
  PRISM_TABLE_WORDS = PRISM_T_WEIGHT + 8 * 64
};
#define PRISM_RISES 64u /* a colour with that many conflicts more than the best is never taken */

/* ---- Primary: PRISM_LBS ---------------------------------------------------- */

enum prism_lbs_word {
  PRISM_L_STAGE = 0, /* prism_lbs_stage */
  PRISM_L_CURSOR,    /* rows of this stage that are done */
  PRISM_L_COUNT,     /* pockets */
  PRISM_L_POCKET = 8 /* records */
};
enum prism_lbs_stage {
  PRISM_LBS_OCCUPY = 0,
  PRISM_LBS_SCAN = 1,
  PRISM_LBS_CLUSTER = 2,
  PRISM_LBS_DONE = 3
};
enum prism_pocket_word {
  PRISM_P_X = 0, /* centre, i32, 1/1000 angstrom */
  PRISM_P_Y,
  PRISM_P_Z,
  PRISM_P_POINTS, /* grid points */
  PRISM_P_SCORE,  /* sum over its points, see lbs.h */
  PRISM_P_BURIAL, /* mean burial, 1/1000 */
  PRISM_POCKET_WORDS = 8
};
#define PRISM_POCKETS_MAX 16u

/* Codes handed to aatgs_fail(). */
enum prism_failure {
  PRISM_FAIL_TABLES = 1, /* an incremental table differs from a recount */
  PRISM_FAIL_RECOUNT = 2 /* a colouring has another number of conflicts than was claimed */
};

#define PRISM_GET(t, region, word) (aatgs_region_ptr(t, region, const uint32_t)[word])

#endif
