/* What the patterns share: a check that ends the program, and opening prism on a graph file. */
#ifndef AATGS_TESTS_PATTERN_H
#define AATGS_TESTS_PATTERN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <aatgs/aatgs.h>
#include <aatgs/prism.h>

#define SECOND_NS UINT64_C(1000000000)

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                      \
      exit(1);                                                                                     \
    }                                                                                              \
  } while (0)

/* Options for prism on the graph file that the program is given. */
static inline aatgs_options pattern_options(int argc, char **argv, aatgs_input_file *input)
{
  aatgs_options options = AATGS_OPTIONS_INIT;
  if (argc != 2) {
    fprintf(stderr, "usage: %s GRAPH.col\n", argv[0]);
    exit(2);
  }
  *input = (aatgs_input_file){"graph", argv[1]};
  options.inputs = input;
  options.input_count = 1;
  options.device = "cpu";
  options.seed = 7;
  return options;
}

static inline aatgs_runtime *pattern_open(const aatgs_options *options)
{
  aatgs_runtime *runtime;
  aatgs_error error;
  if (aatgs_open(options, &runtime, &error)) {
    fprintf(stderr, "%s\n", error.text);
    exit(1);
  }
  return runtime;
}

/* Adds a task of `type` to the graph that waits for `count` others; returns its id. */
static inline uint32_t pattern_add(aatgs_graph *graph, const char *type, const uint32_t *after,
                                   size_t count)
{
  aatgs_task_options task = AATGS_TASK_OPTIONS_INIT;
  uint32_t id = 0;
  task.type = type;
  if (aatgs_graph_add_task(graph, &task, after, count, &id)) {
    fprintf(stderr, "%s\n", aatgs_graph_error(graph)->text);
    exit(1);
  }
  return id;
}

#endif
