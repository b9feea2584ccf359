/* What the parsers share: refusing an input. */
#include "host/prism/parse.h"

#include <stdarg.h>
#include <stdio.h>

bool prism_refuse(prism_error *e, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  vsnprintf(e->text, sizeof e->text, format, args);
  va_end(args);
  return false;
}

bool prism_check_text(const aatgs_input *in, const char *what, prism_error *e)
{
  size_t line = 1;
  if (in->size == 0)
    return prism_refuse(e, "%s: the file is empty; give %s", in->path, what);
  for (size_t i = 0; i < in->size; i++) {
    uint8_t c = in->bytes[i];
    if (c < 32 && c != '\t' && c != '\n' && c != '\r')
      return prism_refuse(e, "%s:%zu: byte 0x%02x does not belong in a text; give %s", in->path,
                          line, c, what);
    line += c == '\n';
  }
  return true;
}
