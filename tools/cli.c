#include "tools/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text.h"

static const char *const format_names[] = {"table", "json", "csv", NULL};

/* ---- Errors --------------------------------------------------------------- */

int aatgs_cli_fail(const char *verb, int exit_code, const char *format, ...)
{
  char text[1024];
  char *clean;
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  clean = aatgs_text_clean(text, 0);
  fflush(stdout);
  fprintf(stderr, "aatgs: %s%s%s\n", verb ? verb : "", verb ? ": " : "", clean ? clean : "");
  free(clean);
  return exit_code;
}

int aatgs_cli_fail_with(const char *verb, int code, const aatgs_error *error)
{
  const char *text = error && error->code && error->text[0] ? error->text : aatgs_strerror(code);
  return aatgs_cli_fail(verb, code == AATGS_EINVAL ? AATGS_EXIT_USAGE : AATGS_EXIT_ERROR, "%s",
                        text);
}

int aatgs_cli_finish(const char *verb, int exit_code)
{
  errno = 0;
  if (fflush(stdout) == 0 && !ferror(stdout))
    return exit_code;
  return aatgs_cli_fail(verb, AATGS_EXIT_ERROR, "cannot write to standard output: %s",
                        errno ? strerror(errno) : "an earlier write failed");
}

__attribute__((format(printf, 2, 3))) static int usage_error(const aatgs_cli_command *command,
                                                             const char *format, ...)
{
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return aatgs_cli_fail(command->verb, AATGS_EXIT_USAGE, "%s (see 'aatgs %s --help')", text,
                        command->verb);
}

const char *aatgs_cli_nearest(const char *text, const char *const *words)
{
  const char *nearest = NULL;
  size_t best = strlen(text) < 4 ? 2 : 3;
  for (; *words; words++) {
    size_t distance = aatgs_text_distance(text, *words);
    if (distance < best) {
      best = distance;
      nearest = *words;
    }
  }
  return nearest;
}

/* ---- Numbers --------------------------------------------------------------- */

/* Reads a number and says where it ends. */
static bool number_prefix(const char *text, uint64_t *out, const char **end)
{
  unsigned base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
  const char *at = text + (base == 16 ? 2 : 0);
  const char *start = at;
  uint64_t value = 0;
  for (;; at++) {
    unsigned digit = 16;
    if (*at >= '0' && *at <= '9')
      digit = (unsigned)(*at - '0');
    else if ((*at | 0x20) >= 'a' && (*at | 0x20) <= 'f')
      digit = (unsigned)((*at | 0x20) - 'a') + 10;
    if (digit >= base)
      break;
    if (value > (UINT64_MAX - digit) / base)
      return false;
    value = value * base + digit;
  }
  *out = value;
  *end = at;
  return at > start;
}

bool aatgs_cli_number(const char *text, uint64_t *out)
{
  uint64_t value;
  const char *end;
  if (!number_prefix(text, &value, &end) || *end)
    return false;
  *out = value;
  return true;
}

bool aatgs_cli_size(const char *text, uint64_t *out)
{
  static const char units[] = "kmgt";
  uint64_t value;
  const char *end, *unit;
  unsigned shift = 0;
  if (!number_prefix(text, &value, &end))
    return false;
  end += *end == ' ';
  if (*end && (unit = strchr(units, *end | 0x20)) != NULL) {
    shift = 10 * (unsigned)(unit - units + 1);
    end++;
    if (*end == 'i')
      end++;
  }
  end += *end == 'B';
  if (*end || end[-1] == ' ' || value > UINT64_MAX >> shift)
    return false;
  *out = value << shift;
  return true;
}

bool aatgs_cli_seconds(const char *text, uint64_t *ns)
{
  double value;
  if (!*text || strspn(text, "0123456789.") != strlen(text) || strlen(text) > 32 ||
      strchr(text, '.') != strrchr(text, '.') || !strcmp(text, "."))
    return false;
  value = strtod(text, NULL);
  if (!(value > 0.0) || value > 1e9)
    return false;
  *ns = value * 1e9 < 1.0 ? 1 : (uint64_t)(value * 1e9);
  return true;
}

bool aatgs_cli_range_from(const char *text, aatgs_cli_range *out)
{
  aatgs_cli_range range;
  const char *end;
  if (!number_prefix(text, &range.first, &end) || range.first == 0)
    return false;
  range.last = range.first;
  if (*end == '-') {
    if (!strcmp(end + 1, "end"))
      range.last = 0;
    else if (!aatgs_cli_number(end + 1, &range.last) || range.last < range.first)
      return false;
  } else if (*end) {
    return false;
  }
  *out = range;
  return true;
}

/* ---- Options ---------------------------------------------------------------- */

static int choice_error(const aatgs_cli_command *command, const aatgs_cli_option *option,
                        const char *value, const char *const *choices)
{
  char list[256] = "";
  size_t used = 0;
  for (size_t i = 0; choices[i] && used < sizeof list; i++) {
    const char *between = i == 0 ? "" : choices[i + 1] ? ", " : " or ";
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", between, choices[i]);
  }
  return usage_error(command, "--%s is %s, not '%s'", option->name, list, value);
}

static int set_choice(const aatgs_cli_command *command, const aatgs_cli_option *option,
                      const char *value, const char *const *choices, int *index)
{
  for (int i = 0; choices[i]; i++) {
    if (!strcmp(choices[i], value)) {
      *index = i;
      return AATGS_CLI_GO_ON;
    }
  }
  return choice_error(command, option, value, choices);
}

static int set_number(const aatgs_cli_command *command, const aatgs_cli_option *option,
                      const char *value)
{
  uint64_t number;
  uint64_t limit = option->kind == AATGS_CLI_U32 ? UINT32_MAX : UINT64_MAX;
  uint64_t maximum = option->maximum && option->maximum < limit ? option->maximum : limit;
  if (!aatgs_cli_number(value, &number) || number < option->minimum || number > maximum)
    return usage_error(command, "--%s is a whole number from %" PRIu64 " to %" PRIu64 ", not '%s'",
                       option->name, option->minimum, maximum, value);
  if (option->kind == AATGS_CLI_U32)
    *(uint32_t *)option->target = (uint32_t)number;
  else
    *(uint64_t *)option->target = number;
  return AATGS_CLI_GO_ON;
}

static bool is_device(const char *text)
{
  uint64_t ordinal;
  return !strcmp(text, "auto") || !strcmp(text, "cpu") || !strcmp(text, "cuda") ||
         (!strncmp(text, "cuda:", 5) && aatgs_cli_number(text + 5, &ordinal));
}

static int set_option(const aatgs_cli_command *command, const aatgs_cli_option *option,
                      const char *value)
{
  int index = 0;
  int result;
  switch (option->kind) {
  case AATGS_CLI_HEADING: break;
  case AATGS_CLI_FLAG: *(bool *)option->target = true; break;
  case AATGS_CLI_TEXT: *(const char **)option->target = value; break;
  case AATGS_CLI_LIST: {
    aatgs_cli_list *list = option->target;
    list->at[list->count++] = value;
    break;
  }
  case AATGS_CLI_U32:
  case AATGS_CLI_U64: return set_number(command, option, value);
  case AATGS_CLI_SECONDS:
    if (!aatgs_cli_seconds(value, option->target))
      return usage_error(command, "--%s is a number of seconds above 0, such as 0.5, not '%s'",
                         option->name, value);
    break;
  case AATGS_CLI_CHOICE: return set_choice(command, option, value, option->choices, option->target);
  case AATGS_CLI_DEVICE:
    if (!is_device(value))
      return usage_error(command, "--%s is auto, cpu, cuda or cuda:N, not '%s'", option->name,
                         value);
    *(const char **)option->target = value;
    break;
  case AATGS_CLI_FORMAT:
    result = set_choice(command, option, value, format_names, &index);
    if (result == AATGS_CLI_GO_ON)
      *(aatgs_format *)option->target = (aatgs_format)index;
    return result;
  case AATGS_CLI_RANGE:
    if (!aatgs_cli_range_from(value, option->target))
      return usage_error(command,
                         "--%s is a range of iterations from 1 up, such as 1000-5000 or "
                         "1000-end, not '%s'",
                         option->name, value);
    break;
  }
  return AATGS_CLI_GO_ON;
}

static const aatgs_cli_option *find_option(const aatgs_cli_command *command, const char *name,
                                           size_t length, char letter)
{
  for (size_t i = 0; i < command->option_count; i++) {
    const aatgs_cli_option *option = &command->options[i];
    if (option->kind == AATGS_CLI_HEADING)
      continue;
    if (letter ? option->letter == letter
               : strlen(option->name) == length && !strncmp(option->name, name, length))
      return option;
  }
  return NULL;
}

static int unknown_option(const aatgs_cli_command *command, const char *word)
{
  const char *nearest = NULL;
  size_t best = 4;
  size_t length = strcspn(word, "=");
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)(length < 63 ? length : 63), word);
  for (size_t i = 0; i < command->option_count && name[0] == '-' && name[1] == '-'; i++) {
    const aatgs_cli_option *option = &command->options[i];
    if (option->kind == AATGS_CLI_HEADING)
      continue;
    if (aatgs_text_distance(name + 2, option->name) < best) {
      best = aatgs_text_distance(name + 2, option->name);
      nearest = option->name;
    }
  }
  if (nearest && best < strlen(nearest))
    return usage_error(command, "there is no option %s; did you mean --%s?", name, nearest);
  return usage_error(command, "there is no option %s", name);
}

/* Handles the option argv[*at] and moves *at past what it used. */
static int take_option(const aatgs_cli_command *command, int argc, char **argv, int *at)
{
  const char *word = argv[(*at)++];
  bool is_long = word[1] == '-';
  const char *name = word + 2;
  size_t length = is_long ? strcspn(name, "=") : 0;
  const aatgs_cli_option *option = find_option(command, name, length, is_long ? '\0' : word[1]);
  const char *value = NULL;
  if (!option)
    return unknown_option(command, word);
  if (is_long && name[length] == '=')
    value = name + length + 1;
  else if (!is_long && word[2])
    value = word + 2;
  if (!option->argument) {
    if (value)
      return usage_error(command, "--%s takes no value", option->name);
  } else if (!value) {
    if (*at >= argc)
      return usage_error(command, "--%s needs a value: --%s %s", option->name, option->name,
                         option->argument);
    value = argv[(*at)++];
  }
  return set_option(command, option, value);
}

/* ---- Help --------------------------------------------------------------------- */

/* Prints `text` wrapped at 80 columns, from `column` on, later lines indented by `indent`. */
static void print_wrapped(const char *text, size_t indent, size_t column)
{
  bool first = true;
  while (*text) {
    size_t word = strcspn(text, " \n");
    if (!first && column + 1 + word > 80) {
      printf("\n%*s", (int)indent, "");
      column = indent;
    } else if (!first) {
      putchar(' ');
      column++;
    }
    printf("%.*s", (int)word, text);
    column += word;
    first = false;
    text += word;
    if (*text == '\n') {
      printf("\n%*s", (int)indent, "");
      column = indent;
      first = true;
    }
    text += *text != '\0';
  }
  putchar('\n');
}

/* "  -n, --iterations N", the dashes of all options in one column. */
static size_t option_head(const aatgs_cli_option *option, char *out, size_t size)
{
  char letter[8] = "    ";
  if (option->letter)
    snprintf(letter, sizeof letter, "-%c, ", option->letter);
  snprintf(out, size, "  %s--%s%s%s", letter, option->name, option->argument ? " " : "",
           option->argument ? option->argument : "");
  return strlen(out);
}

static void print_option(const aatgs_cli_option *option, size_t indent)
{
  char head[96];
  size_t width = option_head(option, head, sizeof head);
  if (width + 2 > indent)
    printf("%s\n%*s", head, (int)indent, "");
  else
    printf("%s%*s", head, (int)(indent - width), "");
  print_wrapped(option->help, indent, indent);
}

static void print_help(const aatgs_cli_command *command)
{
  static const aatgs_cli_option help = {
      .name = "help", .letter = 'h', .help = "print this and end"};
  size_t indent = 14;
  size_t usage = strlen("Usage: aatgs ") + strlen(command->verb) + 1;
  char head[96];
  for (size_t i = 0; i < command->option_count; i++) {
    const aatgs_cli_option *option = &command->options[i];
    size_t width =
        option->kind == AATGS_CLI_HEADING ? 0 : option_head(option, head, sizeof head) + 2;
    if (width > indent && width <= 30)
      indent = width;
  }
  printf("Usage: aatgs %s ", command->verb);
  print_wrapped(command->synopsis, usage, usage);
  putchar('\n');
  print_wrapped(command->summary, 0, 0);
  if (!command->option_count || command->options[0].kind != AATGS_CLI_HEADING)
    printf("\nOptions\n");
  for (size_t i = 0; i < command->option_count; i++) {
    const aatgs_cli_option *option = &command->options[i];
    if (option->kind == AATGS_CLI_HEADING)
      printf("\n%s\n", option->help);
    else
      print_option(option, indent);
  }
  print_option(&help, indent);
  if (command->epilogue) {
    putchar('\n');
    print_wrapped(command->epilogue, 0, 0);
  }
}

/* ---- Parsing -------------------------------------------------------------------- */

const char *aatgs_cli_peek(const char *name, int argc, char **argv)
{
  const char *value = NULL;
  size_t length = strlen(name);
  for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
    if (strncmp(argv[i], "--", 2) || strncmp(argv[i] + 2, name, length))
      continue;
    if (argv[i][2 + length] == '=')
      value = argv[i] + 3 + length;
    else if (!argv[i][2 + length] && i + 1 < argc)
      value = argv[++i];
  }
  return value;
}

int aatgs_cli_parse(const aatgs_cli_command *command, int argc, char **argv, size_t *operands)
{
  bool only_operands = false;
  size_t count = 0;
  for (int at = 1; at < argc;) {
    char *word = argv[at];
    if (only_operands || word[0] != '-' || !word[1]) {
      argv[count++] = word;
      at++;
    } else if (!strcmp(word, "--")) {
      only_operands = true;
      at++;
    } else if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
      print_help(command);
      return aatgs_cli_finish(command->verb, AATGS_EXIT_DONE);
    } else {
      int result = take_option(command, argc, argv, &at);
      if (result != AATGS_CLI_GO_ON)
        return result;
    }
  }
  if (count > command->operands_max)
    return usage_error(command, "'%s' is one argument too many", argv[command->operands_max]);
  if (count < command->operands_min)
    return usage_error(command, "something is missing: aatgs %s %s", command->verb,
                       command->synopsis);
  *operands = count;
  return AATGS_CLI_GO_ON;
}
