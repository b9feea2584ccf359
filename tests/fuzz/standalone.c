/* Runs a fuzz target over files and folders of files: what stands in for libFuzzer where it is not
 * there. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

static unsigned ran;

static int run_file(const char *path)
{
  FILE *f = fopen(path, "rb");
  long size = -1;
  if (f && fseek(f, 0, SEEK_END) == 0)
    size = ftell(f);
  uint8_t *data = size >= 0 ? malloc((size_t)size + 1) : NULL;
  int rc = 1;
  if (data) {
    rewind(f);
    rc = fread(data, 1, (size_t)size, f) != (size_t)size;
  }
  if (f)
    fclose(f);
  if (!rc)
    LLVMFuzzerTestOneInput(data, (size_t)size);
  else
    fprintf(stderr, "%s: cannot read it\n", path);
  free(data);
  ran++;
  return rc;
}

int main(int argc, char **argv)
{
  int rc = 0;
  for (int i = 1; i < argc; i++) {
    DIR *d = opendir(argv[i]);
    if (!d) {
      rc |= run_file(argv[i]);
      continue;
    }
    for (struct dirent *e; (e = readdir(d));) {
      char path[4096];
      snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
      if (e->d_name[0] != '.')
        rc |= run_file(path);
    }
    closedir(d);
  }
  printf("%u inputs\n", ran);
  return rc || ran == 0;
}
