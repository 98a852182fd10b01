/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interrupts of a snapshot, as software could see them: every interrupt's state, every CPU
 * interface, and what stands between a pending interrupt and its delivery.
 */
#ifndef TOOL_LOOK_PICTURE_H
#define TOOL_LOOK_PICTURE_H

#include "tool/look/load.h"

struct picture_interrupt {
    uint32_t intid; /* VGIC5_INTID */
    uint32_t vcpu;  /* index of the vCPU that it targets; picture.nr_vcpus: none has that IAFFID */
    uint16_t iaffid;
    uint8_t priority;
    bool pending, active, enabled, level, wire; /* level: HM of PPIs and LPIs, TM of SPIs */
};

struct picture_vcpu {
    uint32_t id;
    uint32_t pending, active; /* PPIs of its own, SPIs and LPIs that target it */
    bool enabled;             /* ICC_CR0.EN */
    uint8_t pcr;              /* ICC_PCR.PRIORITY */
    uint32_t apr;
    int running_priority; /* -1: none */
    enum vgic5_line line;
    uint32_t hppi;        /* the interrupt that is signalled; 0: none */
    bool on, wfi, masked; /* PSTATE.I */
};

struct picture {
    struct vgic5 *device; /* restored; reads its LPI IST from the snapshot, which stays open */
    bool irsen, ist_valid;
    uint64_t ist_baser, ist_cfgr;
    uint32_t nr_lpis, nr_unreachable; /* of the LPIs that IST_CFGR has room for */
    uint8_t *reachable;               /* a bit for each of them */
    uint32_t pending[4], active[4];   /* by enum vgic5_type */
    struct picture_vcpu *vcpus;
    uint32_t nr_vcpus;
    /* All that are not in their reset state, by vCPU (PPIs first), then by INTID. */
    struct picture_interrupt *interrupts;
    size_t nr_interrupts, room;
};

/*
 * Restores the interrupt controller, without its machine, into a device of its own, and asks that.
 * Of memory only the LPI IST is read. Whatever a restore would refuse is refused here.
 */
int picture_take(struct loaded *loaded, struct picture *picture, struct vgic5_error *error);
void picture_free(struct picture *picture);

/* The interrupt of this INTID (a PPI: of this vCPU), or NULL: it is in its reset state. */
const struct picture_interrupt *picture_find(const struct picture *picture, uint32_t vcpu,
                                             uint32_t intid);

/* Why an interrupt is, or is not, delivered next: a word for programs, and a sentence. */
struct picture_reason {
    const char *word;
    char sentence[160];
};
struct picture_reason picture_why(const struct picture *picture,
                                  const struct picture_interrupt *interrupt);
/* The same for the next interrupt of a vCPU. `*next` is it, NULL when none is pending. */
struct picture_reason picture_why_next(const struct picture *picture, uint32_t vcpu,
                                       const struct picture_interrupt **next);

#endif
