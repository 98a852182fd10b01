/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The errno table of the contract (kvm-abi §2), row by row, with its precedence: a row that has two
 * things wrong expects the one that is looked at first. After every refusal the device must be
 * what it was.
 */
#include <errno.h>
#include <string.h>

#include "conform/errno_check.h"
#include "vmm.h"

#define V1 VGIC5_PROFILE(VGIC5_ABI_V1)
#define V7_4 VGIC5_PROFILE(VGIC5_ABI_7_4)
#define EVERY (V1 | V7_4)
#define IPA_END (UINT64_C(1) << 48)

/* The rows of the conformance suite: here the device is looked at from inside as well. */
static const struct errno_check rows[] = {
#define ERRNO(row, name, profiles, life, call, group, attr, payload, value, error)                 \
    {#row,  name, profiles, LIFE_##life, ERRNO_##call, VGIC5_GRP_##group, attr, PAYLOAD_##payload, \
     value, error},
#include "conform/errno_checks.def"
#undef ERRNO
};

static int make_call(struct vmm *vmm, const struct errno_check *row)
{
    static uint64_t buffer[512]; /* 4 KiB: as large as any v1 answer of this VM */
    struct vgic5_attr attr = {.group = row->group, .attr = row->attr};

    memset(buffer, 0, sizeof(buffer));
    buffer[0] = row->value + (row->payload == PAYLOAD_IPA ? IPA_END : 0);
    if (row->payload == PAYLOAD_BAD)
        attr.addr = BAD_ADDR;
    if (row->payload == PAYLOAD_U64 || row->payload == PAYLOAD_IPA)
        attr.addr = (uintptr_t)buffer;
    switch (row->call) {
    case ERRNO_HAS:
        return vgic5_has_attr(vmm->device, &attr);
    case ERRNO_GET:
        return vgic5_get_attr(vmm->device, &attr);
    default:
        return vgic5_set_attr(vmm->device, &attr);
    }
}

static void check_row(const struct errno_check *row, uint32_t abi)
{
    struct portrait before, after;
    struct vmm vmm;
    int found;

    vmm_open(&vmm, abi, (enum life)row->life);
    before = portrait_of(&vmm);
    found = make_call(&vmm, row);
    after = portrait_of(&vmm);
    if (found != -row->expected)
        fail_msg("%s (%s): %d, expected %d", row->name, vgic5_abi_name(abi), found, -row->expected);
    if ((row->expected || row->call != ERRNO_SET) && !portrait_equal(&before, &after))
        fail_msg("%s (%s): the device has changed", row->name, vgic5_abi_name(abi));
    portrait_free(&before);
    portrait_free(&after);
    vmm_destroy(&vmm);
}

static void check_rows(uint32_t abi)
{
    for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
        if (rows[n].profiles & VGIC5_PROFILE(abi))
            check_row(&rows[n], abi);
    }
}

static void test_rows_v1(void **state)
{
    (void)state;
    check_rows(VGIC5_ABI_V1);
}

static void test_rows_7_4(void **state)
{
    (void)state;
    check_rows(VGIC5_ABI_7_4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_v1),
        cmocka_unit_test(test_rows_7_4),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
