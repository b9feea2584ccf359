/* JSON that is streamed: strings. */
#ifndef AATGS_TOOLS_JSON_TEXT_H
#define AATGS_TOOLS_JSON_TEXT_H

#include <stdio.h>

/* Writes `text`, clean UTF-8 (aatgs_text_clean), as a JSON string that may also stand inside a
 * <script> of a page: < > & are escaped. */
static inline void aatgs_json_text(FILE *out, const char *text)
{
  putc('"', out);
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c < 0x20 || c == '<' || c == '>' || c == '&')
      fprintf(out, "\\u%04x", c);
    else if (c == '"' || c == '\\')
      fprintf(out, "\\%c", c);
    else
      putc(c, out);
  }
  putc('"', out);
}

#endif
