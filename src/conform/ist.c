/* SPDX-License-Identifier: BSD-3-Clause */
#include "conform/ist.h"

static uint32_t entry(uint32_t bits, uint32_t priority, uint32_t iaffid)
{
    return bits |
           (uint32_t)(VGIC5_FIELD(ISTE_PRIORITY, priority) | VGIC5_FIELD(ISTE_IAFFID, iaffid));
}

void ist_fill(uint32_t *words, uint32_t number)
{
    for (uint32_t n = 0; n < number; n++)
        words[n] = entry(n % 16 & 0xb, n % 3 ? 16 : 0, n % 2 ? 17 : 3);
}

void ist_compare(struct trial *trial, const uint32_t *found, const uint32_t *expected,
                 uint32_t number, const char *what)
{
    for (uint32_t n = 0; n < number && !trial->over; n++) {
        if (found[n] != expected[n])
            trial_fail(trial, "%s %u is 0x%08x, expected 0x%08x", what, n, found[n], expected[n]);
    }
}

void ist_put_guest(struct trial *trial, const uint32_t *words)
{
    if (!trial->ops->write_guest)
        trial_skip(trial, "the port has no guest memory");
    if (!trial->over)
        expect_errno(
            trial,
            trial->ops->write_guest(trial->vm, trial->ops->ram_base, words, LPIS * sizeof(*words)),
            0, "guest memory");
}

void ist_get_guest(struct trial *trial, uint32_t *words)
{
    memset(words, 0, LPIS * sizeof(*words));
    if (!trial->over)
        expect_errno(
            trial,
            trial->ops->read_guest(trial->vm, trial->ops->ram_base, words, LPIS * sizeof(*words)),
            0, "guest memory");
}
