/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvmd/kept.h"

#include <errno.h>

#include "kvmd/internal.h"

#define NR_DEBUG 64u /* CRm is the number of a breakpoint or watchpoint, Op2 4 to 7 what of it */
#define DEBUG VGIC5_ENCODING(2, 0, 0, 0, 4)
#define IS_DEBUG(encoding) (((encoding) & ~VGIC5_ENCODING(0, 0, 0, 15, 3)) == DEBUG)

static const struct other {
    uint16_t encoding;
    uint64_t reset, fixed; /* bits that have to stay so */
} others[] = {
    {VGIC5_ENCODING(2, 0, 0, 2, 0), 0, 0},            /* MDCCINT_EL1 */
    {VGIC5_ENCODING(2, 0, 1, 1, 4), 8, ~UINT64_C(2)}, /* OSLSR_EL1: but for OSLK */
    {VGIC5_ENCODING(2, 4, 0, 7, 0), 0, 0},            /* DBGVCR32_EL2 */
    {VGIC5_ENCODING(3, 0, 12, 1, 1), 0, 0},           /* DISR_EL1 */
    {VGIC5_ENCODING(3, 4, 3, 0, 0), 0, 0},            /* DACR32_EL2 */
    {VGIC5_ENCODING(3, 4, 5, 0, 1), 0, 0},            /* IFSR32_EL2 */
    {VGIC5_ENCODING(3, 4, 5, 3, 0), 0x700, 0},        /* FPEXC32_EL2 */
};
#define NR_OTHERS (sizeof(others) / sizeof(others[0]))
_Static_assert(NR_DEBUG + NR_OTHERS == KVMD_NR_KEPT, "a place for each");

int kept_place(uint32_t encoding)
{
    if (IS_DEBUG(encoding))
        return (int)((encoding >> 3 & 15) << 2 | (encoding & 3));
    for (size_t n = 0; n < NR_OTHERS; n++) {
        if (others[n].encoding == encoding)
            return (int)(NR_DEBUG + n);
    }
    return -1;
}

uint16_t kept_encoding(unsigned place)
{
    if (place < NR_DEBUG)
        return (uint16_t)(DEBUG | (place & ~3u) << 1 | (place & 3));
    return others[place - NR_DEBUG].encoding;
}

void kept_reset(uint64_t *kept)
{
    for (unsigned place = 0; place < KVMD_NR_KEPT; place++)
        kept[place] = place < NR_DEBUG ? 0 : others[place - NR_DEBUG].reset;
}

int kept_set(uint64_t *kept, unsigned place, uint64_t value)
{
    if (place >= NR_DEBUG && (value ^ kept[place]) & others[place - NR_DEBUG].fixed)
        return -EINVAL;
    kept[place] = value;
    return 0;
}
