/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/look/inspect.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "facts/intid.h"
#include "tool/json.h"
#include "tool/words.h"

#define MOST_INTERRUPTS 64u /* printed for people; --json has them all */

static void print_header(const struct vgic5_snapshot_header *header)
{
    say(stdout, "format %u.%u, written by \"%s\"", header->major, header->minor, header->producer);
    if (header->incompatible | header->compatible | header->autoclear)
        say(stdout,
            ", features: incompatible 0x%" PRIx64 " compatible 0x%" PRIx64 " autoclear 0x%" PRIx64,
            header->incompatible, header->compatible, header->autoclear);
    say(stdout, "\n");
}

static void print_sections(const struct vgic5_snapshot *snapshot)
{
    for (size_t n = 0; n < vgic5_snapshot_nr_sections(snapshot); n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(snapshot, n);
        bool known = load_knows_section(section);

        say(stdout, "section %-8s %3" PRIu64 ": offset 0x%" PRIx64 ", %" PRIu64 " bytes%s%s\n",
            section->type, section->instance, section->offset, section->size,
            section->required ? "" : ", optional", known ? "" : ", not known to this program");
    }
}

static void print_memory(const struct vgic5_chain *chain)
{
    struct memory_summary memory = inspection_memory(chain);

    say(stdout,
        "memory 0x%" PRIx64 "+0x%" PRIx64 ": %" PRIu64 " pages in %" PRIu64 " frames, %" PRIu64
        " bytes stored",
        memory.base, memory.size, memory.pages, memory.frames, memory.bytes);
    if (memory.nr_bases > 0)
        say(stdout, "; %" PRIu64 " pages became zero; builds on %zu other%s", memory.zero_pages,
            memory.nr_bases, memory.nr_bases > 1 ? "s" : "");
    say(stdout, "\n");
}

/* ---- The picture ----------------------------------------------------------------------------- */

static void print_interrupt(const struct picture *picture,
                            const struct picture_interrupt *interrupt)
{
    struct picture_reason reason = picture_why(picture, interrupt);

    say(stdout, "  %s %-6u %s%s%s priority %2u, IAFFID %u: %s\n", intid_type_name(interrupt->intid),
        VGIC5_INTID_ID(interrupt->intid), interrupt->pending ? "P" : "-",
        interrupt->active ? "A" : "-", interrupt->enabled ? "E" : "-", interrupt->priority,
        interrupt->iaffid, reason.sentence);
}

static void print_vcpu(const struct picture *picture, uint32_t n)
{
    const struct picture_vcpu *vcpu = &picture->vcpus[n];
    const struct picture_interrupt *next;
    struct picture_reason reason = picture_why_next(picture, n, &next);

    say(stdout, "vCPU %" PRIu32 ": %" PRIu32 " pending, %" PRIu32 " active, line %s, ", vcpu->id,
        vcpu->pending, vcpu->active,
        vcpu->line == VGIC5_LINE_NONE  ? "none"
        : vcpu->line == VGIC5_LINE_IRQ ? "irq"
                                       : "superpriority");
    if (vcpu->running_priority < 0)
        say(stdout, "no running priority");
    else
        say(stdout, "running priority %d", vcpu->running_priority);
    say(stdout, "; EN %d, PCR %u, APR 0x%08" PRIx32 ", PSTATE.I %d%s%s\n", vcpu->enabled, vcpu->pcr,
        vcpu->apr, vcpu->masked, vcpu->wfi ? ", in WFI" : "", vcpu->on ? "" : ", off");
    if (next)
        say(stdout, "  next is %s %u: ", intid_type_name(next->intid), VGIC5_INTID_ID(next->intid));
    else
        say(stdout, "  ");
    say(stdout, "%s\n", reason.sentence);
}

static void print_machine(const struct inspection *inspection)
{
    const struct machine_config *config = &inspection->loaded.config;
    const struct picture *picture = &inspection->picture;

    say(stdout,
        "machine: %" PRIu32 " vCPUs, %" PRIu64 " MiB RAM, %" PRIu32 " SPIs, abi %s, %s; at "
        "instruction %" PRIu64 "\n",
        config->nr_vcpus, config->ram_size >> 20, config->nr_spis, vgic5_abi_name(config->gic.abi),
        config->deterministic ? "deterministic" : "real time",
        inspection_instructions(inspection->loaded.snapshot));
    say(stdout, "IRS: IRSEN %d, ", picture->irsen);
    if (picture->ist_valid)
        say(stdout,
            "LPI IST at 0x%" PRIx64 " for %" PRIu32 " LPIs, %" PRIu32 " of them without a "
            "reachable ISTE\n",
            picture->ist_baser & ~UINT64_C(63), picture->nr_lpis, picture->nr_unreachable);
    else
        say(stdout, "no LPI IST: no LPI is reachable\n");
    for (uint32_t type = VGIC5_PPI; type <= VGIC5_SPI; type++)
        say(stdout, "%s: %" PRIu32 " pending, %" PRIu32 " active\n",
            intid_type_name(VGIC5_INTID(type, 0)), picture->pending[type], picture->active[type]);
}

static void print_interrupts(const struct inspection *inspection)
{
    const struct picture *picture = &inspection->picture;
    size_t wanted = 0;

    for (size_t n = 0; n < picture->nr_interrupts; n++) {
        if (!inspection_wants_interrupt(inspection, &picture->interrupts[n]))
            continue;
        if (wanted++ < MOST_INTERRUPTS)
            print_interrupt(picture, &picture->interrupts[n]);
    }
    if (wanted > MOST_INTERRUPTS)
        say(stdout, "  … and %zu more: see --json\n", wanted - MOST_INTERRUPTS);
    if (wanted == 0 && inspection->options->intid)
        say(stdout, "  %s is in its reset state, or its ISTE is not reachable\n",
            inspection->options->intid);
}

int inspect_words(const struct inspection *inspection)
{
    const struct vgic5_snapshot *snapshot = inspection_snapshot(inspection);
    bool brief = inspection->options->intid || cli_given(inspection->options, OPTION_vcpu);

    if (!brief || !inspection->has_picture)
        print_header(&inspection->header);
    if (inspection->has_picture) {
        if (!brief)
            print_machine(inspection);
        for (uint32_t n = 0; n < inspection->picture.nr_vcpus; n++)
            if (!inspection->options->intid && inspection_wants_vcpu(inspection, n))
                print_vcpu(&inspection->picture, n);
        print_interrupts(inspection);
    }
    if (snapshot && !brief) {
        print_memory(inspection->has_picture ? inspection->loaded.chain : inspection->chain);
        print_sections(snapshot);
    }
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_ENVIRONMENT;
}
