/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/number.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char does_not_fit[] = "does not fit into 64 bits";

/* By how much the suffix shifts; 0: it is none. */
static unsigned shift_of(char suffix)
{
    static const char suffixes[] = "KMGT";
    const char *at = suffix == '\0' ? NULL : strchr(suffixes, toupper((unsigned char)suffix));

    return at ? 10 * (unsigned)(at - suffixes + 1) : 0;
}

const char *number_read(const char *text, enum number_kind kind, const char **end, uint64_t *value)
{
    bool is_hex = text[0] == '0' && (text[1] | 0x20) == 'x' && isxdigit((unsigned char)text[2]);
    unsigned shift;
    char *behind;

    if (*text < '0' || *text > '9')
        return "not a number";
    errno = 0;
    *value = strtoull(text, &behind, is_hex ? 16 : 10);
    *end = behind;
    if (errno != 0)
        return does_not_fit;
    shift = kind == NUMBER_OF_BYTES ? shift_of(*behind) : 0;
    if (*value > UINT64_MAX >> shift)
        return does_not_fit;
    *value <<= shift;
    *end += shift != 0;
    return NULL;
}
