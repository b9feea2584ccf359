#include "tools/trace_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void look(aatgs_listed *l)
{
  aatgs_trace *t;
  l->code = aatgs_trace_open(l->path, &t, NULL);
  if (l->code)
    return;
  const aatgs_trace_info *info = aatgs_trace_get_info(t);
  snprintf(l->workload, sizeof l->workload, "%s", info->workload);
  snprintf(l->device, sizeof l->device, "%s", info->device);
  l->started_unix_ns = info->started_unix_ns;
  aatgs_trace_get_state(t, &l->state);
  aatgs_trace_close(t);
}

static int add(aatgs_trace_list *list, const char *dir, const char *name)
{
  char path[4096], meta[4200];
  const bool here = strcmp(dir, ".") == 0;
  snprintf(path, sizeof path, "%s%s%s", here ? "" : dir,
           here || dir[strlen(dir) - 1] == '/' ? "" : "/", name);
  snprintf(meta, sizeof meta, "%s/meta", path);
  if (access(meta, F_OK))
    return 0;
  aatgs_listed *at = realloc(list->at, (list->count + 1) * sizeof *at);
  if (!at)
    return AATGS_ENOMEM;
  list->at = at;
  aatgs_listed *l = &at[list->count];
  *l = (aatgs_listed){.path = strdup(path)};
  if (!l->path)
    return AATGS_ENOMEM;
  list->count++;
  look(l);
  return 0;
}

static int by_age(const void *a, const void *b)
{
  const aatgs_listed *x = a, *y = b;
  if (x->started_unix_ns != y->started_unix_ns)
    return x->started_unix_ns < y->started_unix_ns ? -1 : 1;
  return strcmp(x->path, y->path);
}

int aatgs_trace_list_open(const char *dir, aatgs_trace_list *out, aatgs_error *error)
{
  *out = (aatgs_trace_list){NULL, 0};
  DIR *d = *dir ? opendir(dir) : NULL;
  if (!d)
    return aatgs_error_set(error, errno == ENOENT ? AATGS_ENOTFOUND : AATGS_EIO, errno,
                           "%s: cannot list it: %s", dir, strerror(errno));
  int rc = 0;
  for (struct dirent *e; !rc && (e = readdir(d));)
    if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
      rc = add(out, dir, e->d_name);
  closedir(d);
  if (rc) {
    aatgs_trace_list_close(out);
    return aatgs_error_set(error, rc, 0, "%s: out of memory", dir);
  }
  if (out->count)
    qsort(out->at, out->count, sizeof *out->at, by_age);
  return 0;
}

void aatgs_trace_list_close(aatgs_trace_list *list)
{
  for (size_t i = 0; i < list->count; i++)
    free(list->at[i].path);
  free(list->at);
  *list = (aatgs_trace_list){NULL, 0};
}
