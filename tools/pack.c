/* aatgs pack: a trace as one file that can travel. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tools/care_report.h"
#include "tools/verbs.h"

#define VERB "pack"

int aatgs_pack_file(const char *dir, const char *out, aatgs_trace_report *report,
                    aatgs_error *error)
{
  int fd = open(out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  FILE *to = fd < 0 ? NULL : fdopen(fd, "wb");
  if (!to)
    return aatgs_error_set(error, errno == EEXIST ? AATGS_EEXIST : AATGS_EIO, errno,
                           "%s: cannot create it: %s%s", out, strerror(errno),
                           errno == EEXIST ? "; choose another name or remove it" : "");
  int rc = aatgs_trace_pack(dir, to, out, report, error);
  if (!rc && fsync(fd))
    rc = aatgs_error_set(error, AATGS_EIO, errno, "%s: cannot sync it: %s", out, strerror(errno));
  if (fclose(to) && !rc)
    rc = aatgs_error_set(error, AATGS_EIO, errno, "%s: cannot close it: %s", out, strerror(errno));
  if (rc)
    unlink(out);
  return rc;
}

int aatgs_verb_pack(int argc, char **argv)
{
  aatgs_format format = AATGS_TABLE;
  const char *out = NULL;
  const aatgs_cli_option options[] = {
      {"output", AATGS_CLI_TEXT, &out, "FILE", "file to create, such as run.aatgz; - is stdout",
       NULL, 0, 0, 'o'},
      {"format", AATGS_CLI_FORMAT, &format, "F", "table, json or csv (default: table)", NULL, 0, 0,
       0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR -o FILE.aatgz [options]",
      .summary = "Writes the trace in folder DIR as one flat file with checksums of its own, which "
                 "is the way to send a trace to someone else.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 1,
  };
  size_t operands;
  aatgs_trace_report report;
  aatgs_error error = {0};
  int result = aatgs_cli_parse(&command, argc, argv, &operands);
  if (result != AATGS_CLI_GO_ON)
    return result;
  if (!out)
    return aatgs_care_missing(VERB, "-o FILE");
  bool to_stdout = !strcmp(out, "-");
  if (to_stdout && isatty(STDOUT_FILENO))
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "a pack is no sight for a terminal; use -o FILE");
  int rc = to_stdout ? aatgs_trace_pack(argv[0], stdout, "stdout", &report, &error)
                     : aatgs_pack_file(argv[0], out, &report, &error);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, &error);
  if (to_stdout)
    return aatgs_cli_finish(VERB, AATGS_EXIT_DONE);
  return aatgs_care_print(VERB, "pack", out, NULL, &report, format, AATGS_EXIT_DONE);
}
