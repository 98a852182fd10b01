/* SPDX-License-Identifier: BSD-3-Clause */
#include "vcpu/psci.h"

#include <stddef.h>

#define PSCI_VERSION_1_1 0x10001
#define SMCCC_VERSION_1_1 0x10001
#define SMC64 0x40000000u /* in a function id: 64-bit arguments */

/* PSCI 5.1.4: target_cpu carries Aff3 in [39:32], Aff2 to Aff0 in [23:0]; the rest must be zero. */
#define MPIDR_AFFINITY UINT64_C(0xff00ffffff)

/* AFFINITY_INFO, PSCI 5.1.5. */
enum affinity_state { AFFINITY_ON = 0, AFFINITY_OFF = 1 };

#define MIGRATE_NOT_NEEDED 2 /* PSCI 5.1.7: no Trusted OS that could stand in the way */

typedef struct psci_result psci_function(const struct psci_call *call,
                                         const struct psci_machine *machine);

struct psci_row {
    uint32_t id;
    bool feature; /* PSCI_FEATURES answers for it */
    psci_function *decide;
};

static const struct psci_row *find_row(uint32_t id);

static struct psci_result answer(int64_t value)
{
    return (struct psci_result){.action = PSCI_ACTION_RETURN, .value = value, .target = -1};
}

static struct psci_result act(enum psci_action action)
{
    return (struct psci_result){.action = action, .target = -1};
}

static int find_vcpu(const struct psci_machine *machine, uint64_t mpidr)
{
    if (mpidr & ~MPIDR_AFFINITY)
        return -1;
    return machine->vcpu_of_mpidr(machine->opaque, mpidr);
}

static struct psci_result version(const struct psci_call *call, const struct psci_machine *machine)
{
    (void)call;
    (void)machine;
    return answer(PSCI_VERSION_1_1);
}

static struct psci_result smccc_version(const struct psci_call *call,
                                        const struct psci_machine *machine)
{
    (void)call;
    (void)machine;
    return answer(SMCCC_VERSION_1_1);
}

static struct psci_result migrate_info_type(const struct psci_call *call,
                                            const struct psci_machine *machine)
{
    (void)call;
    (void)machine;
    return answer(MIGRATE_NOT_NEEDED);
}

static struct psci_result cpu_off(const struct psci_call *call, const struct psci_machine *machine)
{
    (void)call;
    (void)machine;
    return act(PSCI_ACTION_CPU_OFF);
}

static struct psci_result system_off(const struct psci_call *call,
                                     const struct psci_machine *machine)
{
    (void)call;
    (void)machine;
    return act(PSCI_ACTION_SYSTEM_OFF);
}

static struct psci_result system_reset(const struct psci_call *call,
                                       const struct psci_machine *machine)
{
    (void)call;
    (void)machine;
    return act(PSCI_ACTION_SYSTEM_RESET);
}

/* x1 target_cpu, x2 entry_point_address, x3 context_id (PSCI 5.1.4). */
static struct psci_result cpu_on(const struct psci_call *call, const struct psci_machine *machine)
{
    int target = find_vcpu(machine, call->x[1]);
    uint64_t entry = call->x[2];

    if (target < 0)
        return answer(PSCI_INVALID_PARAMETERS);
    if (machine->is_on(machine->opaque, target))
        return answer(PSCI_ALREADY_ON);
    /* A vCPU cannot fetch from a misaligned address or from a device. */
    if (!machine->starts_anywhere && (entry % 4 != 0 || !machine->is_ram(machine->opaque, entry)))
        return answer(PSCI_INVALID_ADDRESS);
    return (struct psci_result){.action = PSCI_ACTION_CPU_ON,
                                .value = PSCI_SUCCESS,
                                .target = target,
                                .entry = entry,
                                .context = call->x[3]};
}

/* x1 target_affinity, x2 lowest_affinity_level, of which PSCI 1.0 needs level 0 only (5.1.5). */
static struct psci_result affinity_info(const struct psci_call *call,
                                        const struct psci_machine *machine)
{
    int target = find_vcpu(machine, call->x[1]);

    if (target < 0 || call->x[2] != 0)
        return answer(PSCI_INVALID_PARAMETERS);
    return answer(machine->is_on(machine->opaque, target) ? AFFINITY_ON : AFFINITY_OFF);
}

static struct psci_result psci_features(const struct psci_call *call,
                                        const struct psci_machine *machine)
{
    const struct psci_row *row = find_row((uint32_t)call->x[1]);

    (void)machine;
    return answer(row && row->feature ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED);
}

/* SMCCC 7.3: which Arm Architecture calls there are; none but the two that report. */
static struct psci_result arch_features(const struct psci_call *call,
                                        const struct psci_machine *machine)
{
    const struct psci_row *row = find_row((uint32_t)call->x[1]);

    (void)machine;
    return answer(row && row->id >> 24 == 0x80 ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED);
}

static const struct psci_row rows[] = {
    {0x80000000, true, smccc_version},
    {0x80000001, false, arch_features},
    {0x84000000, true, version},
    {0x84000002, true, cpu_off},
    {0x84000003, true, cpu_on},
    {0x84000003 | SMC64, true, cpu_on},
    {0x84000004, true, affinity_info},
    {0x84000004 | SMC64, true, affinity_info},
    {0x84000006, true, migrate_info_type},
    {0x84000008, true, system_off},
    {0x84000009, true, system_reset},
    {0x8400000a, true, psci_features},
};

static const struct psci_row *find_row(uint32_t id)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].id == id)
            return &rows[i];
    }
    return NULL;
}

struct psci_result psci_decide(const struct psci_call *call, const struct psci_machine *machine)
{
    /* SMCCC 2.5: the function is named by W0; a 32-bit call passes W1 to W3. */
    const struct psci_row *row = find_row((uint32_t)call->x[0]);
    struct psci_call narrow = *call;

    if (!row)
        return answer(PSCI_NOT_SUPPORTED);
    if (!(row->id & SMC64)) {
        for (size_t i = 0; i < sizeof(narrow.x) / sizeof(narrow.x[0]); i++)
            narrow.x[i] = (uint32_t)narrow.x[i];
    }
    return row->decide(&narrow, machine);
}
