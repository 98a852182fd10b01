/* SPDX-License-Identifier: BSD-3-Clause */
#include "facts/utf8.h"

struct utf8_form {
    uint8_t mask, lead; /* of the first byte */
    size_t more;
    uint32_t least; /* below it the form would be longer than needed */
};

static const struct utf8_form forms[] = {
    {0x80, 0x00, 0, 1}, /* from 1: NUL is not text */
    {0xe0, 0xc0, 1, 0x80},
    {0xf0, 0xe0, 2, 0x800},
    {0xf8, 0xf0, 3, 0x10000},
};

size_t utf8_character(const uint8_t *text, size_t left, uint32_t *code)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if ((text[0] & forms[i].mask) != forms[i].lead)
            continue;
        if (left <= forms[i].more)
            return 0;
        *code = text[0] & (uint8_t)~forms[i].mask;
        for (size_t k = 1; k <= forms[i].more; k++) {
            if ((text[k] & 0xc0) != 0x80)
                return 0;
            *code = *code << 6 | (text[k] & 0x3f);
        }
        if (*code < forms[i].least || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
            return 0;
        return forms[i].more + 1;
    }
    return 0;
}
