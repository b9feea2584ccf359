/* What is put into a page as it is; made by tools/embed.cmake from the files beside it. */
#ifndef AATGS_TOOLS_HTML_ASSETS_H
#define AATGS_TOOLS_HTML_ASSETS_H

#include <stddef.h>

typedef struct aatgs_asset {
  const unsigned char *bytes;
  size_t size;        /* 0: was not there when this program was built */
  const char *sha256; /* in hex */
} aatgs_asset;

extern const aatgs_asset aatgs_asset_style;
extern const aatgs_asset aatgs_asset_charts;  /* draws the charts */
extern const aatgs_asset aatgs_asset_d3;      /* with this library */
extern const aatgs_asset aatgs_asset_licence; /* of that library */

#endif
