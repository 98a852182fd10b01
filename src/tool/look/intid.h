/* SPDX-License-Identifier: BSD-3-Clause */
/* INTIDs as people write them: lpi:42, spi:7, ppi:27, or the number 0x4000002a. */
#ifndef TOOL_LOOK_INTID_H
#define TOOL_LOOK_INTID_H

#include <stdbool.h>
#include <stdint.h>

bool intid_parse(const char *text, uint32_t *intid);

#endif
