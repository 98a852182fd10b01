/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/look/inspect.h"

#include "tool/look/intid.h"

const struct vgic5_snapshot *inspection_snapshot(const struct inspection *inspection)
{
    if (inspection->has_picture)
        return inspection->loaded.snapshot;
    return inspection->chain ? chain_top(inspection->chain) : NULL;
}

uint64_t inspection_instructions(const struct vgic5_snapshot *snapshot)
{
    const struct vgic5_section *clock = vgic5_snapshot_find(snapshot, "clock", 0);
    uint64_t instructions = 0;

    if (clock && clock->fields)
        vgic5_fields_get_u64(clock->fields, "clock", "INSTRUCTIONS", &instructions, NULL);
    return instructions;
}

struct memory_summary inspection_memory(const struct vgic5_chain *chain)
{
    const struct vgic5_section *memory = chain_memory(chain);
    struct memory_summary summary = {.base = memory->memory_base,
                                     .size = memory->memory_size,
                                     .frames = vgic5_snapshot_nr_frames(memory),
                                     .nr_bases = vgic5_chain_nr_levels(chain) - 1};

    for (size_t n = 0; n < summary.frames; n++) {
        struct vgic5_frame frame;

        vgic5_snapshot_frame(memory, n, &frame);
        summary.pages += (uint64_t)__builtin_popcount(frame.data);
        summary.zero_pages += (uint64_t)__builtin_popcount(frame.zero);
        summary.bytes += frame.stored;
    }
    return summary;
}

bool inspection_wants_vcpu(const struct inspection *inspection, uint32_t n)
{
    return !cli_given(inspection->options, OPTION_vcpu) ||
           inspection->picture.vcpus[n].id == inspection->options->vcpu;
}

bool inspection_wants_interrupt(const struct inspection *inspection,
                                const struct picture_interrupt *interrupt)
{
    const struct cli_options *options = inspection->options;
    uint32_t intid = 0;

    if (options->intid)
        return intid_parse(options->intid, &intid) && intid == interrupt->intid &&
               (interrupt->vcpu == inspection->picture.nr_vcpus ||
                inspection_wants_vcpu(inspection, interrupt->vcpu));
    if (!interrupt->pending && !interrupt->active)
        return false;
    return interrupt->vcpu == inspection->picture.nr_vcpus
               ? !cli_given(options, OPTION_vcpu)
               : inspection_wants_vcpu(inspection, interrupt->vcpu);
}
