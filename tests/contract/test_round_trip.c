/* SPDX-License-Identifier: BSD-3-Clause */
/* Saved, restored into a new device, saved again: the same bytes, and the same behaviour. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "memory_file.h"

struct variant {
    uint32_t abi;
    bool has_ist;
    bool two_level;
};

static const struct variant variants[] = {
    {VGIC5_ABI_V1, true, true},  {VGIC5_ABI_V1, true, false},  {VGIC5_ABI_V1, false, false},
    {VGIC5_ABI_7_4, true, true}, {VGIC5_ABI_7_4, true, false}, {VGIC5_ABI_7_4, false, false},
};

static void open_source(struct vmm *vmm, const struct variant *variant)
{
    struct vgic5_config config = vmm_busy_config(variant->abi);

    vmm_create(vmm, &config);
    vmm_live_until(vmm, LIFE_HAS_RUN);
    if (variant->has_ist)
        vmm_make_busy(vmm, variant->two_level);
}

static struct vgic5_state *save(struct vmm *vmm)
{
    struct vgic5_error error = {0};
    struct vgic5_state *state;
    struct vgic5_port port;

    vgic5_port_model(vmm->device, &port);
    if (vgic5_save(&port, NULL, &state, &error))
        fail_msg("%s", error.message);
    return state;
}

/* A device without vCPUs: the port gives them. */
static void restore(struct vmm *vmm, const struct variant *variant, const struct vgic5_state *state,
                    const struct vmm *source)
{
    struct vgic5_config config = vmm_busy_config(variant->abi);
    struct vgic5_error error = {0};
    struct vgic5_port port;

    vmm_create(vmm, &config);
    memcpy(vmm->ram, source->ram, RAM_SIZE);
    vgic5_port_model(vmm->device, &port);
    if (vgic5_restore(&port, state, NULL, &error))
        fail_msg("%s", error.message);
}

static void check_same_bytes(const struct vgic5_state *a, const struct vgic5_state *b)
{
    struct memory_file one = memory_file_of(a);
    struct memory_file other = memory_file_of(b);

    assert_int_equal(one.size, other.size);
    assert_memory_equal(one.bytes, other.bytes, one.size);
    memory_file_free(&one);
    memory_file_free(&other);
}

static void check_same_portrait(struct vmm *a, struct vmm *b)
{
    struct portrait one = portrait_of(a);
    struct portrait other = portrait_of(b);

    assert_int_equal(portrait_difference(&one, &other), -1);
    portrait_free(&one);
    portrait_free(&other);
}

/* Both go on: what one vCPU acknowledges, drops and deactivates, the other must, to the end. The
 * number of interrupts that were taken. */
static unsigned check_same_future(struct vmm *a, struct vmm *b)
{
    unsigned count = 0;

    for (unsigned n = 0; n < 64; n++) {
        uint32_t vcpu_id = vmm_vcpu_ids[n % 2];
        uint64_t taken = guest_mrs(a, vcpu_id, VGIC5_CDIA);

        assert_int_equal(guest_mrs(b, vcpu_id, VGIC5_CDIA), taken);
        count += taken != 0;
        guest_msr(a, vcpu_id, VGIC5_CDEOI, 0);
        guest_msr(b, vcpu_id, VGIC5_CDEOI, 0);
        guest_msr(a, vcpu_id, VGIC5_CDDI, taken);
        guest_msr(b, vcpu_id, VGIC5_CDDI, taken);
    }
    return count;
}

static void check_variant(const struct variant *variant)
{
    struct vmm source, target;
    struct vgic5_state *first, *second;
    struct portrait before, after;
    unsigned future;

    open_source(&source, variant);
    before = portrait_of(&source);
    first = save(&source);
    after = portrait_of(&source);
    assert_true(portrait_equal(&before, &after)); /* the source is as it was */
    restore(&target, variant, first, &source);
    second = save(&target);
    check_same_bytes(first, second);
    assert_memory_equal(source.ram, target.ram, RAM_SIZE);
    assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(target.device, 3)), 0);
    vgic5_vcpu_leave(vgic5_vcpu(target.device, 3));
    check_same_portrait(&source, &target);
    future = check_same_future(&source, &target);
    assert_true(variant->has_ist ? future > 10 : future == 0);
    check_same_portrait(&source, &target);
    vgic5_state_free(first);
    vgic5_state_free(second);
    portrait_free(&before);
    portrait_free(&after);
    vmm_destroy(&source);
    vmm_destroy(&target);
}

static void test_every_variant(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(variants) / sizeof(variants[0]); n++)
        check_variant(&variants[n]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_variant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
