#include "host/aatgs.h"

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

const char *aatgs_version(void)
{
  return TEXT(AATGS_VERSION_MAJOR) "." TEXT(AATGS_VERSION_MINOR) "." TEXT(AATGS_VERSION_PATCH);
}
