/* SPDX-License-Identifier: BSD-3-Clause */
/* Text fields are UTF-8, so that they pass through JSON and back unchanged. */
#include "snapshot/fields.h"

#include "facts/utf8.h"

bool field_text_is_valid(const char *text, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)text;

    while (size) {
        uint32_t code;
        size_t step = utf8_character(bytes, size, &code);

        if (step == 0)
            return false;
        bytes += step;
        size -= step;
    }
    return true;
}
