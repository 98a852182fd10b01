/* SPDX-License-Identifier: BSD-3-Clause */
/* One call, one answer; and a set that was refused has changed nothing. */
#include "conform/errno_check.h"

#include "conform/trial.h"

const struct errno_check errno_checks[] = {
#define ERRNO(row, name, profiles, life, call, group, attr, payload, value, error)                 \
    {#row,  name, profiles, LIFE_##life, ERRNO_##call, VGIC5_GRP_##group, attr, PAYLOAD_##payload, \
     value, error},
#include "conform/errno_checks.def"
#undef ERRNO
};
const size_t nr_errno_checks = sizeof(errno_checks) / sizeof(errno_checks[0]);

static size_t length(void)
{
    return nr_errno_checks;
}

static void describe(size_t n, struct vgic5_conform_check *check)
{
    describe_as(check, errno_checks[n].name, errno_checks[n].row, errno_checks[n].profiles);
}

static int make_call(struct trial *trial, const struct errno_check *check)
{
    uint64_t buffer[512] = {check->value}; /* 4 KiB: as large as any v1 answer of this VM */
    void *payload = buffer;

    if (check->payload == PAYLOAD_IPA)
        buffer[0] += UINT64_C(1) << trial->ops->ipa_bits;
    if (check->payload == PAYLOAD_NONE)
        payload = NULL;
    if (check->payload == PAYLOAD_BAD)
        payload = (void *)(uintptr_t)BAD_ADDR;
    switch (check->call) {
    case ERRNO_HAS:
        return try_has(trial, check->group, check->attr);
    case ERRNO_GET:
        return try_get(trial, check->group, check->attr, payload);
    default:
        return try_set(trial, check->group, check->attr, payload);
    }
}

static void run(struct trial *trial, size_t n)
{
    const struct errno_check *check = &errno_checks[n];
    bool comparable =
        check->expected != 0 && (check->life == LIFE_READY || check->life == LIFE_HAS_RUN);
    uint64_t before = 0;

    trial_live_until(trial, check->life);
    if (comparable)
        before = trial_digest(trial);
    if (trial->over)
        return;
    expect_errno(trial, make_call(trial, check), check->expected, "the call");
    if (comparable && !trial->over && trial_digest(trial) != before)
        trial_fail(trial, "the call was refused, but the device has changed");
}

const struct family family_errno = {length, describe, run};
